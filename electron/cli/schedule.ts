/** `record --start-at --until`: times by the clock, and the wait for them. */
import type { StudioClient } from "../../shared/client.js";
import { StudioFailure } from "../../shared/errors.js";
import { formatClock, formatDuration } from "../../shared/figures.js";
import { formatMoment, momentFault, parseMoment } from "../../shared/wall-time.js";
import { textOption, UsageError, type Arguments } from "./arguments.js";
import type { Output } from "./output.js";

export interface TimePlan {
  startAtMs: number | undefined;
  untilMs: number | undefined;
}

/** A disk test that may take a second comes first only where it can't make the recording late. */
export const LEAST_FOR_CHECK_MS = 5000;

export function readTimes(args: Arguments, nowMs = Date.now()): TimePlan {
  const startAtMs = momentOption(args, "start-at", nowMs);
  const untilMs = momentOption(args, "until", Math.max(nowMs, startAtMs ?? nowMs));
  const fault = momentFault(startAtMs ?? null, untilMs ?? null, nowMs);
  if (fault) {
    throw new UsageError(
      `--${fault.field === "startAtMs" ? "start-at" : "until"}: ${fault.message}`,
    );
  }
  return { startAtMs, untilMs };
}

function momentOption(args: Arguments, name: string, afterMs: number): number | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const parsed = parseMoment(text, afterMs);
  if (!parsed.ok) throw new UsageError(`--${name}: ${parsed.message}`);
  return parsed.atMs;
}

export interface Wait {
  /** Answers whether the recording runs; false: it was cancelled. Rejects with why it could not begin. */
  begun: Promise<boolean>;
  dispose: () => void;
}

/** To be listened to before it is asked for. */
export function waitForStart(client: StudioClient, stream: string, output: Output): Wait {
  let told = false;
  let dispose = (): void => {};
  const begun = new Promise<boolean>((resolve, reject) => {
    dispose = client.on("recording.schedule", ({ schedule }) => {
      if (schedule.stream !== stream) return;
      const { state, secondsLeft, startAtMs } = schedule;
      if (state.kind === "over") {
        dispose();
        if (state.error === null) resolve(true);
        else if (state.error.code === "CANCELLED") resolve(false);
        else reject(new StudioFailure(state.error));
        return;
      }
      const at = formatMoment(startAtMs);
      if (!told) output.note(`Waiting ${formatDuration(secondsLeft)}, until ${at}.`);
      told = true;
      output.progress(`Begins in ${formatClock(Math.ceil(secondsLeft))}, at ${at}`);
    });
  });
  begun.catch(() => undefined);
  return { begun, dispose: () => dispose() };
}
