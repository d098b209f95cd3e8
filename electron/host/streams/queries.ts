/** View requests: from channels and units to elements and factors, and from the addon's frames to those of sessions. */
import type {
  NativeFrame,
  NativeQuery,
  NativeTrace,
  NativeTrigger,
} from "../../../native/addon.js";
import type { ChannelInfo, ChannelPair } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import type { ScanLayout } from "../../../shared/scan-format.js";
import type { ScopeTrigger, TraceSource } from "../../../shared/stream.js";
import { physicalPerCount, scalingNumber } from "../../../shared/units.js";
import type { Frame, FrameRequest, SamplesReply } from "../../../shared/view.js";
import { toGapInfo, type ClockOffset } from "./progress.js";

/** What traces are looked up in. */
export interface TraceSpace {
  layout: ScanLayout;
  channels: readonly ChannelInfo[];
  pairs: readonly ChannelPair[];
}

/** Throws with the field `traces` if a channel is not in the layout. */
export function nativeTrace(
  space: TraceSpace,
  trace: TraceSource,
  physical: boolean,
  field = "traces",
): NativeTrace {
  const pair = space.pairs.find((one) => one.id === trace.channel);
  if (trace.part === "value") {
    if (pair) {
      throw fail(
        "BAD_REQUEST",
        `${trace.channel} is a pair: draw its magnitude or phase, or one of its channels.`,
        { field },
      );
    }
    const element = elementOf(space, trace.channel, field);
    const { scale, offset } = factors(space, trace.channel, physical);
    return { part: "value", element, elementQ: -1, scale, offset, scaleQ: 1, offsetQ: 0 };
  }
  if (!pair) {
    throw fail(
      "BAD_REQUEST",
      `${trace.channel} is no I/Q pair, so it has no ${trace.part}. Join two channels first.`,
      { field },
    );
  }
  const [i, q] = [factors(space, pair.i, physical), factors(space, pair.q, physical)];
  return {
    part: trace.part,
    element: elementOf(space, pair.i, field),
    elementQ: elementOf(space, pair.q, field),
    scale: i.scale,
    offset: i.offset,
    scaleQ: q.scale,
    offsetQ: q.offset,
  };
}

function elementOf({ layout }: TraceSpace, channel: string, field: string): number {
  const element = layout.elements.findIndex((one) => one.channel === channel);
  if (element < 0) {
    throw fail("NOT_ENABLED", `${channel} is not enabled in this run. Enable it and run again.`, {
      field,
    });
  }
  return element;
}

/** value = (raw + offset) × scale, in the unit shown. A channel without a scale stays raw. */
function factors(
  { channels }: TraceSpace,
  id: string,
  physical: boolean,
): { scale: number; offset: number } {
  const channel = channels.find((one) => one.id === id);
  if (!physical || !channel?.scaled) return { scale: 1, offset: 0 };
  return { scale: physicalPerCount(channel), offset: scalingNumber(channel.offset, 0) };
}

export function nativeQuery(space: TraceSpace, request: FrameRequest): NativeQuery {
  const { range } = request;
  if (range.kind === "range" && range.toScan <= range.fromScan) {
    throw fail("BAD_REQUEST", "The range ends before it begins. Ask for a later end.", {
      field: "range.toScan",
    });
  }
  return {
    traces: request.traces.map((trace) => nativeTrace(space, trace, request.physical)),
    range,
    columns: request.columns,
  };
}

/** Level and hysteresis are in the trace's own units, so a channel whose scale is negative keeps its edge as drawn. */
export function nativeTrigger(space: TraceSpace, trigger: ScopeTrigger): NativeTrigger {
  return {
    trace: nativeTrace(space, trigger.trace, trigger.physical, "trigger.trace"),
    edge: trigger.edge,
    level: trigger.level,
    hysteresis: trigger.hysteresis,
  };
}

export interface FrameContext {
  stream: string;
  run: number;
  rateHz: number | null;
  running: boolean;
  clock: ClockOffset;
  /** Of the timestamp channel: `realtime`, `monotonic`; others can't be turned into wall time. */
  timestampClock: string;
  /** True if times without a timestamp are wall times already (files). */
  wallTimes?: boolean;
}

export function toFrame(native: NativeFrame, context: FrameContext): Frame {
  const { rateHz } = context;
  const byTimestamp = native.t.length === native.x.length && native.t.length > 0;
  const perScan = rateHz !== null && rateHz > 0 ? 1 / rateHz : 1;
  const t = byTimestamp
    ? native.t
    : Float64Array.from(native.x, (x) => (x - native.zeroFraction) * perScan);
  return {
    stream: context.stream,
    run: context.run,
    form: native.form,
    originScan: native.originScan,
    zeroFraction: native.zeroFraction,
    x: native.x,
    t,
    timeAxis: byTimestamp ? "timestamp" : rateHz !== null && rateHz > 0 ? "rate" : "index",
    zeroTimeNs: zeroTime(native, context),
    ageSeconds:
      context.running && native.newestTimeNs > 0n
        ? Math.max(0, Number(native.nowNs - native.newestTimeNs) / 1e9)
        : null,
    newestTimeNs:
      context.running && native.newestTimeNs > 0n
        ? (native.newestTimeNs + context.clock.realtimeMinusMonotonicNs).toString()
        : "",
    traces: native.traces,
    gaps: native.gaps.map((gap) => toGapInfo(gap, context.clock)),
    fromScan: native.fromScan,
    toScan: native.toScan,
    samplesFromScan: native.samplesFromScan,
    trigger: native.trigger,
    triggersTotal: native.triggersTotal,
    summarised: native.summarised,
  };
}

function zeroTime(native: NativeFrame, context: FrameContext): string {
  const ns = native.zeroTimeNs;
  if (ns < 0n) return "";
  if (!native.zeroTimeFromTimestamp) {
    return (context.wallTimes ? ns : ns + context.clock.realtimeMinusMonotonicNs).toString();
  }
  if (context.timestampClock.startsWith("realtime")) return ns.toString();
  if (context.timestampClock.startsWith("monotonic")) {
    return (ns + context.clock.realtimeMinusMonotonicNs).toString();
  }
  return "";
}

/** Where there is nothing yet: no run, no file. */
export function emptyFrame(request: FrameRequest, run: number): Frame {
  return {
    stream: request.stream,
    run,
    form: "samples",
    originScan: 0,
    zeroFraction: 0,
    x: new Float64Array(0),
    t: new Float64Array(0),
    timeAxis: "index",
    zeroTimeNs: "",
    ageSeconds: null,
    traces: request.traces.map(() => ({
      y: new Float64Array(0),
      touchesTop: 0,
      touchesBottom: 0,
      hasNaN: false,
    })),
    gaps: [],
    fromScan: 0,
    toScan: 0,
    samplesFromScan: 0,
    trigger: null,
    triggersTotal: 0,
    summarised: 1,
  };
}

/** Arrays that cross must own their whole buffer. */
export function toSamples(reply: { fromScan: number; values: ArrayBufferView }): SamplesReply {
  const values = reply.values as SamplesReply["values"];
  const owns = values.byteLength === values.buffer.byteLength;
  return { fromScan: reply.fromScan, values: owns ? values : values.slice() };
}
