/** What a view asks of a stream or a file, and the frame that answers it. */
import type { NativeGap } from "./addon.js";

/** One trace of a query: an element, or the magnitude or phase of two. value = (raw + offset) × scale. */
export interface NativeTrace {
  part: "value" | "magnitude" | "phase";
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
  edge: "rising" | "falling";
  /** In the trace's units (scale and offset applied). */
  level: number;
  hysteresis: number;
}

export type NativeRange =
  | { kind: "follow"; scans: number }
  | { kind: "trigger"; preScans: number; postScans: number; mode: "auto" | "normal" }
  | { kind: "range"; fromScan: number; toScan: number }
  | { kind: "all" };

export interface NativeQuery {
  traces: NativeTrace[];
  range: NativeRange;
  columns: number;
}

export interface NativeFrame {
  form: "columns" | "samples";
  originScan: number;
  zeroFraction: number;
  x: Float64Array<ArrayBuffer>;
  /** Seconds relative to the zero from the timestamp element; empty if there is none. */
  t: Float64Array<ArrayBuffer>;
  /** Timestamp of the zero, or completion-derived time (CLOCK_MONOTONIC); -1 if not known. */
  zeroTimeNs: bigint;
  zeroTimeFromTimestamp: boolean;
  newestTimeNs: bigint;
  nowNs: bigint;
  traces: {
    y: Float64Array<ArrayBuffer>;
    touchesTop: number;
    touchesBottom: number;
    hasNaN: boolean;
  }[];
  gaps: NativeGap[];
  fromScan: number;
  toScan: number;
  samplesFromScan: number;
  trigger: { scan: number; fraction: number; number: number } | null;
  triggersTotal: number;
  summarised: number;
}
