/** What stands at the time axis and in the line of the pointer: which zero, which time, which sample. */
import { formatCount, formatFixed, siFigure, type Figure } from "../../shared/figures.js";
import type { Frame } from "../../shared/view.js";
import type { FileSample } from "./file-index.js";
import type { AxisUnit } from "./time-axis.js";

/** What t = 0 of a picture is. */
export type Zero = "trigger" | "recording" | "left" | "free" | "frozen";

export function zeroOf(
  frame: Frame | null,
  seen: { recording: boolean; frozen: { atTrigger: boolean } | null; roll: boolean },
): Zero {
  // Of a recording that was gone through by its captures, too.
  if (seen.frozen?.atTrigger) return "trigger";
  if (seen.recording) return "recording";
  if (seen.frozen) return "frozen";
  if (frame?.trigger) return "trigger";
  return seen.roll ? "left" : "free";
}

/** As it stands at the axis: `0 = trigger`. */
export const ZERO_WORDS: Record<Zero, string> = {
  trigger: "0 = trigger",
  recording: "0 = first sample of the file",
  left: "0 = left edge",
  free: "free run, no trigger",
  frozen: "0 = first scan when frozen",
};

/** A time in the axis's unit, with the decimals that tell one scan from the next. */
export function timeFigure(seconds: number, { unit, factor }: AxisUnit, perScan: number): Figure {
  const step = perScan * factor;
  // One more than a scan needs: a trigger's crossing lies between scans.
  const decimals = step > 0 ? 1 - Math.floor(Math.log10(step) + 1e-9) : 0;
  return { text: formatFixed(seconds * factor, Math.min(9, Math.max(0, decimals))), unit };
}

/** `sample 12,345, stream 112,345`: in the file, and as `core:global_index` counts; one where they are the same. */
export function indexWords(scan: number, file: FileSample | null): string {
  if (!file) return `scan ${formatCount(scan)}`;
  if (file.exact && file.sample === scan) return `sample ${formatCount(scan)}`;
  const own = `${file.exact ? "" : "≤ "}${formatCount(file.sample)}`;
  return `sample ${own}, stream ${formatCount(scan)}`;
}

/** One over a difference in time: `50.02 kHz`; none for no difference, or without a rate. */
export function frequencyFigure(seconds: number, axis: Frame["timeAxis"]): Figure | null {
  if (axis === "index" || seconds === 0) return null;
  return siFigure(1 / Math.abs(seconds), "Hz", 4, { keepZeros: true });
}
