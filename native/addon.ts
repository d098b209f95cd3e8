/**
 * The addon as JavaScript sees it: the agreed surface of native/binding. The core is given numbers and paths; it parses
 * no text. Every rejected promise is an Error with `code`, `errno`, `syscall`, `path` and a sentence.
 */
import type { Grade, GapCause } from "../shared/stream.js";

/** One element of a scan, all numbers. Offsets and sizes in bytes. */
export interface NativeElement {
  offsetBytes: number;
  storageBits: number;
  bits: number;
  shift: number;
  repeat: number;
  kind: "s" | "u" | "f";
  bigEndian: boolean;
}

export interface NativeLayout {
  scanBytes: number;
  elements: NativeElement[];
  /** Index into elements, or -1. */
  timestamp: number;
}

export interface ArenaOptions {
  /** `heap`: dma-bufs of `/dev/dma_heap/NAME`; `udmabuf`: one memfd, a udmabuf per block; `pages`: plain memory. */
  kind: "heap" | "udmabuf" | "pages";
  /** Path of the heap's device node, for `heap`; of /dev/udmabuf for `udmabuf`. */
  devicePath: string;
  blockCount: number;
  /** Page multiple. */
  allocatedBytes: number;
}

/** Waveforms of the simulator, one per element, in raw counts at the stream's rate. */
export interface SimulatorChannel {
  waveform:
    | "sine"
    | "square"
    | "triangle"
    | "sweep"
    | "noise"
    | "pulses"
    | "counter"
    | "timestamp"
    | "constant";
  /** Hz. For `sweep` the start; `frequencyEndHz` the end over `sweepSeconds`. */
  frequencyHz: number;
  frequencyEndHz: number;
  sweepSeconds: number;
  /** Raw counts. */
  amplitude: number;
  offset: number;
  /** Raw counts rms. */
  noise: number;
  /** Cycles, 0 … 1. */
  phase: number;
  /** 0 … 1, of square and pulses. */
  duty: number;
  /** `pulses`: one in so many is a glitch (runt, three times as high but short); 0 for none. */
  glitchEvery: number;
}

export type SourceOptions =
  | {
      kind: "dmabuf";
      /** `/dev/iio:deviceN` */
      devicePath: string;
      bufferIndex: number;
      /** `…/bufferY/enable` */
      enablePath: string;
      /** Directory whose disappearance means that the device went. */
      devicePresencePath: string;
    }
  | {
      kind: "read";
      devicePath: string;
      bufferIndex: number;
      enablePath: string;
      devicePresencePath: string;
    }
  | {
      kind: "simulator";
      channels: SimulatorChannel[];
      /** Fill as fast as blocks come free, losing nothing. */
      max: boolean;
      /** Start the noise from here, so that tests repeat. */
      seed: number;
    };

export interface NativeStreamOptions {
  layout: NativeLayout;
  arena: ArenaOptions;
  source: SourceOptions;
  /** bytes_used of a full block; a multiple of scanBytes. */
  payloadBytes: number;
  queueDepth: number;
  /** Scans per second as set; 0 if not known. */
  rateHz: number;
  /** Elements whose samples together, lowest first, count scans; empty if none. */
  counter: number[];
  /** Whether the timestamp element may be used to find gaps (a step over 1.5 periods). */
  timestampGaps: boolean;
  /** Budget of the records that outlive their blocks. 0: no summaries at all, and no frames (benches of the pool alone). */
  pyramidBytes: number;
  /**
   * Fills each block with a pattern before the device first sees it, and ends the stream (EIO) if it comes back with
   * any of it: a device that needs bounce buffers can't use memory of udmabuf.
   */
  proveOverwritten?: boolean;
  /** Deadline of each sysfs write and of each step of a stop. */
  deadlineMs: number;
  /**
   * Of the acquisition thread: SCHED_FIFO with a priority of 1 … 99 (0: as other threads), and the CPUs it may run on
   * (none: any). What the system refuses stands in `notes()`.
   */
  realtime?: { priority: number; cpus: number[] } | null;
}

export interface NativeGap {
  scan: number;
  sample: number;
  lost: number;
  lostMin: number;
  /** -1: no bound. */
  lostMax: number;
  grade: Grade;
  cause: GapCause;
  timeNs: bigint;
}

