/** How a gap is written where it stands. */
import { formatCount, formatDuration } from "../../shared/figures.js";
import type { GapInfo } from "../../shared/stream.js";

const lengthOf = (scans: number, secondsPerScan: number) =>
  secondsPerScan > 0 ? formatDuration(scans * secondsPerScan) : `${formatCount(scans)} scans`;

/** `128 lost`, `possible gap ≤ 6.2 µs`, `gap, length not known`; with the time where a rate is known. */
export function gapWords(gap: GapInfo, secondsPerScan: number): string {
  if (gap.cause === "restart") return "started again here";
  if (gap.cause === "not-recorded") return "not recorded between captures";
  if (gap.cause === "unjournaled") return "cut off here, loss not known";
  switch (gap.grade) {
    case "exact":
      return `${formatCount(gap.lost)} lost, ${lengthOf(gap.lost, secondsPerScan)}`;
    case "estimated":
      return gap.lostMax === null
        ? "possible gap, length not known"
        : `possible gap ≤ ${lengthOf(gap.lostMax, secondsPerScan)}`;
    case "unknown":
      return "gap, length not known";
  }
}

/**
 * What a band of gaps says: one gap as itself, several as `37 gaps, 4,736 lost, 74 µs`.
 * @param joined whether the band may stand for more gaps than came
 */
export function bandWords(gaps: GapInfo[], secondsPerScan: number, joined = false): string {
  const [first] = gaps;
  if (!first) return "";
  if (gaps.length === 1) return gapWords(first, secondsPerScan);
  const count = `${formatCount(gaps.length)}${joined ? " or more" : ""}`;
  if (first.cause === "restart") return `started again here ${count} times`;
  if (first.cause === "not-recorded") return `not recorded between captures, ${count} times`;
  if (first.cause === "unjournaled") return `cut off here ${count} times, loss not known`;
  const least = gaps.reduce((sum, { lostMin }) => sum + lostMin, 0);
  const most = gaps.reduce<number | null>(
    (sum, { lostMax }) => (sum === null || lostMax === null ? null : sum + lostMax),
    0,
  );
  if (gaps.every(({ grade }) => grade === "exact")) {
    const lost = gaps.reduce((sum, gap) => sum + gap.lost, 0);
    return `${count} gaps, ${formatCount(lost)} lost, ${lengthOf(lost, secondsPerScan)}`;
  }
  if (most === null || gaps.some(({ grade }) => grade === "unknown")) {
    return least > 0
      ? `${count} gaps, at least ${formatCount(least)} lost`
      : `${count} gaps, length not known`;
  }
  return least > 0
    ? `${count} gaps, ${formatCount(least)} to ${formatCount(most)} lost`
    : `${count} possible gaps ≤ ${lengthOf(most, secondsPerScan)}`;
}
