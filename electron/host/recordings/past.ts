/** What a recording has of the time before it was started. */
import type { LiveStream } from "../streams/live-stream.js";
import type { Run } from "../streams/run.js";
import type { StartRequest } from "./begin.js";
import { scheduledSpan, spanBefore, type AskedSpan } from "./moment.js";
import type { SetFor } from "./schedule.js";

/** What is asked of the past of a stream that runs. */
export function pastOf(
  stream: LiveStream,
  { preSeconds = 0, captures }: StartRequest,
  scheduled: SetFor | undefined,
): { run: Run; span: AskedSpan } | null {
  const run = stream.isRunning() ? stream.currentRun() : null;
  if (run && scheduled && !captures) {
    const span = scheduledSpan(run, preSeconds, scheduled.agoSeconds);
    return span && { run, span };
  }
  const span = run && preSeconds > 0 ? spanBefore(run, preSeconds) : null;
  return run && span ? { run, span } : null;
}
