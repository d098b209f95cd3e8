/**
 * The addon as JavaScript sees it: the agreed surface of native/binding. The core is given numbers and paths; it parses
 * no text. Every rejected promise is an Error with `code`, `errno`, `syscall`, `path` and a sentence.
 */
import type { Grade, GapCause } from "../shared/stream.js";
import type { NativeCaptures, NativeRecording, NativeRecordingOptions } from "./recording-types.js";
import type { NativeFrame, NativeQuery, NativeTrigger } from "./view-types.js";

export type * from "./recording-types.js";
export type * from "./view-types.js";

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
      /** The device stands still while nothing is queued: blocks are held for whoever needs them, and nothing is lost. */
      waits?: boolean;
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

export interface NativeStream {
  /** Opens, allocates, attaches, enqueues, then enables. */
  start(): Promise<void>;
  /**
   * A start that goes on (or a `record` that allocates before it) rejects with ECANCELED as soon as it can, having given
   * back its memory and files; one to come does so at once. Nothing happens once the stream runs.
   */
  cancelStart(): void;
  /** How much of the blocks' memory is there, at any time; `totalBytes` is 0 before it is begun. */
  allocation(): { bytes: number; totalBytes: number };
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
