/** The list of recordings as the explorer shows it: with the part that is being written, and names that end in a number. */
import type { RecordingEntry, RecordingStatus } from "../../shared/recording.js";

/** A part of a recording that goes on. */
export interface WrittenPart {
  name: string;
  note: string;
  startedAtMs: number;
}

export function writtenParts(running: Iterable<RecordingStatus>): WrittenPart[] {
  return [...running].flatMap(({ parts, note, startedAtMs }) =>
    parts ? [{ name: parts.name, note, startedAtMs }] : [],
  );
}

/** The folder is read now and then, and the part that is written may be younger: it comes first, and says what it is. */
export function withWritten(
  list: readonly RecordingEntry[],
  written: readonly WrittenPart[],
): RecordingEntry[] {
  const names = new Set(written.map(({ name }) => name));
  const known = new Set(list.map(({ name }) => name));
  const young = written.filter(({ name }) => !known.has(name));
  return [
    ...young.map(({ name, note, startedAtMs }): RecordingEntry => ({
      ...{ name, note, startedAtMs, device: `rec:${name}`, label: "", bytes: 0, gaps: 0 },
      state: "recording",
    })),
    ...list.map((entry): RecordingEntry =>
      names.has(entry.name) ? { ...entry, state: "recording" } : entry,
    ),
  ];
}

/** Where a name that is too long may be cut: what tells the parts of a recording apart, or two of one second, stays. */
export function cutName(name: string): { head: string; tail: string } {
  const tail = /-(part)?\d+$/.exec(name)?.[0] ?? "";
  return { head: name.slice(0, name.length - tail.length), tail };
}
