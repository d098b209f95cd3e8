/** Counters as sessions see them, and what a stream waits for. Pure. */
import type { NativeCounters, NativeSpread } from "../../../native/addon.js";
import { formatDuration } from "../../../shared/figures.js";
import type { Spread } from "../../../shared/spread.js";
import type { StreamCounters } from "../../../shared/stream.js";

const WAITING_BLOCKS = 10;
const WAITING_LEAST_SECONDS = 2;

/** `frame`: until frames were sent, which the host measures itself. */
export function toCounters(
  native: NativeCounters,
  waitingFor: string | null,
  frame: Spread | null = null,
): StreamCounters {
  const unknown = native.grade === "unknown";
  return {
    blocks: native.blocks,
    failedBlocks: native.failedBlocks,
    scans: native.scans,
    bytes: native.bytes,
    rateHz: native.rateHz > 0 ? native.rateHz : null,
    bytesPerSecond: native.bytesPerSecond,
    queued: native.queued,
    queuedLeast: native.queuedLeast,
    dryRuns: native.dryRuns,
    continuity: {
      grade: native.grade,
      gaps: native.gaps,
      lost: native.lost,
      lostMin: native.lostMin,
      lostMax: unknown || native.lostMax < 0 ? null : native.lostMax,
    },
    historyFromScan: native.historyFromScan,
    historyToScan: native.historyToScan,
    pyramidFromScan: native.pyramidFromScan,
    triggers: native.triggers,
    newestTimeNs: native.newestTimeNs.toString(),
    waitingFor,
    latency: {
      consumer: inSeconds(native.latency?.completionToConsumerNs),
      summary: inSeconds(native.latency?.completionToSummaryNs),
      frame,
    },
  };
}

function inSeconds(spread: NativeSpread | null | undefined): Spread | null {
  return spread ? { p50: spread.p50 / 1e9, p99: spread.p99 / 1e9, max: spread.max / 1e9 } : null;
}

/** Before the first run. */
export const NO_COUNTERS: StreamCounters = {
  blocks: 0,
  failedBlocks: 0,
  scans: 0,
  bytes: 0,
  rateHz: null,
  bytesPerSecond: 0,
  queued: 0,
  queuedLeast: 0,
  dryRuns: 0,
  continuity: { grade: "unknown", gaps: 0, lost: 0, lostMin: 0, lostMax: null },
  historyFromScan: 0,
  historyToScan: 0,
  pyramidFromScan: 0,
  triggers: 0,
  newestTimeNs: "0",
  waitingFor: null,
};

export interface WaitingNow {
  counters: NativeCounters;
  secondsPerBlock: number | null;
  deviceLabel: string;
  deviceTrigger: string | null;
  /** Channel of the scope trigger that a single acquisition waits for. */
  scopeTrigger: string | null;
}

/** A sentence, or null while blocks come as they should and no single acquisition waits. */
export function waitingFor(now: WaitingNow): string | null {
  const { counters, scopeTrigger } = now;
  if (counters.state !== "running") return null;
  const silent = silence(now);
  if (silent !== null || scopeTrigger === null) return silent;
  return `Waiting for the scope trigger on ${scopeTrigger}.`;
}

/** A stream that gave no block for ten block times (at least 2 s) waits for what clocks it. */
export function silence(now: Omit<WaitingNow, "scopeTrigger">): string | null {
  const { counters } = now;
  if (counters.state !== "running") return null;
  const newest = counters.blocks > 0 ? counters.newestTimeNs : counters.startTimeNs;
  const seconds = Number(counters.nowNs - newest) / 1e9;
  const patience = Math.max(WAITING_LEAST_SECONDS, WAITING_BLOCKS * (now.secondsPerBlock ?? 0));
  if (seconds <= patience) return null;
  const since = formatDuration(seconds, 2);
  return now.deviceTrigger === null
    ? `Waiting for samples from ${now.deviceLabel}: none for ${since}.`
    : `Waiting for the device trigger ${now.deviceTrigger}: no scan for ${since}.`;
}
