/** Frames of a fake stream: what a SampleStore would answer, worked out from the signals. */
import { toRaw } from "../../shared/units.js";
import type { DeviceInfo } from "../../shared/device.js";
import type { GapInfo, ScopeTrigger, TraceSource } from "../../shared/stream.js";
import type { Frame, FrameRequest, FrameTrace } from "../../shared/view.js";
import { signalOf } from "./fake-signals.js";

export interface FrameSource {
  device: DeviceInfo;
  run: number;
  rateHz: number;
  fromScan: number;
  toScan: number;
  gaps: GapInfo[];
  trigger: ScopeTrigger | null;
  triggersTotal: number;
  attribute: (channel: string, name: string) => string;
}

type Reader = (scan: number) => number;

/** Value of a trace at a scan, physical or raw. */
export function traceReader(source: FrameSource, trace: TraceSource, physical: boolean): Reader {
  const channelReader = (id: string): Reader => {
    const info = source.device.channels.find((channel) => channel.id === id);
    const signal = signalOf(source.device.name, id, source.attribute);
    return (scan) => {
      const value = signal(scan / source.rateHz, scan);
      return physical || !info ? value : Math.round(toRaw(value, info));
    };
  };
  const pair = source.device.pairs.find(({ id }) => id === trace.channel);
  if (!pair || trace.part === "value") return channelReader(trace.channel);
  const [i, q] = [channelReader(pair.i), channelReader(pair.q)];
  return trace.part === "magnitude"
    ? (scan) => Math.hypot(i(scan), q(scan))
    : (scan) => (Math.atan2(q(scan), i(scan)) * 180) / Math.PI;
}

/** The newest crossing before `before`, or null. */
function findTrigger(
  source: FrameSource,
  before: number,
): { scan: number; fraction: number } | null {
  const { trigger } = source;
  if (!trigger) return null;
  const read = traceReader(source, trigger.trace, trigger.physical);
  const sign = trigger.edge === "rising" ? 1 : -1;
  let armed = false;
  let found: { scan: number; fraction: number } | null = null;
  const start = Math.max(source.fromScan, before - 40_000);
  let last = sign * (read(start) - trigger.level);
  for (let scan = start + 1; scan < before; scan++) {
    const value = sign * (read(scan) - trigger.level);
    if (value < -trigger.hysteresis / 2) armed = true;
    if (armed && last < 0 && value >= 0) {
      found = { scan: scan - 1, fraction: -last / (value - last) };
      armed = false;
    }
    last = value;
  }
  return found;
}

function resolve(source: FrameSource, request: FrameRequest) {
  const { range } = request;
  if (range.kind === "range") return { from: range.fromScan, to: range.toScan, trigger: null };
  if (range.kind === "all") return { from: source.fromScan, to: source.toScan, trigger: null };
  if (range.kind === "follow")
    return { from: source.toScan - range.scans, to: source.toScan, trigger: null };
  const found = findTrigger(source, source.toScan - Math.ceil(range.postScans));
  const at = found ? found.scan + found.fraction : source.toScan - range.postScans;
  const trigger = found ? { ...found, number: source.triggersTotal } : null;
  return { from: at - range.preScans, to: at + range.postScans, trigger };
}

function touches(source: FrameSource, trace: TraceSource, value: number): boolean {
  return source.device.name === "ad7768-4" && trace.channel === "voltage1" && value >= 58;
}

export function makeFrame(source: FrameSource, request: FrameRequest): Frame {
  const { from, to, trigger } = resolve(source, request);
  const first = Math.max(Math.floor(from), source.fromScan, 0);
  const end = Math.min(Math.ceil(to) + 1, source.toScan);
  const count = Math.max(0, end - first);
  const columns = Math.min(request.columns, count);
  const form = count > request.columns * 2 ? "columns" : "samples";
  const origin = trigger ? trigger.scan : first;
  const fraction = trigger ? trigger.fraction : 0;
  const inGap = (scan: number) =>
    source.gaps.some((gap) => scan >= gap.scan - gap.lost && scan < gap.scan);

  const x = new Float64Array(form === "columns" ? columns * 2 : count);
  const edges = (k: number) => first + Math.floor((k * count) / columns);
  if (form === "columns") {
    for (let k = 0; k < columns; k++) {
      x[2 * k] = edges(k) - origin;
      x[2 * k + 1] = edges(k + 1) - 1 - origin;
    }
  } else {
    for (let k = 0; k < count; k++) x[k] = first + k - origin;
  }
  const t = x.map((scans) => (scans - fraction) / source.rateHz);

  const traces: FrameTrace[] = request.traces.map((trace) => {
    const read = traceReader(source, trace, request.physical);
    const result: FrameTrace = {
      y: new Float64Array(form === "columns" ? columns * 4 : count),
      touchesTop: 0,
      touchesBottom: 0,
      hasNaN: false,
    };
    if (form === "samples") {
      for (let k = 0; k < count; k++) result.y[k] = inGap(first + k) ? NaN : read(first + k);
      result.touchesTop = result.y.some((value) => touches(source, trace, value)) ? 1 : 0;
      return result;
    }
    for (let k = 0; k < columns; k++) {
      const [a, b] = [edges(k), edges(k + 1) - 1];
      if (inGap(a) || inGap(b)) {
        result.y.fill(NaN, 4 * k, 4 * k + 4);
        continue;
      }
      const step = Math.max(1, Math.floor((b - a + 1) / 12));
      const values: number[] = [];
      for (let scan = a; scan <= b; scan += step) values.push(read(scan));
      const last = read(b);
      result.y[4 * k] = values[0]!;
      result.y[4 * k + 1] = Math.min(...values, last);
      result.y[4 * k + 2] = Math.max(...values, last);
      result.y[4 * k + 3] = last;
      if (touches(source, trace, result.y[4 * k + 2]!)) result.touchesTop++;
    }
    return result;
  });

  return {
    stream: request.stream,
    run: source.run,
    form,
    originScan: origin,
    zeroFraction: fraction,
    x,
    t: new Float64Array(t),
    timeAxis: source.device.channels.some(({ type }) => type === "timestamp")
      ? "timestamp"
      : "rate",
    zeroTimeNs: "",
    ageSeconds: 0.021,
    traces,
    gaps: source.gaps.filter((gap) => gap.scan >= from && gap.scan - gap.lost <= to),
    fromScan: from,
    toScan: to,
    samplesFromScan: source.fromScan,
    trigger,
    triggersTotal: source.triggersTotal,
    summarised: 1,
  };
}