/** Nanoseconds over about the last 10 s; `p50` and `p99` at most an eighth too much. */
export interface NativeSpread {
  p50: number;
  p99: number;
  max: number;
}

export interface NativeCounters {
  state: "new" | "running" | "stopped" | "failed" | "closed";
  /** Why it failed: as the fields of an error. null otherwise. */
  error: { code: string; errno: number; syscall: string; path: string; message: string } | null;
  /** True when the device went (error ENODEV after looking at devicePresencePath). */
  vanished: boolean;
  blocks: number;
  failedBlocks: number;
  scans: number;
  bytes: number;
  rateHz: number;
  bytesPerSecond: number;
  queued: number;
  queuedLeast: number;
  dryRuns: number;
  grade: Grade;
  gaps: number;
  lost: number;
  lostMin: number;
  lostMax: number;
  historyFromScan: number;
  /** End of what was completed. */
  historyToScan: number;
  /** End of what is summarised: frames reach up to here. */
  summarisedToScan: number;
  /** Blocks the summaries fell behind on and left out: holes in the picture, not losses. */
  unsummarisedBlocks?: number;
  pyramidFromScan: number;
  triggers: number;
  newestTimeNs: bigint;
  startTimeNs: bigint;
  nowNs: bigint;
  /** CPU time of this stream's own threads. */
  cpuSeconds: number;
  /** Timestamps: rms deviation of the period, seconds; -1 if there is no timestamp channel. */
  jitterSeconds: number;
  /** With `proveOverwritten`: blocks looked at when they first came back, and what of them was as it was filled. */
  overwritten?: { blocks: number; staleBytes: number };
  /** From the completion of a block, by the kernel's clock where it tells. null: no block in that time. */
  latency?: {
    /** Until every consumer (summaries, recorder) was offered the block. */
    completionToConsumerNs: NativeSpread | null;
    /** Until frames can show it. */
    completionToSummaryNs: NativeSpread | null;
  };
}

export interface NativeHeaders {
  sequence: Float64Array;
  firstScan: Float64Array;
  scanCount: Float64Array;
  bytes: Float64Array;
  timeNs: BigInt64Array<ArrayBuffer>;
  coalescedBlocks: number;
  coalescedScans: number;
  coalescedBytes: number;
  /** Beyond 65,536 of each, counted only: the stream's counters hold their sums. */
  coalescedGaps: number;
  coalescedFailures: number;
  gaps: NativeGap[];
  failures: { sequence: number; message: string }[];
}

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

