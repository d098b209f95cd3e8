/** The user's preferences and the window's own layout (kept by the host as text it does not read). */
import { defineStore } from "pinia";
import { computed, reactive, ref, watch } from "vue";

import type { RequestParams } from "../../shared/messages.js";
import { DEFAULT_SETTINGS, LAYOUT_CHARS, type StudioSettings } from "../../shared/settings.js";
import { layoutText, parseLayout, type WindowLayout } from "../lib/layout.js";
import { useConnection } from "./connection.js";
import type { EventSource } from "./event-gate.js";

const SAVE_AFTER_MS = 600;

export const useSettings = defineStore("settings", () => {
  const connection = useConnection();
  const settings = ref<StudioSettings>(structuredClone(DEFAULT_SETTINGS));
  const layout = reactive<WindowLayout>(parseLayout(""));
  const system = window.matchMedia("(prefers-color-scheme: light)");
  const systemLight = ref(system.matches);
  system.addEventListener("change", () => (systemLight.value = system.matches));

  const theme = computed<"dark" | "light">(() => {
    if (settings.value.theme !== "system") return settings.value.theme;
    return systemLight.value ? "light" : "dark";
  });
  watch(theme, (name) => (document.documentElement.dataset["theme"] = name), { immediate: true });

  function listen(host: EventSource): void {
    host.on("settings", (event) => (settings.value = event.settings));
  }

  function load(known: StudioSettings): void {
    settings.value = known;
    Object.assign(layout, parseLayout(known.layout));
  }

  /** Rejects with the refused field. */
  async function change(patch: RequestParams<"settings.set">): Promise<void> {
    settings.value = await connection.request("settings.set", patch);
  }

  let timer = 0;
  watch(layout, () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const text = layoutText(layout, LAYOUT_CHARS);
      // A layout that could not be kept is worth no interruption: the next change tries again.
      if (text !== settings.value.layout) change({ layout: text }).catch(() => undefined);
    }, SAVE_AFTER_MS);
  });

  return { settings, layout, theme, listen, load, change };
});
