/** Reading a frame: its time span, what stands under the pointer, its gaps in seconds. */
import type { GapInfo } from "../../shared/stream.js";
import type { Frame } from "../../shared/view.js";

export interface Span {
  from: number;
  to: number;
}

/** Seconds per scan as the frame shows it; 0 for a frame without points. */
export function secondsPerScan(frame: Frame): number {
  const last = frame.x.length - 1;
  if (last < 1) return 0;
  const scans = frame.x[last]! - frame.x[0]!;
  return scans > 0 ? (frame.t[last]! - frame.t[0]!) / scans : 0;
}

/** Time of a scan, relative to the frame's zero: on the frame's own axis inside it, straight on outside. */
export function timeOfScan(frame: Frame, scan: number): number {
  const x = scan - frame.originScan;
  const last = frame.x.length - 1;
  if (last < 0) return 0;
  const perScan = secondsPerScan(frame);
  if (x <= frame.x[0]!) return frame.t[0]! + (x - frame.x[0]!) * perScan;
  if (x >= frame.x[last]!) return frame.t[last]! + (x - frame.x[last]!) * perScan;
  const k = indexAt(frame.x, x);
  const [x0, x1] = [frame.x[k]!, frame.x[k + 1]!];
  const part = x1 > x0 ? (x - x0) / (x1 - x0) : 0;
  return frame.t[k]! + part * (frame.t[k + 1]! - frame.t[k]!);
}

/** The asked span of the frame on its time axis. */
export function timeSpan(frame: Frame): Span {
  return { from: timeOfScan(frame, frame.fromScan), to: timeOfScan(frame, frame.toScan) };
}

/** Largest k with x[k] <= value, at most length - 2. */
function indexAt(x: Float64Array, value: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** What a trace has at a time: one sample, or the extremes of the column there; null where nothing is. */
export function valueAt(
  frame: Frame,
  trace: number,
  seconds: number,
): { t: number; min: number; max: number } | null {
  const { t } = frame;
  if (t.length === 0) return null;
  const y = frame.traces[trace]?.y;
  if (!y) return null;
  if (frame.form === "samples") {
    const k = indexAt(t, seconds);
    const next = Math.min(k + 1, t.length - 1);
    const near = Math.abs(t[next]! - seconds) < Math.abs(t[k]! - seconds) ? next : k;
    const value = y[near]!;
    return value === value ? { t: t[near]!, min: value, max: value } : null;
  }
  const column = Math.min(indexAt(t, seconds) >> 1, t.length / 2 - 1);
  const [min, max] = [y[4 * column + 1]!, y[4 * column + 2]!];
  return min === min ? { t: t[2 * column]!, min, max } : null;
}

/** A gap on the time axis: from the last scan before it to the first after. */
export function gapSpan(frame: Frame, gap: GapInfo): Span {
  return { from: timeOfScan(frame, gap.scan - gap.lost), to: timeOfScan(frame, gap.scan) };
}

/** Whether this picture stands still although the stream runs: what it asks for does not move. */
export function isComplete(frame: Frame): boolean {
  return frame.summarised >= 1;
}
