/** A recording that is to begin at a time by the clock. */
import type { StudioError } from "./errors.js";
import type { StreamId } from "./stream.js";

export interface ScheduleStatus {
  stream: StreamId;
  /** Milliseconds since 1970, by the host's clock. */
  startAtMs: number;
  /** It ends then; null: with its length, or when it is stopped. */
  untilMs: number | null;
  /** By the host's clock; 0 once it is over. */
  secondsLeft: number;
  /**
   * `over` without an error: its recording runs. With one: it could not be started; `CANCELLED` if somebody cancelled it.
   */
  state: { kind: "waiting" } | { kind: "over"; error: StudioError | null };
}
