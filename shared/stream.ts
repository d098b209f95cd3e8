/** Streams: a running buffer, its settings, its states, its counters and its blocks. */
import type { AttributeAddress, DeviceId, TransportKind } from "./device.js";
import type { StudioError } from "./errors.js";
import type { RecordedFile } from "./recording.js";
import type { Spread } from "./spread.js";

/** `local:iio:device0/buffer0`. */
export type StreamId = string;

export function streamId(device: DeviceId, buffer: number): StreamId {
  return `${device}/buffer${buffer}`;
}

/** How the user set the block size; all three are shown. */
export type BlockSizeSetting =
  | { kind: "auto" }
  | { kind: "bytes"; bytes: number }
  | { kind: "scans"; scans: number }
  | { kind: "seconds"; seconds: number };

/** What a user sets. `null` and `auto` mean: from the rate, as the architecture page says. */
export interface StreamSettings {
  /** Channel ids enabled, in any order. */
  channels: string[];
  blockCount: number | null;
  blockSize: BlockSizeSetting;
  queueDepth: number | null;
  memoryBudgetBytes: number | null;
  transport: "auto" | "dmabuf" | "read";
  /** `auto`, `udmabuf` or the name of a heap. */
  heap: string;
  /** The simulator's and replay's: samples as fast as blocks come free. */
  rateMax: boolean;
  deviceTrigger: { name: string; rateHz: number | null } | null;
  /** Channels whose samples, together and lowest first, count scans. */
  counter: string[];
  /** Of the acquisition thread; null or absent: as other threads, on any CPU. What is refused stands in `notes`. */
  realtime?: RealtimeSettings | null;
}

/** Of these channels, with nothing else set: all is chosen by the host. */
export const automaticSettings = (channels: string[]): StreamSettings => ({
  channels,
  blockCount: null,
  blockSize: { kind: "auto" },
  queueDepth: null,
  memoryBudgetBytes: null,
  transport: "auto",
  heap: "auto",
  rateMax: false,
  deviceTrigger: null,
  counter: [],
});

export interface RealtimeSettings {
  /** SCHED_FIFO, 1 … 99; 0: as other threads. */
  priority: number;
  /** Numbers of CPUs; none: any. */
  cpus: number[];
}

/** More blocks no stream has. */
export const MOST_BLOCKS = 65_536;

/** What was made of the settings: whole scans, whole pages, with every rounding said. */
export interface BlockGeometry {
  blockCount: number;
  queueDepth: number;
  scanBytes: number;
  scansPerBlock: number;
  /** bytes_used of a full block. */
  payloadBytes: number;
  allocatedBytes: number;
  /** What the user asked, in bytes. */
  askedBytes: number;
  secondsPerBlock: number | null;
  reserveSeconds: number | null;
  historySeconds: number | null;
  poolBytes: number;
  /** One sentence per rounding or limit applied. */
  notes: string[];
}

/** How much of a pool's memory is there while its stream starts. */
export interface AllocationProgress {
  bytes: number;
  totalBytes: number;
}

export type StreamState =
  | { kind: "idle" }
  /** `allocation` null: not begun. `stream.stop` cancels it. */
  | { kind: "starting"; allocation: AllocationProgress | null }
  | { kind: "running"; sinceMs: number }
  | { kind: "stopping" }
  | { kind: "failed"; error: StudioError; atMs: number };

/** How sure the program is of what was lost. */
export type Grade = "exact" | "estimated" | "unknown";

export interface GapInfo {
  /** Scan index (what was lost included) of the first scan after the gap. */
  scan: number;
  /** Index of that scan among those delivered. */
  sample: number;
  /** Scans lost: the count if exact, the best estimate if estimated, 0 if unknown. */
  lost: number;
  lostMin: number;
  /** null: no bound is known. */
  lostMax: number | null;
  grade: Grade;
  /**
   * Why: `dry-queue`, `timestamp`, `counter`, `simulator`, `overrun`, `failed-block`, `restart`, `unjournaled`, `not-recorded`
   * (nothing was lost: the recording leaves out what lies between its captures), `resumed` (nobody recorded before it).
   */
  cause: GapCause;
  /** Completion of the block after the gap, CLOCK_REALTIME; "" if not known. */
  timeNs: string;
}

