/** Captures of a metadata file: where runs of samples begin, and what was lost before them. */
import { fail } from "../errors.js";
import { JOURNAL_CAUSES, JOURNAL_GRADES } from "../journal.js";
import type { JournalGap } from "../journal.js";
import { count, number } from "./fields.js";
import { parseDatetime } from "./time.js";
import type { SigmfObject } from "./types.js";

export interface OpenedCapture {
  /** Index of its first sample in the file. */
  sampleStart: number;
  /** Index in the stream, lost samples counted: `core:global_index`, or what follows from the samples. */
  scan: number;
  /** Loss just before it; null if none. */
  gap: JournalGap | null;
  /** Wall time, CLOCK_REALTIME nanoseconds, or null. */
  realtimeNs: bigint | null;
  frequencyHz: number | null;
}

/** Bytes before the first sample. Throws where headers stand between captures: such a file can't be read as one run. */
export function headerBytes(captures: SigmfObject[]): number {
  if (captures.slice(1).some((capture) => (count(capture["core:header_bytes"]) ?? 0) > 0)) {
    throw fail(
      "BAD_RECORDING",
      "This data file holds headers between its captures, which can't be read here. " +
        "Convert it to a conforming SigMF recording.",
    );
  }
  return count(captures[0]?.["core:header_bytes"]) ?? 0;
}

/** In order; those that do not come after the one before are passed over. Never empty. */
export function readCaptures(captures: SigmfObject[], offset: number): OpenedCapture[] {
  const opened: OpenedCapture[] = [];
  for (const capture of captures) {
    const sampleStart = Math.max(0, (count(capture["core:sample_start"]) ?? 0) - offset);
    const before = opened.at(-1);
    if (before && sampleStart <= before.sampleStart) continue;
    const follows = before ? before.scan + (sampleStart - before.sampleStart) : sampleStart;
    const index = count(capture["core:global_index"]) ?? follows;
    const scan = before ? Math.max(index, follows) : index;
    opened.push({
      sampleStart,
      scan,
      gap: before ? gapOf(capture, scan - follows) : null,
      realtimeNs: parseDatetime(capture["core:datetime"]),
      frequencyHz: number(capture["core:frequency"]),
    });
  }
  if (opened.length === 0)
    opened.push({ sampleStart: 0, scan: 0, gap: null, realtimeNs: null, frequencyHz: null });
  return opened;
}

/** Ours say how sure they are; a jump of core:global_index in others is a count. */
function gapOf(capture: SigmfObject, jump: number): JournalGap | null {
  const grade = JOURNAL_GRADES.find((name) => name === capture["iio:gap_grade"]);
  if (!grade) {
    if (jump <= 0) return null;
    return { grade: "exact", cause: "overrun", lost: jump, lostMin: jump, lostMax: jump };
  }
  return {
    grade,
    cause: JOURNAL_CAUSES.find((name) => name === capture["iio:gap_cause"]) ?? "overrun",
    lost: count(capture["iio:lost"]) ?? 0,
    lostMin: count(capture["iio:lost_min"]) ?? 0,
    lostMax: count(capture["iio:lost_max"]),
  };
}
