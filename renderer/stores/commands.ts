/** The register of everything the window can do: by mouse, by key and by name. */
import { defineStore } from "pinia";
import { computed, onScopeDispose, shallowReactive, shallowRef } from "vue";
import type { Command } from "../commands/command.js";
import { matchesKey } from "../commands/keys.js";
import { useNotices } from "./notices.js";

export const useCommands = defineStore("commands", () => {
  const byId = shallowReactive(new Map<string, Command>());
  const list = computed(() => [...byId.values()]);

  /** Whether the keyboard brought the focus to where it is; the dispatcher of keys tells. */
  const focusByKeyboard = shallowRef<() => boolean>(() => true);

  /** A later command of the same id takes its place until it is unregistered. */
  function register(commands: Command[]): () => void {
    for (const command of commands) byId.set(command.id, command);
    return () => {
      for (const command of commands) if (byId.get(command.id) === command) byId.delete(command.id);
    };
  }

  /** Runs a command by name; one that cannot act now does nothing. What it rejects with is shown. */
  async function run(id: string): Promise<void> {
    const command = byId.get(id);
    if (!command || command.blocked?.()) return;
    try {
      await command.run();
    } catch (thrown) {
      useNotices().refused(`${title(command)} was refused`, thrown);
    }
  }

  /** The command a key press means, or undefined. Of two with one key the first that can act. */
  function forKey(event: KeyboardEvent): Command | undefined {
    const fitting = list.value.filter((command) =>
      command.keys?.some((key) => matchesKey(event, key)),
    );
    return fitting.find((command) => !command.blocked?.()) ?? fitting[0];
  }

  return { byId, list, focusByKeyboard, register, run, forKey };
});

export function title(command: Command): string {
  return typeof command.title === "function" ? command.title() : command.title;
}

/** Registers commands for as long as the component (or effect scope) lives. */
export function provideCommands(commands: Command[]): void {
  onScopeDispose(useCommands().register(commands));
}