export type GapCause =
  | "dry-queue"
  | "timestamp"
  | "counter"
  | "simulator"
  | "overrun"
  | "failed-block"
  | "restart"
  | "unjournaled"
  | "not-recorded"
  | "resumed";

export interface Continuity {
  grade: Grade;
  gaps: number;
  lost: number;
  lostMin: number;
  lostMax: number | null;
}

/** Seconds from the completion of a block (by the kernel's clock where it tells), over about the last 10 s. */
export interface StreamLatency {
  /** Until every consumer (summaries, recorder) was offered the block. null: none came in that time. */
  consumer: Spread | null;
  /** Until it is summarised, so that frames can show it. */
  summary: Spread | null;
  /** Until the first frame that shows it was sent. */
  frame: Spread | null;
}

/** Counters, readable at any time. Rates over the last second. */
export interface StreamCounters {
  blocks: number;
  failedBlocks: number;
  scans: number;
  bytes: number;
  rateHz: number | null;
  bytesPerSecond: number;
  queued: number;
  queuedLeast: number;
  dryRuns: number;
  continuity: Continuity;
  /** First and end (exclusive) scan index that samples can still be read of. */
  historyFromScan: number;
  historyToScan: number;
  /** Oldest scan the pyramid still covers. */
  pyramidFromScan: number;
  triggers: number;
  /** When the newest block completed, CLOCK_MONOTONIC. */
  newestTimeNs: string;
  /** A sentence, when no block came for ten block times (at least 2 s), or a single waits for its scope trigger. */
  waitingFor: string | null;
  latency?: StreamLatency;
}

export interface TransportInfo {
  kind: TransportKind;
  /** `udmabuf`, `system`, `pages`. */
  heap: string;
  directWrites: boolean;
  why: string;
  fix?: string;
}

export interface StreamInfo {
  id: StreamId;
  device: DeviceId;
  buffer: number;
  settings: StreamSettings;
  /** Of a device that went: as it was last. */
  geometry: BlockGeometry | null;
  /** What the settings mean could not be worked out: why. */
  geometryError: StudioError | null;
  /** Of a device that went: as it was last. */
  rateSetHz: number | null;
  /** The first sampling_frequency at buffer, channels enabled, device, device trigger chosen, linked device. */
  rate: AttributeAddress | null;
  state: StreamState;
  transport: TransportInfo | null;
  recording: string | null;
  /** A view's scope trigger, applied to the stream. */
  trigger: ScopeTrigger | null;
  /** Epoch of the run: restarts count up, and scan indices start anew. */
  run: number;
  /** Of an opened recording. */
  file?: RecordedFile;
  /** What is not as it was set although the stream runs: one sentence each, with the fix. */
  notes?: string[];
}

/** Found over every sample. Level and hysteresis are physical values if `physical`, else raw. */
export interface ScopeTrigger {
  trace: TraceSource;
  edge: "rising" | "falling";
  level: number;
  /** Full width of the band the signal must leave on the other side to arm again. */
  hysteresis: number;
  physical: boolean;
}

/** What a trace draws: a channel, or one part of a pair. */
export interface TraceSource {
  /** Channel id, or pair id when part is magnitude or phase. */
  channel: string;
  part: "value" | "magnitude" | "phase";
}

/** State of one block in the strip. */
export const BLOCK_STATES = [
  "idle",
  "queued",
  "active",
  "history",
  "held",
  "pinned",
  "failed",
] as const;
export type BlockState = (typeof BLOCK_STATES)[number];

/** Headers of completed blocks since the last batch: arrays of equal length, oldest first. */
export interface HeaderBatch {
  stream: StreamId;
  run: number;
  sequence: number[];
  firstScan: number[];
  scanCount: number[];
  bytes: number[];
  /** Completion, CLOCK_MONOTONIC. */
  timeNs: BigInt64Array<ArrayBuffer>;
  /**
   * Blocks coalesced because more than 256 came: their number, scans and bytes. Gaps and failures left out because far
   * too many came: the counters have their sums.
   */
  coalesced: { blocks: number; scans: number; bytes: number; gaps: number; failures: number };
  /** Those of coalesced blocks too. */
  gaps: GapInfo[];
  failures: { sequence: number; message: string }[];
  /** One byte per block of the pool: an index into BLOCK_STATES. */
  blockStates: Uint8Array<ArrayBuffer>;
}
