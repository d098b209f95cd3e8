/** The end of a recording, whatever it was: all on the disk, the name it was promised, nothing left of an empty one. */
import { toStudioError, type StudioError } from "../../../shared/errors.js";
import { JournalSummaryBuilder } from "../../../shared/journal-summary.js";
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import type { ActiveRecording } from "./active.js";
import { FinishedRecording } from "./finished.js";

export interface Ended {
  /** null: nothing was recorded, so nothing is there. */
  done: FinishedRecording | null;
  result: RecordingResult;
  status: RecordingStatus;
}

/** Of one whose end went wrong: what is known without its files. They are left as they are. */
export function endedBadly(recording: ActiveRecording, name: string, thrown: unknown): Ended {
  const error = toStudioError(thrown);
  const result = recording.result(new JournalSummaryBuilder().summary(), error, []);
  const status = recording.status();
  return {
    done: null,
    result: { ...result, name },
    status: { ...status, name, state: { kind: "stopped", error } },
  };
}

/** Never rejects: what went wrong stands in the result, or is warned of. `cause`: why, if the user did not ask. */
export async function endRecording(
  recording: ActiveRecording,
  cause: StudioError | null,
  warn: (title: string, thrown: unknown) => void,
): Promise<Ended> {
  const { facts, request } = recording;
  const { journal, error } = await recording.finish(cause);
  const done = new FinishedRecording(request.folder, facts, journal, "complete", error, facts.name);
  const empty = recording.status().scans === 0;
  if (empty) await done.remove();
  else if (recording.name !== facts.name) {
    await done
      .rename(recording.name)
      .catch((fault: unknown) => warn("The recording kept its name", fault));
    recording.rename(done.name);
  }
  return {
    done: empty ? null : done,
    result: recording.result(journal, error, empty ? [] : await done.filesThere()),
    status: recording.status(facts.hash && !empty ? 0 : null),
  };
}
