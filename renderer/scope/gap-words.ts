/** How a gap is written where it stands. */
import { formatCount, formatDuration } from "../../shared/figures.js";
import type { GapInfo } from "../../shared/stream.js";

/** `128 lost`, `possible gap ≤ 6.2 µs`, `gap, length not known`; with the time where a rate is known. */
export function gapWords(gap: GapInfo, secondsPerScan: number): string {
  const time = (scans: number) =>
    secondsPerScan > 0 ? formatDuration(scans * secondsPerScan) : `${formatCount(scans)} scans`;
  if (gap.cause === "restart") return "started again here";
  if (gap.cause === "not-recorded") return "not recorded between captures";
  if (gap.cause === "unjournaled") return "cut off here, loss not known";
  switch (gap.grade) {
    case "exact":
      return `${formatCount(gap.lost)} lost, ${time(gap.lost)}`;
    case "estimated":
      return gap.lostMax === null
        ? "possible gap, length not known"
        : `possible gap ≤ ${time(gap.lostMax)}`;
    case "unknown":
      return "gap, length not known";
  }
}
