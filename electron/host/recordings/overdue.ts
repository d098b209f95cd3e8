/** A recording by time whose device has gone silent: it would wait for its samples for ever. */
import type { StudioError } from "../../../shared/errors.js";
import { formatDuration } from "../../../shared/figures.js";
import type { LiveStream } from "../streams/live-stream.js";
import type { ActiveRecording } from "./active.js";

/** Why it ends now: its time is over by the clock, and nothing comes. null: it does not. */
export function overdue(
  recording: ActiveRecording,
  stream: LiveStream,
  seconds: number | undefined,
): StudioError | null {
  if (seconds === undefined || recording.elapsedSeconds < seconds) return null;
  // Without a rate the clock alone says how much it is to be.
  const byClock = recording.request.stopAfterSeconds !== null;
  if (byClock && recording.status().scans > 0) return null;
  const waiting = stream.progress.silence(recording.run);
  if (waiting === null) return null;
  return {
    code: "ETIMEDOUT",
    message: `The ${formatDuration(seconds)} to record are over, and samples are missing. ${waiting}`,
  };
}