/** One data file of a recording. The writer copies whole scans, or executes `elements` in one pass. */
export interface NativeOutput {
  path: string;
  /** True: scans go out as they are. */
  verbatim: boolean;
  /** Elements in output order; each written as `as`, sign-extended and shifted, little-endian, `repeat` times. */
  elements: {
    element: number;
    as: "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "f32" | "f64" | "i64-as-2u32";
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

export interface NativeStream {
  /** Opens, allocates, attaches, enqueues, then enables. */
  start(): Promise<void>;
  /** Disables, drains, detaches, unmaps what is queued; history stays readable until close. */
  stop(): Promise<void>;
  /** Gives everything back. Idempotent; rejects nothing. */
  close(): Promise<void>;
  counters(): NativeCounters;
  /** What the user should be told although nothing failed (a buffer left enabled by a program that died). After start. */
  notes?(): string[];
  /** Headers since the last call (one consumer); at most 256, the rest coalesced. */
  headers(): NativeHeaders;
  /** One byte a block: 0 idle, 1 queued, 2 active, 3 history, 4 held, 5 pinned, 6 failed. */
  blockStates(): Uint8Array<ArrayBuffer>;
  query(query: NativeQuery): Promise<NativeFrame>;
  samples(
    element: number,
    fromScan: number,
    count: number,
  ): Promise<{ fromScan: number; values: ArrayBufferView }>;
  /** Copies one block by sequence; null if it is gone. */
  block(
    sequence: number,
  ): Promise<{ firstScan: number; scanCount: number; data: Uint8Array<ArrayBuffer> } | null>;
  /** Pins the blocks of a span; answers the span that could be pinned. */
  pin(key: string, fromScan: number, toScan: number): { fromScan: number; toScan: number };
  unpin(key: string): void;
  setTrigger(trigger: NativeTrigger | null): void;
  /** First trigger after `afterScan` with all of `postScans` summarised, or null. */
  nextTrigger(afterScan: number, postScans: number): { scan: number; fraction: number } | null;
  /** Simulator only: new waveforms without a restart, and faults on demand. */
  setSimulator(channels: SimulatorChannel[]): void;
  fault(kind: "stall" | "lost-blocks" | "transfer-error" | "vanish" | "none"): void;
  /** Also before start(): then the recording gets the first block. */
  record(options: NativeRecordingOptions): Promise<NativeRecording>;
  /** Called on the JavaScript thread when something changed; coalesced (queue of one). null removes it. */
  onNews(listener: (() => void) | null): void;
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

/** A file of scans as a store of its own. Several files of one recording share scan indices. */
export interface NativeFileStoreOptions {
  path: string;
  headerBytes: number;
  layout: NativeLayout;
  rateHz: number;
  captures: NativeCaptures;
  /** Wall or monotonic time of the first sample; -1 if not known. */
  firstTimeNs: bigint;
  /** Of its side index (docs/index.md), there or not; "" or absent: none is looked for, and none made. */
  indexPath?: string;
}

export interface NativeFileStore {
  query(query: NativeQuery): Promise<NativeFrame>;
  samples(
    element: number,
    fromScan: number,
    count: number,
  ): Promise<{ fromScan: number; values: ArrayBufferView }>;
  status(): {
    scans: number;
    toScan: number;
    summarised: number;
    error: NativeCounters["error"];
    /** `whole`: all comes from the side index; `building`: it is made from the data; `unsaved`: it can't be saved. */
    index?: "none" | "whole" | "building" | "unsaved";
    /** A sentence if the index did not serve as it was found; else "". */
    indexNote?: string;
  };
  close(): Promise<void>;
  onNews(listener: (() => void) | null): void;
}

/** One thread for a device's sysfs, with a bounded queue and a deadline per call (`ETIMEDOUT` names the path). */
export interface NativeControl {
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  list(
    path: string,
  ): Promise<{ name: string; kind: "file" | "directory" | "link"; mode: number }[]>;
  /** Reads many files in one go; each answer is a text or an error. */
  readAll(paths: string[]): Promise<({ text: string } | { error: Error })[]>;
  exists(path: string): Promise<boolean>;
  close(): void;
}

export interface ProbeResult {
  /** 0 if yes, else the errno. */
  getFd: number;
  attach: number;
  /** Who holds the buffer if EBUSY, or perhaps does, from /proc, as part of a sentence; "" if not found. */
  holder: string;
}

export interface Addon {
  readonly version: string;
  /** `avx512bw`, `avx2` or `baseline`: the vector path chosen at run time. */
  readonly vectorPath: string;
  openStream(options: NativeStreamOptions): NativeStream;
  openFile(options: NativeFileStoreOptions): Promise<NativeFileStore>;
  openControl(name: string, deadlineMs: number, queueLimit: number): NativeControl;
  /** Tries to open and allocate 4,096 bytes: 0 or errno. */
  probeHeap(kind: "heap" | "udmabuf", devicePath: string): Promise<number>;
  /** GET_FD and, with a heap that works, one ATTACH, on a thread of its own. Never enables anything. */
  probeBuffer(
    devicePath: string,
    bufferIndex: number,
    heap: { kind: "heap" | "udmabuf"; devicePath: string } | null,
  ): Promise<ProbeResult>;
  /** Kernel uevents (netlink, group 1) as `ACTION@PATH\0KEY=VALUE…` split at NUL. Returns its end. */
  watchUevents(listener: (fields: string[]) => void): () => void;
  /** Raises the soft limit of open files to the hard one; answers both. */
  raiseFileLimit(): { soft: number; hard: number };
  /** Free bytes for this user of the file system that holds `path`. */
  freeBytes(path: string): Promise<number>;
  crc32c(data: Uint8Array, seed: number): number;
  /** For benches: min/max pyramid over a buffer `rounds` times on one core; seconds taken. */
  benchPyramid(data: Uint8Array, layout: NativeLayout, rounds: number): Promise<number>;
  benchTrigger(
    data: Uint8Array,
    layout: NativeLayout,
    trigger: NativeTrigger,
    rounds: number,
  ): Promise<{ seconds: number; found: number }>;
  /** CLOCK_MONOTONIC and CLOCK_REALTIME read together, nanoseconds. */
  clocks(): { monotonicNs: bigint; realtimeNs: bigint };
}
