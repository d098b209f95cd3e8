/** What was measured of latency, as rows of figures and as one line. */
import type { Spread } from "../../shared/spread.js";
import type { StreamLatency } from "../../shared/stream.js";
import { siFigure, type Figure } from "../../shared/figures.js";

export interface LatencyRow {
  name: string;
  tip: string;
  p50: Figure;
  p99: Figure;
  max: Figure;
}

const figure = (seconds: number): Figure => siFigure(seconds, "s", 3, { keepZeros: true });

/** Only what was measured, in the order in which a sample goes. */
export function latencyRows(
  latency: StreamLatency | undefined,
  screen: Spread | null,
): LatencyRow[] {
  const row = (name: string, tip: string, spread: Spread | null | undefined): LatencyRow[] =>
    spread
      ? [{ name, tip, p50: figure(spread.p50), p99: figure(spread.p99), max: figure(spread.max) }]
      : [];
  return [
    ...row("Handed over", "Until the recorder and the summaries have it", latency?.consumer),
    ...row("Summarised", "Until a picture can show it", latency?.summary),
    ...row("In a picture", "Until the first picture with it was sent", latency?.frame),
    ...row("On the screen", "Age of the newest sample when a picture is drawn", screen),
  ];
}

/** `Newest sample on the screen: 34 ms old (99 %: 51 ms). …` or "". */
export function latencyLine(rows: readonly LatencyRow[]): string {
  const words = ({ text, unit }: Figure) => `${text} ${unit}`;
  return rows
    .map(({ name, p50, p99 }) => `${name}: ${words(p50)}, 99 % within ${words(p99)}`)
    .join("\n");
}
