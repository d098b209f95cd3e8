/** Find my settings: a measured search for the smallest blocks, and the fewest of them, that keep up with a stream. */
import type { StudioError } from "./errors.js";
import type { StreamId, StreamSettings } from "./stream.js";

export type TuneVerdict =
  | { kind: "running" }
  | { kind: "good" }
  /** A few words: `ran dry`, `fell to 1 of 6`. */
  | { kind: "bad"; why: string };

/** One setting, tried. */
export interface TuneTry {
  blockBytes: number;
  blockCount: number;
  queueDepth: number;
  secondsPerBlock: number;
  reserveSeconds: number;
  /** How long it ran. */
  seconds: number;
  /** Fewest blocks that were queued; null before the first block. */
  queuedLeast: number | null;
  dryRuns: number;
  verdict: TuneVerdict;
}

export interface TuneFound {
  blockBytes: number;
  blockCount: number;
  queueDepth: number;
  secondsPerBlock: number;
  reserveSeconds: number;
  poolBytes: number;
  /**
   * What to configure the stream with. Without a count where the user gave the pool a memory budget: what is beyond the
   * reserve stays history.
   */
  patch: Pick<StreamSettings, "blockSize" | "queueDepth"> & { blockCount?: number };
}

export type TuneState =
  | { kind: "running" }
  /** `found` null: none of them kept up. */
  | { kind: "done"; found: TuneFound | null }
  | { kind: "cancelled" }
  | { kind: "failed"; error: StudioError };

export interface TuneStatus {
  stream: StreamId;
  /** How long each try runs. */
  seconds: number;
  /** The queue may never hold fewer than this part of its depth. */
  marginPercent: number;
  rateHz: number;
  state: TuneState;
  /** Oldest first; the last one may still run. */
  tries: TuneTry[];
  triesAtMost: number;
}

export const TUNE_DEFAULTS = { seconds: 3, marginPercent: 50 } as const;
