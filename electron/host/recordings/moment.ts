/** Where moments of a stream lie, in scans: what "now" and "2 s ago" mean to a recording of whole blocks. */
import type { NativeCounters } from "../../../native/addon.js";
import { fail } from "../../../shared/errors.js";
import { formatDuration } from "../../../shared/figures.js";
import { paceHz } from "../../../shared/sigmf/seconds.js";
import type { RecordingMark } from "../../../shared/sigmf/types.js";
import type { Run } from "../streams/run.js";

export interface Moment {
  /** Of the stream, lost scans counted; most often within the block that is being filled. */
  scan: number;
  /** As set, or as measured where nothing is set. */
  rateHz: number;
}

/** When something began. */
export interface Beginning {
  /** Milliseconds since 1970. */
  atMs: number;
  /** Of `performance.now()`: what passes is counted by it, however the clock on the wall is set. */
  monotonicMs: number;
}

/** Throws EMPTY as long as there is no sample, or no rate that makes seconds of scans. */
export function momentNow(run: Run): Moment {
  const counters = run.counters();
  if (counters.historyToScan === 0) {
    throw fail("EMPTY", "Nothing has come yet. Run the stream, then keep what came.");
  }
  const rateHz = rateOf(run, counters);
  if (!(rateHz > 0)) {
    throw fail("NO_RATE", "How much comes in a second is not known yet. Try again in a second.");
  }
  return { scan: counters.historyToScan + sinceNewest(run, counters, rateHz), rateHz };
}

function rateOf(run: Run, { rateHz, historyToScan, newestTimeNs, startTimeNs }: NativeCounters) {
  const { plan, rateHz: set } = run.resolved;
  const pace = paceHz(set, plan.waitsForBlocks);
  if (pace !== null) return pace;
  if (rateHz > 0) return rateHz;
  const seconds = Number(newestTimeNs - startTimeNs) / 1e9;
  return seconds > 0 ? historyToScan / seconds : 0;
}

/** Scans of the block being filled; at most a block, for a source that has gone silent fills none. */
function sinceNewest(run: Run, counters: NativeCounters, rateHz: number): number {
  if (counters.state !== "running") return 0;
  const seconds = Number(counters.nowNs - counters.newestTimeNs) / 1e9;
  const { scansPerBlock } = run.resolved.geometry;
  return Math.min(Math.max(0, Math.floor(seconds * rateHz)), scansPerBlock);
}

/** A span that is asked for, of which the recording has whole blocks. */
export interface AskedSpan {
  /** Below 0: from before the stream ran. */
  fromScan: number;
  /** null: until it is stopped. */
  toScan: number | null;
  rateHz: number;
  /** Where Record was pressed, or for when it was set; its length counts from there. */
  pressScan?: number;
  /** It was set for a time. */
  scheduled?: boolean;
  /** The clock went over that time, so it was begun later. */
  late?: boolean;
}

/** The last seconds before now, and what is to come. null: nothing has come, so all of it is still to come. */
export function spanBefore(run: Run, seconds: number): AskedSpan | null {
  if (run.counters().historyToScan === 0) return null;
  const { scan, rateHz } = momentNow(run);
  return { fromScan: Math.floor(scan - seconds * rateHz), toScan: null, rateHz, pressScan: scan };
}

/** As momentNow; before the first block is complete by the time since the start. null: no rate is known. */
function momentOfRun(run: Run): Moment | null {
  const counters = run.counters();
  const rateHz = rateOf(run, counters);
  if (!(rateHz > 0)) return null;
  if (counters.historyToScan > 0) return momentNow(run);
  // It is still to be started.
  if (counters.startTimeNs === 0n) return { scan: 0, rateHz };
  const seconds = Number(counters.nowNs - counters.startTimeNs) / 1e9;
  return { scan: Math.max(0, Math.floor(seconds * rateHz)), rateHz };
}

/**
 * From the moment for which it was set, some seconds ago, or so much before it; below 0 where the stream did not run yet.
 * null: not known in scans.
 */
export function scheduledSpan(run: Run, preSeconds: number, agoSeconds: number): AskedSpan | null {
  const now = momentOfRun(run);
  if (!now) return null;
  const { scan, rateHz } = now;
  const pressScan = Math.floor(scan - agoSeconds * rateHz);
  const fromScan = Math.floor(pressScan - preSeconds * rateHz);
  return { fromScan, toScan: null, rateHz, pressScan, scheduled: true };
}

export function markOf(
  { fromScan, toScan, pressScan, scheduled, late }: AskedSpan,
  realtimeNs: bigint,
): RecordingMark {
  const timeNs = realtimeNs.toString();
  if (pressScan === undefined) return { kind: "kept", fromScan, toScan, timeNs };
  const moment = { fromScan: pressScan, toScan: null, timeNs };
  return scheduled
    ? { kind: "scheduled", ...moment, ...(late && { late }) }
    : { kind: "pressed", ...moment };
}

/** What the user reads if the recording begins later than asked; null: it does not. */
export function shortfallOf(asked: AskedSpan, firstScan: number): string | null {
  const { fromScan, toScan, pressScan, rateHz } = asked;
  const missing = firstScan - fromScan;
  if (missing <= 0) return null;
  const afterMoment = firstScan - (pressScan ?? firstScan);
  if (asked.scheduled && afterMoment > 0) {
    const late = formatDuration(afterMoment / rateHz);
    const why =
      firstScan === 0
        ? "the stream did not run yet. Run it before the time comes."
        : "those samples are not in the history. Give the stream more memory to keep more.";
    return `The recording begins ${late} after the time it was set for: ${why}`;
  }
  const whole = formatDuration(((pressScan ?? toScan ?? firstScan) - fromScan) / rateHz);
  const less = formatDuration(missing / rateHz);
  return firstScan === 0
    ? `Of the ${whole} asked for, the first ${less} are missing: the stream did not run yet.`
    : `Of the ${whole} asked for, the first ${less} were not in the history any more. Give the stream more memory to keep more.`;
}
