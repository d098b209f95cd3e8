/** What of the record options holds for the next press of R, in words; and how long a recording goes on. */
import type { RecordingStatus } from "../../shared/recording.js";
import { formatMoment } from "../../shared/wall-time.js";
import { amountText, lengthText } from "./amount.js";
import { clockTime } from "./names.js";
import { recordParams, type RecordOptions } from "./record-options.js";

/** When the next recording begins and ends, by the clock (milliseconds since 1970), and how long it is. */
export interface RecordTimes {
  startAtMs: number | null;
  untilMs: number | null;
  forSeconds: number | null;
}

/** What makes less of a recording than all that comes from now on: `["ring 1 min", "at 18:30"]`. */
export function recordWords(
  options: RecordOptions,
  { startAtMs, untilMs, forSeconds }: RecordTimes,
  nowMs = Date.now(),
): string[] {
  const { ring, captures } = recordParams(options);
  return [
    ...(captures ? ["on trigger"] : []),
    ...(ring ? [`ring ${amountText(ring)}`] : []),
    ...(startAtMs === null ? [] : [`at ${moment(startAtMs, nowMs)}`]),
    ...(forSeconds === null ? [] : [`for ${lengthText(forSeconds)}`]),
    ...(untilMs === null ? [] : [`until ${moment(untilMs, nowMs)}`]),
  ];
}

/** `Record`, or `Record: ring 1 min, at 18:30`. */
export function recordTitle(options: RecordOptions, times: RecordTimes): string {
  const words = recordWords(options, times);
  return words.length > 0 ? `Record: ${words.join(", ")}` : "Record";
}

/** What is set and holds for recordings of one stream alone. */
export function forOneStream(options: RecordOptions, times: RecordTimes): string[] {
  const { preSeconds, split } = recordParams(options);
  return [
    ...recordWords(options, { ...times, forSeconds: null }),
    ...(split ? [`parts of ${amountText(split)}`] : []),
    ...(preSeconds ? [`${lengthText(preSeconds)} from before R`] : []),
  ];
}

/** Of today the time alone. */
function moment(atMs: number, nowMs: number): string {
  const today = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  if (!today) return formatMoment(atMs);
  return clockTime(atMs, atMs % 60_000 !== 0);
}

/** Since it began. Of a ring `seconds` are those on the disk, which grow less with each part that is deleted. */
export function goingForSeconds(
  { parts, seconds, startedAtMs, state }: RecordingStatus,
  nowMs: number,
): number {
  if (!parts?.ring || state.kind !== "recording") return seconds;
  return Math.max(seconds, (nowMs - startedAtMs) / 1000);
}
