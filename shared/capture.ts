/** Trigger to record: what is asked, and what is known of each capture. */
import type { ScopeTrigger } from "./stream.js";

export interface CaptureOptions {
  /** So much before and after each trigger; together more than 0. */
  beforeSeconds: number;
  afterSeconds: number;
  /** Ends with the capture of this number. */
  count?: number;
  /** Each is a recording of its own (NAME-part0001, …). Those that overlap share one. */
  each?: boolean;
}

/** The scope trigger of a recording of captures: it stays as it is while that goes on. */
export interface CaptureTrigger extends Omit<ScopeTrigger, "physical"> {
  /** Of level, hysteresis and peaks; "" for raw counts. */
  unit: string;
}

/** Where a recording of captures stands. */
export interface CaptureStatus {
  /** That ended. */
  count: number;
  /** Triggers that came while none could be taken: their blocks had gone, or the disk was too far behind. */
  missed: number;
  /** null: until it is stopped. */
  limit: number | null;
}

/** One trigger and what was recorded around it. Spans of several may overlap; their samples are there once. */
export interface CaptureInfo {
  /** From 1, through all parts of a recording. */
  number: number;
  /** Base name of the recording that holds it. */
  recording: string;
  /** Of the stream, lost ones counted: the last scan before the trigger, and how far behind it that came (0 … 1). */
  scan: number;
  fraction: number;
  /** The span, as far as it is recorded; `toScan` is its end. */
  fromScan: number;
  toScan: number;
  /** Where `scan` stands in the recording's files; absent as long as it goes on. */
  sample?: number;
  /** Extreme of the trigger's trace until that comes back through the level; null if it has none. */
  peak: number | null;
  /** Between the two crossings. null: no rate is known. */
  widthSeconds: number | null;
  widthScans: number;
  /** It did not come back within the span: peak and width are those up to its end. */
  cut: boolean;
  /** When it came, RFC 3339 in UTC. */
  datetime: string;
}

/** What a result says of a recording of captures. */
export interface CaptureResult extends Omit<CaptureStatus, "limit"> {
  trigger: CaptureTrigger;
  /** Blocks that the stream had no time to look for triggers in: those in them are not among the missed. */
  blocksNotSearched: number;
  /** The first {@link CAPTURES_LISTED}. */
  list: CaptureInfo[];
}

/** Of what a stream shows: the recording of captures that goes on or ended last, or the one that is opened. */
export interface CaptureList extends CaptureStatus {
  /** Base name; of one in parts that of all together. "": there is none. */
  recording: string;
  /** Of the stream: scan indices are those of this one. */
  run: number;
  /** null: there is none. */
  trigger: CaptureTrigger | null;
  /** Index of the first one that follows. */
  from: number;
  captures: CaptureInfo[];
}

/** In one answer. */
export const CAPTURES_PER_ANSWER = 1000;
/** Told one by one of a recording, or of a part; what comes beyond is counted. */
export const CAPTURES_LISTED = 65_536;
/** Of the span around a trigger. */
export const CAPTURE_MOST_SECONDS = 86_400;

export const NO_CAPTURES: CaptureList = {
  recording: "",
  run: 0,
  trigger: null,
  count: 0,
  missed: 0,
  limit: null,
  from: 0,
  captures: [],
};
