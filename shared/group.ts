/** Groups: several streams recorded together, each its own recording, on one time base of this computer. */
import type { DeviceId } from "./device.js";
import type { StudioError } from "./errors.js";
import type { MemberTiming } from "./group-timing.js";
import type { RecordingResult } from "./recording.js";
import type { StreamId } from "./stream.js";

export interface GroupMember extends MemberTiming {
  /** Base name of its recording, as it is now. */
  name: string;
  device: DeviceId;
  buffer: number;
  /** When its first sample was taken, CLOCK_MONOTONIC; "" if not known. */
  firstSampleNs: string;
  /** As set. */
  rateHz: number | null;
  rateMeasuredHz: number | null;
}

export type GroupState =
  | { kind: "recording" }
  | { kind: "finishing" }
  | { kind: "done" }
  /** The collection could not be written; the recordings are there. */
  | { kind: "failed"; error: StudioError };

export interface GroupStatus {
  /** Base name of the collection. */
  name: string;
  startedAtMs: number;
  /** The user says that one clock drives all of them. */
  sharedClock: boolean;
  state: GroupState;
  /** Those that were asked for; the first is the one the others are compared with. */
  streams: StreamId[];
  /** Base names of their recordings, in the same order. */
  recordings: string[];
  /** Known once it is done, of those that hold samples. */
  members: GroupMember[];
}

export interface GroupResult {
  name: string;
  /** The collection; "" where none was left. */
  file: string;
  sharedClock: boolean;
  members: GroupMember[];
  recordings: RecordingResult[];
  error: StudioError | null;
}
