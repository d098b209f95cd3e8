/** What a view asks of a stream or a file, and the frame that answers it; what windows see of either is in shared/view.ts. */
import type { ScopeTrigger, TraceSource } from "../shared/stream.js";
import type { Frame, ViewRange } from "../shared/view.js";
import type { NativeGap } from "./addon.js";

/** One trace of a query: an element, or the magnitude or phase of two. value = (raw + offset) × scale. */
export interface NativeTrace {
  part: TraceSource["part"];
  element: number;
  /** Q of magnitude and phase; else -1. */
  elementQ: number;
  scale: number;
  offset: number;
  scaleQ: number;
  offsetQ: number;
  /** Which value of an element with `repeat`; the first if not given. */
  component?: number;
  componentQ?: number;
}

export interface NativeTrigger {
  trace: NativeTrace;
  edge: ScopeTrigger["edge"];
  /** In the trace's units (scale and offset applied). */
  level: number;
  hysteresis: number;
}

export interface NativeQuery {
  traces: NativeTrace[];
  range: ViewRange;
  columns: number;
}

/** Fields that the host hands on as they are. */
type HandedOn = Pick<
  Frame,
  | "form"
  | "originScan"
  | "zeroFraction"
  | "x"
  | "traces"
  | "fromScan"
  | "toScan"
  | "samplesFromScan"
  | "trigger"
  | "triggersTotal"
  | "summarised"
>;

export interface NativeFrame extends HandedOn {
  /** Seconds relative to the zero from the timestamp element; empty if there is none. */
  t: Float64Array<ArrayBuffer>;
  /** Timestamp of the zero, or completion-derived time (CLOCK_MONOTONIC); -1 if not known. */
  zeroTimeNs: bigint;
  zeroTimeFromTimestamp: boolean;
  newestTimeNs: bigint;
  nowNs: bigint;
  gaps: NativeGap[];
}
