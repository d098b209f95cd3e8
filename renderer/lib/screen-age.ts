/** How old the newest sample of a picture is when it is drawn. */
import type { Frame } from "../../shared/view.js";

/** Milliseconds of this window's `performance.now()`, and of its `Date.now()` where it says so. */
export interface Drawing {
  askedMs: number;
  receivedMs: number;
  drawnMs: number;
  /** `Date.now()` at `drawnMs`. */
  wallMs: number;
}

/** Clocks of browsers tell whole milliseconds, or less. */
const CLOCK_STEP_SECONDS = 0.002;

/**
 * Seconds since the newest block of a frame was completed; null for one that does not move. Surely no less than its age
 * when the host made it and the time it lay here, and no more than with all the time since it was asked for. Between the
 * two the clock decides, if both sides have the same one; where they don't, the most is told.
 */
export function screenAge(
  { ageSeconds, newestTimeNs }: Pick<Frame, "ageSeconds" | "newestTimeNs">,
  { askedMs, receivedMs, drawnMs, wallMs }: Drawing,
): number | null {
  if (ageSeconds === null) return null;
  const least = ageSeconds + Math.max(0, drawnMs - receivedMs) / 1000;
  const most = ageSeconds + Math.max(0, drawnMs - askedMs) / 1000;
  if (!newestTimeNs) return most;
  const byClock = wallMs / 1000 - Number(BigInt(newestTimeNs) / 1000n) / 1e6;
  const agrees = byClock >= least - CLOCK_STEP_SECONDS && byClock <= most + CLOCK_STEP_SECONDS;
  return agrees ? Math.min(most, Math.max(least, byClock)) : most;
}
