/** Views ask a SampleStore for (traces, range, columns); a frame is one drawable answer. */
import type { GapInfo, ScopeTrigger, StreamId, TraceSource } from "./stream.js";

export type ViewId = string;

/** Which scans a frame shows. Scans may be fractional; they count lost scans too. */
export type ViewRange =
  /** The newest `scans`, rolling. */
  | { kind: "follow"; scans: number }
  /** Around the newest complete scope trigger; t = 0 at the crossing. */
  | { kind: "trigger"; preScans: number; postScans: number; mode: "auto" | "normal" }
  /** Fixed, over the history or a file. */
  | { kind: "range"; fromScan: number; toScan: number }
  /** Everything there is. */
  | { kind: "all" };

export interface FrameRequest {
  stream: StreamId;
  traces: TraceSource[];
  range: ViewRange;
  /** Columns of pixels, 16 … 8192. */
  columns: number;
  /** Physical units (scale and offset applied) or raw. */
  physical: boolean;
  /**
   * Pins the blocks of this view's last two live answers, so that freezing the picture freezes what is seen. Names the
   * view.
   */
  keep?: string | undefined;
}

export interface FrameTrace {
  /**
   * Columns form: 4 values a column (first, min, max, last). Samples form: one a sample.
   * NaN where there is nothing to draw.
   */
  y: Float64Array<ArrayBuffer>;
  /** Columns that touch the top or the bottom of the format's range, from the pyramid. */
  touchesTop: number;
  touchesBottom: number;
  /** True if the span holds a NaN of a float channel. */
  hasNaN: boolean;
}

export interface Frame {
  stream: StreamId;
  run: number;
  form: "columns" | "samples";
  /** Scan that x is relative to. */
  originScan: number;
  /** t = 0: the trigger's crossing, or the origin. Fraction of a scan beyond originScan. */
  zeroFraction: number;
  /**
   * Columns form: true edges, 2 a column (first scan, last scan), in scans relative to originScan.
   * Samples form: one per sample.
   */
  x: Float64Array<ArrayBuffer>;
  /** Seconds relative to the zero, same shape as x; from the timestamp channel, or index over rate. */
  t: Float64Array<ArrayBuffer>;
  timeAxis: "timestamp" | "rate" | "index";
  /** Wall time of t = 0, CLOCK_REALTIME nanoseconds, "" if not known. */
  zeroTimeNs: string;
  /** Time of this computer between completion of the newest block and this frame. */
  ageSeconds: number | null;
  /** Completion of that block, CLOCK_REALTIME nanoseconds; "" where ageSeconds is null. */
  newestTimeNs?: string;
  traces: FrameTrace[];
  /** Gaps inside the range; columns are not joined across them. */
  gaps: GapInfo[];
  /** What was asked, resolved to scans. */
  fromScan: number;
  toScan: number;
  /** Parts of the range whose samples are gone (only the pyramid is left) or were never there. */
  samplesFromScan: number;
  /** Scope trigger this frame stands on, or null (free run). */
  trigger: { scan: number; fraction: number; number: number } | null;
  /** Triggers found so far in the run. */
  triggersTotal: number;
  /** Part of a recording's file already summarised, 0 … 1; 1 for streams. */
  summarised: number;
}

/** Exact samples of one channel, in the native type. */
export interface SamplesRequest {
  stream: StreamId;
  channel: string;
  fromScan: number;
  /** At most 65,536. */
  count: number;
}

export interface SamplesReply {
  fromScan: number;
  values:
    | Int32Array<ArrayBuffer>
    | Uint32Array<ArrayBuffer>
    | Float64Array<ArrayBuffer>
    | BigInt64Array<ArrayBuffer>
    | BigUint64Array<ArrayBuffer>;
}

export type { ScopeTrigger, TraceSource };
