/** Reading a frame: its time span, what stands under the pointer, its gaps in seconds. */
import type { GapInfo } from "../../shared/stream.js";
import type { Frame } from "../../shared/view.js";

export interface Span {
  from: number;
  to: number;
}

/** Seconds per scan as the frame shows it; `rateHz` serves a frame without points, and 1 where nothing is known. */
export function secondsPerScan(frame: Frame, rateHz: number | null = null): number {
  const last = frame.x.length - 1;
  const scans = last < 1 ? 0 : frame.x[last]! - frame.x[0]!;
  if (scans > 0) return (frame.t[last]! - frame.t[0]!) / scans;
  return rateHz ? 1 / rateHz : 1;
}

/** Time of a scan, relative to the frame's zero: on the frame's own axis inside it, straight on outside. */
export function timeOfScan(frame: Frame, scan: number, rateHz: number | null = null): number {
  const x = scan - frame.originScan;
  const last = frame.x.length - 1;
  const perScan = secondsPerScan(frame, rateHz);
  if (last < 0) return (x - frame.zeroFraction) * perScan;
  if (x <= frame.x[0]!) return frame.t[0]! + (x - frame.x[0]!) * perScan;
  if (x >= frame.x[last]!) return frame.t[last]! + (x - frame.x[last]!) * perScan;
  const k = indexAt(frame.x, x);
  const [x0, x1] = [frame.x[k]!, frame.x[k + 1]!];
  const part = x1 > x0 ? (x - x0) / (x1 - x0) : 0;
  return frame.t[k]! + part * (frame.t[k + 1]! - frame.t[k]!);
}

/** The scan at a time on the frame's axis, with its fraction: what `timeOfScan` turns round. */
export function scanAtTime(frame: Frame, seconds: number, rateHz: number | null = null): number {
  const { t, x } = frame;
  const last = t.length - 1;
  const perScan = secondsPerScan(frame, rateHz) || 1;
  if (last < 0) return frame.originScan + frame.zeroFraction + seconds / perScan;
  if (seconds <= t[0]!) return frame.originScan + x[0]! + (seconds - t[0]!) / perScan;
  if (seconds >= t[last]!) return frame.originScan + x[last]! + (seconds - t[last]!) / perScan;
  const k = indexAt(t, seconds);
  const [t0, t1] = [t[k]!, t[k + 1]!];
  const part = t1 > t0 ? (seconds - t0) / (t1 - t0) : 0;
  return frame.originScan + x[k]! + part * (x[k + 1]! - x[k]!);
}

/** One scan, and when it is on the frame's axis. */
export interface ScanTime {
  scan: number;
  seconds: number;
}

/** The scan nearest to a time; null while nothing is shown. */
export function scanNear(
  frame: Frame,
  seconds: number,
  rateHz: number | null = null,
): ScanTime | null {
  if (frame.x.length === 0) return null;
  const scan = Math.round(scanAtTime(frame, seconds, rateHz));
  return { scan, seconds: timeOfScan(frame, scan, rateHz) };
}

/** The asked span of the frame on its time axis. */
export function timeSpan(frame: Frame, rateHz: number | null = null): Span {
  return {
    from: timeOfScan(frame, frame.fromScan, rateHz),
    to: timeOfScan(frame, frame.toScan, rateHz),
  };
}

/** Spans in order, those less than `apart` from each other as one. */
export function joinSpans(spans: readonly Span[], apart: number): Span[] {
  const joined: Span[] = [];
  for (const { from, to } of spans) {
    const last = joined.at(-1);
    if (last && from - last.to < apart) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
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

/** Whether there is nothing to draw: no point, or only points without a value. */
export function isEmpty(frame: Frame): boolean {
  return frame.traces.every(({ y }) => y.every((value) => value !== value));
}

/** The gaps to draw: a restart parts two pictures, so it is none of one that has nothing in it yet. */
export function shownGaps(frame: Frame): GapInfo[] {
  return isEmpty(frame) ? frame.gaps.filter(({ cause }) => cause !== "restart") : frame.gaps;
}

/** Up to where only the envelope is left, in seconds; null where all samples are there, or not even an envelope. */
export function envelopeUntil(frame: Frame): number | null {
  if (frame.form !== "columns" || frame.samplesFromScan <= frame.fromScan) return null;
  return isEmpty(frame) ? null : timeOfScan(frame, frame.samplesFromScan);
}

/** A gap on the time axis: from the last scan before it to the first after. */
export function gapSpan(frame: Frame, gap: GapInfo): Span {
  return { from: timeOfScan(frame, gap.scan - gap.lost), to: timeOfScan(frame, gap.scan) };
}

/**
 * The same frame with t = 0 at another scan. A range is answered relative to its first scan; a frozen picture keeps the
 * zero it was frozen with.
 */
export function rezero(frame: Frame, zeroScan: number, rateHz: number | null = null): Frame {
  const shift = timeOfScan(frame, zeroScan, rateHz);
  return {
    ...frame,
    t: frame.t.map((seconds) => seconds - shift),
    zeroFraction: zeroScan - frame.originScan,
  };
}
