/** Recordings: what is asked, what is known while one runs, what stands in the list. */
import type { CaptureResult, CaptureStatus } from "./capture.js";
import type { DeviceId, TransportKind } from "./device.js";
import type { StudioError } from "./errors.js";
import type { Continuity, GapInfo, StreamId } from "./stream.js";

/** So much of a recording: a size on the disk, or a time. */
export type Amount = { kind: "bytes"; bytes: number } | { kind: "seconds"; seconds: number };

/** Where a recording in parts stands. */
export interface PartsStatus {
  /** Base name of the part that is written. */
  name: string;
  number: number;
  /** Parts on the disk, this one too. */
  count: number;
  /** Those of a ring that stay. */
  kept: number;
  ring: boolean;
}

export type RecordingState =
  | { kind: "recording" }
  | { kind: "finishing" }
  | { kind: "done" }
  | { kind: "stopped"; error: StudioError };

/**
 * How samples go to the disk. `direct`: from the blocks' own memory, no copy. `gathered`: one pass into aligned memory, and
 * from there past the page cache. `buffered`: through the page cache.
 */
export interface WriteWay {
  writePath: "direct" | "gathered" | "buffered";
  /** A sentence. */
  writePathWhy: string;
}

export interface RecordingStatus extends Partial<WriteWay> {
  /** Base name. */
  name: string;
  device: DeviceId;
  stream: StreamId;
  state: RecordingState;
  note: string;
  startedAtMs: number;
  seconds: number;
  scans: number;
  bytes: number;
  bytesPerSecond: number;
  /** Completed blocks not yet on disk. */
  backlogBlocks: number;
  worstWriteMs: number;
  freeBytes: number;
  /** At the present rate; null if nothing flows. */
  secondsLeft: number | null;
  continuity: Continuity;
  /** 0 … 1 while the SHA-512 is worked out; null if none is. */
  hashing: number | null;
  /** Of what had just happened (`recording.keep`): beside the stream's recording, and ends by itself. */
  kept?: true;
  /** It is written in parts; the figures are those of all that is on the disk. */
  parts?: PartsStatus;
  /** Only what is around the scope trigger is recorded; `seconds` is how long it has been waiting for that. */
  captures?: CaptureStatus;
}

/** What `record` answers, in the names. */
export interface RecordingResult extends Partial<WriteWay> {
  name: string;
  samples: number;
  bytes: number;
  seconds: number;
  lostSamples: number | null;
  continuity: "exact" | "estimated" | "unknown";
  lostMin: number;
  lostMax: number | null;
  gaps: {
    sampleStart: number;
    lost: number | null;
    lostMin: number;
    lostMax: number | null;
    grade: string;
  }[];
  transport: TransportKind;
  heap: string;
  rateMeasuredHz: number | null;
  cpuSeconds: number;
  copiesPerByte: number;
  /** Absolute: data, metadata, journals and side indexes of it, or of its parts, and the collection of several files. */
  files: string[];
  /** Set if it ended for a reason the user did not ask for. */
  error: StudioError | null;
  /** A sentence, if less of the past was there than asked. */
  shortfall?: string;
  /** Base names of its parts, in order. */
  parts?: string[];
  /** Of a recording of captures. */
  captures?: CaptureResult;
  /** Where it went on behind a hole: from which part, and how long nobody recorded; null: the clocks don't tell. */
  resumed?: { from: string; holeSeconds: number | null }[];
}

/** How a recording was made, as far as its metadata say; null or "" where they don't. */
export interface RecordedHow {
  /** `dmabuf`, `read`, `simulator`, `replay`. */
  transport: string;
  /** Memory of the blocks. */
  heap: string;
  /** Why this transport. */
  why: string;
  /** Of a full block. */
  blockBytes: number | null;
  blockCount: number | null;
  queuedBlocks: number | null;
  rateMeasuredHz: number | null;
  /** Base name of the recording that this one goes on from. */
  continues: string;
}

/** What is true of an opened recording, where a device that runs has its buffer. */
export interface RecordedFile {
  scans: number;
  /** From the first scan to the last, lost ones between included; null if no rate is known. */
  seconds: number | null;
  /** Of all its data files. */
  bytes: number;
  continuity: Continuity | null;
  how: RecordedHow;
}

/** A row of the Recordings context. */
export interface RecordingEntry {
  /** Base name; `rec:NAME` is its device. */
  name: string;
  device: DeviceId;
  label: string;
  startedAtMs: number;
  bytes: number;
  gaps: number;
  state: "complete" | "recording" | "recovered" | "damaged";
  note: string;
  /** Its SHA-512 was asked for and is still to be worked out. */
  hashPending?: true;
  error?: StudioError;
}

/** What a folder would be to recordings: there, to be made, or of no use. */
export interface FolderLook {
  kind: "ready" | "made" | "refused";
  /** A sentence; "" where there is nothing to say. */
  message: string;
}

export type { GapInfo };
