/** What a native recorder says, in the words of the rest. */
import type { NativeRecordingStatus } from "../../../native/addon.js";
import type { StudioError } from "../../../shared/errors.js";
import type { WriteWay } from "../../../shared/recording.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";
import type { Continuity } from "../../../shared/stream.js";

/** Why it failed; null if it has not. */
export function nativeError({ error, state }: NativeRecordingStatus): StudioError | null {
  return error && state === "failed" ? toNativeFault(error) : null;
}

export function toNativeFault(error: NonNullable<NativeRecordingStatus["error"]>): StudioError {
  const { code, errno, syscall, path, message } = error;
  return { code, message, errno, syscall, ...(path ? { path } : {}) };
}

export function continuityOfNative(status: NativeRecordingStatus): Continuity {
  return {
    grade: status.grade,
    gaps: status.gaps,
    lost: status.lost,
    lostMin: status.lostMin,
    lostMax: status.grade === "unknown" || status.lostMax < 0 ? null : status.lostMax,
  };
}

/** The hole before a part that goes on is a gap that no recorder knows of. */
export function withHole(continuity: Continuity, { resumed }: RecordingFacts): Continuity {
  if (!resumed?.hole) return continuity;
  return { ...continuity, gaps: continuity.gaps + 1, grade: "unknown", lostMax: null };
}

export function writeWayOf({ writePath, writePathWhy }: NativeRecordingStatus): Partial<WriteWay> {
  return writePath ? { writePath, writePathWhy: writePathWhy ?? "" } : {};
}
