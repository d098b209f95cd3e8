/** Brute-force answers to queries: right by being simple. */
import type {
  NativeFrame,
  NativeGap,
  NativeQuery,
  NativeTrace,
  NativeTrigger,
} from "../../../native/addon.js";
import type { FakeStore } from "./scans.js";

export interface FoundTrigger {
  scan: number;
  fraction: number;
  number: number;
}

export function traceValue(store: FakeStore, trace: NativeTrace, scan: number): number {
  const i = (store.value(trace.element, scan) + trace.offset) * trace.scale;
  if (trace.part === "value") return i;
  const q = (store.value(trace.elementQ, scan) + trace.offsetQ) * trace.scaleQ;
  return trace.part === "magnitude" ? Math.hypot(i, q) : Math.atan2(q, i);
}

/** All crossings with `from ≤ scan`, in order. */
export function findTriggers(
  store: FakeStore,
  trigger: NativeTrigger,
  from: number,
  to: number,
  state: { armed: boolean; count: number },
): FoundTrigger[] {
  const found: FoundTrigger[] = [];
  const sign = trigger.edge === "rising" ? 1 : -1;
  const level = trigger.level * sign;
  let before = NaN;
  for (let scan = from - 1; scan < to; scan++) {
    const value = traceValue(store, trigger.trace, scan) * sign;
    if (state.armed && before < level && value >= level) {
      const fraction = (level - before) / (value - before);
      found.push({ scan: scan - 1, fraction, number: ++state.count });
      state.armed = false;
    }
    if (value < level - trigger.hysteresis || (trigger.hysteresis === 0 && value < level)) {
      state.armed = true;
    }
    before = value;
  }
  return found;
}

export function answer(
  store: FakeStore,
  query: NativeQuery,
  gaps: NativeGap[],
  triggers: FoundTrigger[],
  times: { newestTimeNs: bigint; zeroTimeNs: bigint; triggersTotal: number },
): NativeFrame {
  const { fromScan, toScan, trigger } = resolve(store, query, triggers);
  const zero = trigger ? trigger.scan + trigger.fraction : fromScan;
  const originScan = Math.floor(zero);
  const from = Math.max(Math.ceil(fromScan), store.fromScan());
  const to = Math.min(Math.floor(toScan), store.toScan());
  const count = Math.max(0, to - from);
  const samples = count <= query.columns * 4;
  const x: number[] = [];
  const y: number[][] = query.traces.map(() => []);
  const step = samples ? 1 : Math.ceil(count / query.columns);
  for (let scan = from; scan < to; scan += step) {
    const end = Math.min(to, scan + step) - 1;
    if (samples) x.push(scan - originScan);
    else x.push(scan - originScan, end - originScan);
    query.traces.forEach((trace, index) => {
      const values: number[] = [];
      for (let n = scan; n <= end; n++) values.push(traceValue(store, trace, n));
      const known = values.filter((value) => !Number.isNaN(value));
      const out = y[index] as number[];
      if (samples) out.push(values[0] as number);
      else if (known.length === 0) out.push(NaN, NaN, NaN, NaN);
      else {
        out.push(
          known[0] as number,
          Math.min(...known),
          Math.max(...known),
          known.at(-1) as number,
        );
      }
    });
  }
  const { timestamp } = store.layout;
  const zeroTime = timestamp < 0 ? 0 : store.value(timestamp, originScan);
  const t = timestamp < 0 ? [] : x.map((at) => timeAt(store, originScan + at, zeroTime));
  return {
    form: samples ? "samples" : "columns",
    originScan,
    zeroFraction: zero - originScan,
    x: Float64Array.from(x),
    t: Float64Array.from(t),
    zeroTimeNs: timestamp < 0 ? times.zeroTimeNs : BigInt(Math.round(zeroTime)),
    zeroTimeFromTimestamp: timestamp >= 0,
    newestTimeNs: times.newestTimeNs,
    nowNs: process.hrtime.bigint(),
    traces: y.map((values) => ({
      y: Float64Array.from(values),
      touchesTop: 0,
      touchesBottom: 0,
      hasNaN: false,
    })),
    gaps: gaps.filter((gap) => gap.scan >= fromScan && gap.scan < toScan),
    fromScan,
    toScan,
    samplesFromScan: store.fromScan(),
    trigger,
    triggersTotal: times.triggersTotal,
    summarised: 1,
  };
}

function timeAt(store: FakeStore, scan: number, zeroTime: number): number {
  return (store.value(store.layout.timestamp, scan) - zeroTime) / 1e9;
}

function resolve(
  store: FakeStore,
  { range }: NativeQuery,
  triggers: FoundTrigger[],
): { fromScan: number; toScan: number; trigger: FoundTrigger | null } {
  const end = store.toScan();
  if (range.kind === "range") return { ...range, trigger: null };
  if (range.kind === "all") return { fromScan: store.fromScan(), toScan: end, trigger: null };
  if (range.kind === "follow") {
    return { fromScan: end - range.scans, toScan: end, trigger: null };
  }
  const trigger =
    triggers.findLast(
      (one) => one.scan + range.postScans < end && one.scan - range.preScans >= store.fromScan(),
    ) ?? null;
  const span = range.preScans + range.postScans;
  if (!trigger) {
    const from = range.mode === "auto" ? end - span : end;
    return { fromScan: from, toScan: end, trigger: null };
  }
  const zero = trigger.scan + trigger.fraction;
  return { fromScan: zero - range.preScans, toScan: zero + range.postScans, trigger };
}
