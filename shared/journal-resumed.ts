/**
 * What a journal's header says of a part that a later run of the stream recorded: the scans of its journal begin anew, those
 * of the recording go on. `RecordingFacts.resumed`, read from JSON that may be anything.
 */
import type { JournalGap } from "./journal.js";

export interface ResumedJournal {
  /** To be added to its scans. */
  scanOffset: number;
  /** Nobody recorded just before its first sample. */
  hole: boolean;
}

/** Of what the device took meanwhile, if it was there at all, nothing is known. */
export const RESUMED_GAP: Readonly<JournalGap> = {
  grade: "unknown",
  cause: "resumed",
  lost: 0,
  lostMin: 0,
  lostMax: null,
};

export function resumedIn(header: unknown): ResumedJournal {
  const { resumed } = (header ?? {}) as { resumed?: { scanOffset?: unknown; hole?: unknown } };
  const { scanOffset, hole } = resumed ?? {};
  const isOffset = typeof scanOffset === "number" && Number.isSafeInteger(scanOffset);
  return { scanOffset: isOffset ? scanOffset : 0, hole: hole !== undefined && hole !== null };
}

/** The host's JSON of an event: scans that a capture names are those of the recording. */
export function movedEvent(json: unknown, scanOffset: number): unknown {
  if (scanOffset === 0 || typeof json !== "object" || json === null) return json;
  const { kind, scan, fromScan, toScan } = json as Record<string, unknown>;
  if (kind !== "capture") return json;
  const moved = (value: unknown) => (typeof value === "number" ? value + scanOffset : value);
  return { ...json, scan: moved(scan), fromScan: moved(fromScan), toScan: moved(toScan) };
}
