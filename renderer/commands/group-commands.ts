/** Recording several streams together. */
import { useGroups } from "../stores/groups.js";
import type { Command } from "./command.js";

export function groupCommands(): Command[] {
  const groups = useGroups();
  return [
    {
      id: "group.record",
      title: "Record all running streams together…",
      category: "Recording",
      keys: ["Alt+R"],
      blocked: () =>
        groups.candidates().length >= 2 ? null : "there are no two streams that could be recorded",
      run: () => groups.open(),
    },
    {
      id: "group.stop",
      title: () => {
        const [name, ...others] = groups.running.keys();
        if (others.length > 0) return `Stop all ${others.length + 1} groups`;
        return name === undefined ? "Stop recording together" : `Stop all of “${name}”`;
      },
      category: "Recording",
      keys: ["Alt+Shift+R"],
      blocked: () => (groups.running.size > 0 ? null : "no streams are recorded together"),
      run: () => Promise.all([...groups.running.keys()].map((name) => groups.stop(name))),
    },
  ];
}
