/** The list of captures as it is read: a row each, and a sentence over all. Pure. */
import type { CaptureInfo, CaptureStatus, CaptureTrigger } from "../../shared/capture.js";
import { formatCount, formatSi, formatSignificant } from "../../shared/figures.js";
import { formatPeak, formatWidth } from "../../shared/sigmf/triggered.js";
import { takesPrefix } from "../../shared/units.js";

export interface CaptureRow {
  number: number;
  /** Time of day here, to the microsecond. */
  time: string;
  peak: string;
  width: string;
  /** All of it, in words. */
  title: string;
}

export function captureRow(capture: CaptureInfo, unit: string): CaptureRow {
  const { number, datetime, cut, peak } = capture;
  const until = cut ? "; it did not come back in time" : "";
  return {
    number,
    time: timeOfDay(datetime),
    peak: formatPeak(peak, unit, 3),
    width: formatWidth(capture, 3),
    title: `Trigger ${number} at ${datetime}: peak ${formatPeak(peak, unit)}, ${formatWidth(capture)} wide${until}`,
  };
}

/** `13:41:08.123456`: the digits behind the millisecond are those of the text. */
function timeOfDay(datetime: string): string {
  const at = new Date(datetime);
  if (Number.isNaN(at.getTime())) return "–";
  const two = (value: number): string => String(value).padStart(2, "0");
  const fraction = /\.(\d+)Z$/.exec(datetime)?.[1] ?? "";
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${clock}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

/** `12 of 20, 3 missed` */
export function countWords({ count, missed, limit }: CaptureStatus): string {
  const of = limit === null ? "" : ` of ${formatCount(limit)}`;
  return `${formatCount(count)}${of}${missed > 0 ? `, ${formatCount(missed)} missed` : ""}`;
}

/** `12 captures`, `waits for the trigger`: of a recording that goes on. */
export function captureWords(status: CaptureStatus): string {
  if (status.count === 0 && status.missed === 0) return "waits for the trigger";
  const single = status.count === 1 && status.limit === null && status.missed === 0;
  return single ? "1 capture" : `captures: ${countWords(status)}`;
}

/** `voltage3 rises through 600 mV` */
export function triggerWords({ trace, edge, level, unit }: CaptureTrigger): string {
  const part = trace.part === "value" ? "" : `${trace.part} of `;
  const value =
    unit !== "" && takesPrefix(unit)
      ? formatSi(level, unit)
      : `${formatSignificant(level)} ${unit || "counts"}`;
  return `${part}${trace.channel} ${edge === "rising" ? "rises" : "falls"} through ${value}`;
}
