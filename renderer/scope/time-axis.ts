/** The words of the time axis: one unit for the whole axis, figures without it. */
import { formatFixed, siFigure } from "../../shared/figures.js";
import type { Frame } from "../../shared/view.js";
import type { Span } from "./frame-math.js";

/** 1-2-5 steps from femtoseconds to weeks. */
export const TIME_STEPS: number[] = Array.from({ length: 24 }, (_, k) => k - 16).flatMap((power) =>
  [1, 2, 5].map((lead) => Number(`${lead}e${power}`)),
);

export interface AxisUnit {
  unit: string;
  /** From seconds (or scans) to the unit. */
  factor: number;
}

/** The unit in which the larger end of the span has one to three digits. */
export function axisUnit(span: Span, axis: Frame["timeAxis"]): AxisUnit {
  const most = Math.max(Math.abs(span.from), Math.abs(span.to), 1e-15);
  const figure = siFigure(most, axis === "index" ? "" : "s", 3);
  const exponent = Math.floor(Math.log10(Number(most.toPrecision(3))) / 3) * 3;
  return {
    unit: figure.unit || (axis === "index" ? "scans" : "s"),
    factor: 10 ** -Math.min(15, Math.max(-15, exponent)),
  };
}

/** A tick's figure, with as many decimals as the step between ticks needs. */
export function tickText(value: number, splits: number[], factor: number): string {
  const step = splits.length > 1 ? (splits[1]! - splits[0]!) * factor : 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return formatFixed(value * factor, Math.min(12, decimals));
}

/** Where the times come from, as it stands at the axis. */
export function axisWords(axis: Frame["timeAxis"] | undefined): string {
  switch (axis) {
    case "timestamp":
      return "timestamps";
    case "index":
      return "scan index";
    default:
      return "index ÷ rate";
  }
}
