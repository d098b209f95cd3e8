/** Recordings and captures as the addon takes and tells them. */
import type { Grade } from "../shared/stream.js";
import type { NativeCounters } from "./addon.js";

/** One data file of a recording. The writer copies whole scans, or executes `elements` in one pass. */
export interface NativeOutput {
  path: string;
  /** True: scans go out as they are. */
  verbatim: boolean;
  /**
   * Elements in output order; each written as `as`, sign-extended and shifted, little-endian, `repeat` times. `stored`: the
   * word as the device stores it.
   */
  elements: {
    element: number;
    as: "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "f32" | "f64" | "i64-as-2u32" | "stored";
  }[];
}

export interface NativeRecordingOptions {
  outputs: NativeOutput[];
  journalPath: string;
  /** First record of the journal: opaque bytes (the host's JSON). */
  journalHeader: Uint8Array;
  /** Stop by itself after so many scans; 0: until stopped. */
  scans: number;
  /**
   * Begin with the block that holds this scan: one of the history (or where the unbroken history begins, if it is no
   * longer there; `status().firstScan` tells) or one to come. -1: the next to complete.
   */
  fromScan: number;
  /** End with the last block that begins before this scan, at once if that has passed. -1 or absent: none. */
  toScan?: number;
  /**
   * The part is full when it holds so many scans, and ends before the first block after that for which {@link
   * NativeRecording.next} is ready. 0 or absent: it is the only part.
   */
  partScans?: number;
  /**
   * Trigger to record: only the blocks that touch the span around a crossing of the stream's scope trigger, each once.
   * Crossings from `fromScan` on (those to come, if -1) and before `toScan`; ends with the span of the `limit`th (0: none).
   * Parts end between captures. null or absent: everything.
   */
  captures?: { preScans: number; postScans: number; limit: number } | null;
  /** Free bytes below which it stops cleanly. */
  freeFloorBytes: number;
  /** Of the side indexes (docs/index.md), one per output; "" for none. */
  indexPaths?: string[];
  /**
   * `auto` (or absent): direct if the first write from the blocks' memory is taken, else through the page cache. `direct`:
   * by way of memory of its own if it is not.
   */
  writePath?: "auto" | "direct" | "buffered";
}

export interface NativeRecordingStatus {
  /** `waiting`: a next part that has no block yet; `withdrawn`: one that got none, its files are gone again. */
  state: "recording" | "done" | "failed" | "waiting" | "withdrawn";
  error: { code: string; errno: number; syscall: string; path: string; message: string } | null;
  scans: number;
  bytes: number;
  /** From the completion of the first sample's block start to the last write, seconds. */
  seconds: number;
  backlogBlocks: number;
  worstWriteMs: number;
  freeBytes: number;
  /** Why a side index was given up, as the fields of an error; the recording goes on without. null otherwise. */
  indexError?: NativeCounters["error"];
  gaps: number;
  lost: number;
  lostMin: number;
  lostMax: number;
  grade: Grade;
  /** Bytes copied by the CPU per byte written. */
  copiesPerByte: number;
  cpuSeconds: number;
  directWrites: boolean;
  /**
   * How samples go from the blocks to the first file now. `direct`: from their own memory, no copy. `gathered`: one pass into
   * aligned memory, and from there past the page cache. `buffered`: through the page cache.
   */
  writePath?: "direct" | "gathered" | "buffered";
  /** Why, as a sentence. */
  writePathWhy?: string;
  /** Writes asked for and not done. */
  writesInFlight?: number;
  /** Scan index of the recording's first scan. */
  firstScan: number;
  /** Scan index after its last one in the files; 0 if there is none. */
  endScan?: number;
  /** It holds `partScans`. It goes on, losing nothing, until the next part is ready. */
  full?: boolean;
  /** Captures that ended; crossings of which nothing could be taken; captures that found no room in the list. */
  captures?: number;
  capturesMissed?: number;
  capturesUnlisted?: number;
}

/** What a recording of captures knows of one crossing of the scope trigger. Spans may overlap; their blocks are there once. */
export interface NativeCapture {
  /** The last scan before the crossing, and how far behind it. */
  scan: number;
  fraction: number;
  /** The span, as far as it is recorded; `toScan` is its end. */
  fromScan: number;
  toScan: number;
  /** Extreme of the trace, in its units, until it comes back through the level. */
  peak: number;
  /** Between the two crossings. */
  widthScans: number;
  /** It did not come back before the end of the span, a gap or a NaN: peak and width are those up to there. */
  cut: boolean;
  /** CLOCK_MONOTONIC, from the block's completion and the rate. */
  timeNs: bigint;
}

export interface NativeRecording {
  status(): NativeRecordingStatus;
  /** Appends an event (the host's JSON) to the journal at the present sample. */
  appendEvent(bytes: Uint8Array): void;
  /** Captures that ended since the last call, oldest first. At most 65,536 wait for it. */
  captures?(): NativeCapture[];
  /**
   * Writes what is there, syncs, closes. Resolves with the final status (also when it had failed). With the part that
   * takes blocks the recording ends: a part that waits is withdrawn. Stop all parts, the oldest first.
   */
  stop(): Promise<NativeRecordingStatus>;
  /**
   * Makes the part that goes on from this one (`fromScan` is of no meaning) and lets it wait: once this part is full, the
   * next begins with exactly the block after this one's last, and this one ends by itself. Where scans were lost between
   * the two, the gap belongs to the next. `scans` 0 and `toScan` -1 take over what is left of this part's. One part waits
   * at a time (EBUSY), of the part that takes blocks (ECANCELED). A part that fails while it waits is dropped, its files
   * are gone, and this one goes on.
   */
  next?(options: NativeRecordingOptions): Promise<NativeRecording>;
}

/**
 * What a file's captures say, in columns of equal length, since there may be hundreds of thousands: the runs of samples
 * without a gap inside, sorted by sample, and the loss before each.
 */
export interface NativeCaptures {
  /** Index in the stream and in the file of the first scan. */
  scan: Float64Array;
  sample: Float64Array;
  lost: Float64Array;
  lostMin: Float64Array;
  /** -1: no bound. */
  lostMax: Float64Array;
  /** Index into JOURNAL_GRADES of shared/journal.ts. */
  grade: Uint8Array;
  /** Index into JOURNAL_CAUSES. */
  cause: Uint8Array;
  /** -1: not known. */
  timeNs: BigInt64Array;
}
