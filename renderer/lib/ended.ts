/** The banner of a recording that ended for a reason the user did not ask for: what happened, what is safe, what next. */
import { formatBytes, formatCount, formatFixed } from "../../shared/figures.js";
import type { RecordingResult } from "../../shared/recording.js";

/** `12.0 s`, `3 min 20 s`: how much is safe. */
function safeSpan(seconds: number): string {
  if (seconds < 60) return `${formatFixed(seconds, 1)} s`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return `${minutes} min ${Math.floor(seconds % 60)} s`;
}

export function endedTitle(device: string, result: RecordingResult): string {
  const safe =
    result.samples > 0
      ? `The ${safeSpan(result.seconds)} before that are safe.`
      : "No sample had come before that.";
  switch (result.error?.code) {
    case "ENODEV":
      return `${device} was unplugged while recording. ${safe}`;
    case "ENOSPC":
      return `The disk is full. ${safe}`;
    default:
      return `The recording of ${device} ended. ${safe}`;
  }
}

export function endedDetail(result: RecordingResult): string {
  const size = `${formatBytes(result.bytes)} in ${formatCount(result.samples)} scans`;
  const next = result.error?.message ?? "";
  return `${size} are on disk as ${result.name}. ${next}`.trim();
}

/** What a recording has less than it was asked for, though nothing went wrong: sentences; "" where nothing is missing. */
export function lessThanAsked({ shortfall, captures }: RecordingResult): string {
  const { missed = 0, blocksNotSearched = 0 } = captures ?? {};
  const count = (n: number, one: string, more: string) =>
    `${formatCount(n)} ${n === 1 ? one : more}`;
  return [
    ...(shortfall ? [shortfall] : []),
    ...(missed > 0 ? [`${count(missed, "trigger was", "triggers were")} missed.`] : []),
    ...(blocksNotSearched > 0
      ? [
          `${count(blocksNotSearched, "block", "blocks")} came too fast to be searched for triggers.`,
        ]
      : []),
  ].join(" ");
}
