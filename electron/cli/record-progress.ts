/** The line a running recording shows on a terminal. */
import type { RecordingStatus } from "../../shared/recording.js";
import { formatSi } from "../../shared/figures.js";

const WIDTH = 24;

/** 0 … 1, with its percent. */
export function bar(part: number): string {
  const done = Math.min(1, part);
  return `${"█".repeat(Math.round(done * WIDTH)).padEnd(WIDTH, "░")} ${Math.round(done * 100)} %  `;
}

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
  const loss = status.continuity.gaps === 0 ? "" : `  ${status.continuity.gaps} gaps`;
  const { count, missed } = status.captures ?? { count: 0, missed: 0 };
  const captures = status.captures
    ? `  ${count} captures${missed > 0 ? `, ${missed} missed` : ""}`
    : "";
  return (
    `${part === null ? "" : bar(part)}${status.seconds.toFixed(1)} s  ${formatSi(status.bytes, "B")}  ` +
    `${formatSi(status.bytesPerSecond, "B/s")}${captures}${loss}`
  );
}
