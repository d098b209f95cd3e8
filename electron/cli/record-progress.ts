/** The line a running recording shows on a terminal. */
import type { RecordingStatus } from "../../shared/recording.js";
import { formatSi } from "../../shared/figures.js";

const WIDTH = 24;

export function progressLine(
  status: RecordingStatus,
  goalSeconds?: number,
  goalScans?: number,
): string {
  const part = goalScans
    ? status.scans / goalScans
    : goalSeconds
      ? status.seconds / goalSeconds
      : null;
  const bar =
    part === null
      ? ""
      : `${"█".repeat(Math.round(Math.min(1, part) * WIDTH)).padEnd(WIDTH, "░")} ${Math.round(Math.min(1, part) * 100)} %  `;
  const loss = status.continuity.gaps === 0 ? "" : `  ${status.continuity.gaps} gaps`;
  const { count, missed } = status.captures ?? { count: 0, missed: 0 };
  const captures = status.captures
    ? `  ${count} captures${missed > 0 ? `, ${missed} missed` : ""}`
    : "";
  return (
    `${bar}${status.seconds.toFixed(1)} s  ${formatSi(status.bytes, "B")}  ` +
    `${formatSi(status.bytesPerSecond, "B/s")}${captures}${loss}`
  );
}
