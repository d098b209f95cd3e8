/** Batches of block headers: from the addon's numbers to what sessions get, and merging for those that fall behind. */
import type { NativeGap, NativeHeaders } from "../../../native/addon.js";
import type { Events } from "../../../shared/messages.js";
import type { GapInfo, HeaderBatch } from "../../../shared/stream.js";

/** Headers in one batch; older ones become totals. */
export const HEADER_LIMIT = 256;
/** Gaps and failures kept for a session that takes no events at all; the newest stay. */
const DETAIL_LIMIT = 4096;

/** Adds to a time of CLOCK_MONOTONIC to get one of CLOCK_REALTIME. */
export type ClockOffset = { realtimeMinusMonotonicNs: bigint };

export function toGapInfo(gap: NativeGap, clock: ClockOffset): GapInfo {
  return {
    scan: gap.scan,
    sample: gap.sample,
    lost: gap.grade === "unknown" ? 0 : gap.lost,
    lostMin: gap.lostMin,
    lostMax: gap.lostMax < 0 ? null : gap.lostMax,
    grade: gap.grade,
    cause: gap.cause,
    timeNs: gap.timeNs < 0n ? "" : (gap.timeNs + clock.realtimeMinusMonotonicNs).toString(),
  };
}

export function toHeaderBatch(
  stream: string,
  run: number,
  headers: NativeHeaders,
  blockStates: Uint8Array<ArrayBuffer>,
  clock: ClockOffset,
): HeaderBatch {
  return {
    stream,
    run,
    sequence: Array.from(headers.sequence),
    firstScan: Array.from(headers.firstScan),
    scanCount: Array.from(headers.scanCount),
    bytes: Array.from(headers.bytes),
    timeNs: headers.timeNs,
    coalesced: {
      blocks: headers.coalescedBlocks,
      scans: headers.coalescedScans,
      bytes: headers.coalescedBytes,
      gaps: headers.coalescedGaps,
      failures: headers.coalescedFailures,
    },
    gaps: headers.gaps.map((gap) => toGapInfo(gap, clock)),
    failures: headers.failures,
    blockStates,
  };
}

/** The later event, with what the earlier one would have told. A new run drops the old one's headers. */
export function mergeProgress(
  earlier: Events["stream.progress"],
  later: Events["stream.progress"],
): Events["stream.progress"] {
  if (earlier.headers.run !== later.headers.run) return later;
  return { ...later, headers: mergeBatches(earlier.headers, later.headers) };
}

function mergeBatches(a: HeaderBatch, b: HeaderBatch): HeaderBatch {
  const total = a.sequence.length + b.sequence.length;
  const dropped = Math.max(0, total - HEADER_LIMIT);
  const keep = <T>(x: readonly T[], y: readonly T[]): T[] => [...x, ...y].slice(dropped);
  const gaps = [...a.gaps, ...b.gaps];
  const failures = [...a.failures, ...b.failures];
  const beyond = (list: readonly unknown[]): number => Math.max(0, list.length - DETAIL_LIMIT);
  const scans = [...a.scanCount, ...b.scanCount];
  const bytes = [...a.bytes, ...b.bytes];
  const sum = (values: readonly number[]): number =>
    values.slice(0, dropped).reduce((s, value) => s + value, 0);
  return {
    stream: b.stream,
    run: b.run,
    sequence: keep(a.sequence, b.sequence),
    firstScan: keep(a.firstScan, b.firstScan),
    scanCount: scans.slice(dropped),
    bytes: bytes.slice(dropped),
    timeNs: BigInt64Array.from(keep([...a.timeNs], [...b.timeNs])),
    coalesced: {
      blocks: a.coalesced.blocks + b.coalesced.blocks + dropped,
      scans: a.coalesced.scans + b.coalesced.scans + sum(scans),
      bytes: a.coalesced.bytes + b.coalesced.bytes + sum(bytes),
      gaps: a.coalesced.gaps + b.coalesced.gaps + beyond(gaps),
      failures: a.coalesced.failures + b.coalesced.failures + beyond(failures),
    },
    gaps: gaps.slice(-DETAIL_LIMIT),
    failures: failures.slice(-DETAIL_LIMIT),
    blockStates: b.blockStates,
  };
}
