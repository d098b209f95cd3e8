/** What parts are together: figures of all of them. Pure. */
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import type { Continuity, Grade } from "../../../shared/stream.js";
import { joinCaptures } from "./capture-result.js";

const RANK: Record<Grade, number> = { exact: 0, estimated: 1, unknown: 2 };

function worse(a: Grade, b: Grade): Grade {
  return RANK[a] >= RANK[b] ? a : b;
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function addContinuity(sum: Continuity, one: Continuity): Continuity {
  return {
    grade: worse(sum.grade, one.grade),
    gaps: sum.gaps + one.gaps,
    lost: sum.lost + one.lost,
    lostMin: sum.lostMin + one.lostMin,
    lostMax: plus(sum.lostMax, one.lostMax),
  };
}

export type StatusSum = Pick<
  RecordingStatus,
  "seconds" | "scans" | "bytes" | "worstWriteMs" | "continuity"
>;

/** `sum`: null before the first. */
export function addStatus(sum: StatusSum | null, one: StatusSum): StatusSum {
  const { seconds, scans, bytes, worstWriteMs, continuity } = one;
  if (!sum) return { seconds, scans, bytes, worstWriteMs, continuity };
  return {
    seconds: sum.seconds + seconds,
    scans: sum.scans + scans,
    bytes: sum.bytes + bytes,
    worstWriteMs: Math.max(sum.worstWriteMs, worstWriteMs),
    continuity: addContinuity(sum.continuity, continuity),
  };
}

/** `last`: what ended it, and what is true where nothing was recorded; null: the last of `parts`. */
export function joinResults(
  name: string,
  parts: readonly RecordingResult[],
  last: RecordingResult | null,
): RecordingResult {
  const end = last ?? (parts.at(-1) as RecordingResult);
  const first = parts[0];
  if (!first) return { ...end, name, parts: [] };
  let samples = 0;
  const gaps: RecordingResult["gaps"] = [];
  for (const part of parts) {
    const before = samples;
    for (const gap of part.gaps) gaps.push({ ...gap, sampleStart: gap.sampleStart + before });
    samples += part.samples;
  }
  const sum = (pick: (part: RecordingResult) => number): number =>
    parts.reduce((total, part) => total + pick(part), 0);
  const bytes = sum((part) => part.bytes);
  const resumed = parts.flatMap((part) => part.resumed ?? []);
  const captures = joinCaptures(parts.map((part) => part.captures));
  return {
    ...end,
    name,
    samples,
    bytes,
    seconds: sum((part) => part.seconds),
    lostSamples: parts.reduce<number | null>((all, part) => plus(all, part.lostSamples), 0),
    continuity: parts.reduce<Grade>((grade, part) => worse(grade, part.continuity), "exact"),
    lostMin: sum((part) => part.lostMin),
    lostMax: parts.reduce<number | null>((all, part) => plus(all, part.lostMax), 0),
    gaps,
    rateMeasuredHz: parts.at(-1)?.rateMeasuredHz ?? null,
    cpuSeconds: sum((part) => part.cpuSeconds),
    copiesPerByte:
      bytes > 0 ? sum((part) => part.copiesPerByte * part.bytes) / bytes : end.copiesPerByte,
    files: parts.flatMap((part) => part.files),
    parts: parts.map((part) => part.name),
    ...(first.shortfall === undefined ? {} : { shortfall: first.shortfall }),
    ...(captures && { captures }),
    ...(resumed.length > 0 && { resumed }),
  };
}
