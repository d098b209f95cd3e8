/** Find my settings: the search that the dialog shows. One at a time in a window. */
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";
import type { StreamId } from "../../shared/stream.js";
import type { TuneStatus } from "../../shared/tune.js";
import { useChanges } from "./changes.js";
import { useConnection } from "./connection.js";
import type { EventSource } from "./event-gate.js";
import { useWindow } from "./window.js";

export const useTuning = defineStore("tuning", () => {
  const connection = useConnection();
  const windows = useWindow();
  /** What the dialog is about. */
  const stream = ref<StreamId | null>(null);
  const status = shallowRef<TuneStatus | null>(null);
  const running = computed(() => status.value?.state.kind === "running");
  /** Searches that were asked for and are not over. */
  let going = 0;
  const found = computed(() => {
    const state = status.value?.state;
    return state?.kind === "done" ? state.found : null;
  });

  function listen(host: EventSource): void {
    host.on("stream.tune", ({ tune }) => {
      if (tune.stream === stream.value) status.value = tune;
    });
  }

  function open(wanted: StreamId): void {
    if (stream.value !== wanted) status.value = null;
    stream.value = wanted;
    windows.open("tune");
  }

  /** Resolves when the search is over; rejects with why it could not be. */
  async function start(seconds: number, marginPercent: number): Promise<void> {
    const wanted = stream.value;
    if (!wanted) return;
    status.value = null;
    going++;
    try {
      const request = { stream: wanted, seconds, marginPercent };
      const ended = await connection.request("stream.tune", request);
      if (stream.value === wanted) status.value = ended;
    } finally {
      going--;
    }
  }

  async function cancel(): Promise<void> {
    // It may not have told of its first try yet.
    if (stream.value && (running.value || going > 0)) {
      await connection.request("stream.tuneStop", { stream: stream.value });
    }
  }

  /** Configures the stream with what was found. */
  async function apply(): Promise<void> {
    if (stream.value && found.value) {
      await useChanges().configure(stream.value, found.value.patch);
    }
  }

  return { stream, status, running, found, listen, open, start, cancel, apply };
});
