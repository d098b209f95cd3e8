/** What a disk takes, against what a stream gives: looked at before a recording is started. */
import { formatBytes, formatDuration, formatSi } from "./figures.js";

export interface DiskCheck {
  /** What a short test wrote in a second; null: not tested, see `why`. */
  bytesPerSecond: number | null;
  /** Why there was no test. */
  why: string | null;
  /** Past the page cache. Without it the test waits for the disk after each piece. */
  direct: boolean;
  freeBytes: number;
  /** Of the stream, as it would be recorded; null: no rate is known. */
  streamBytesPerSecond: number | null;
  /** At the stream's rate, down to the floor where a recording stops by itself. */
  secondsUntilFull: number | null;
}

/** The disk may have slower moments than the test saw. */
const ENOUGH = 1.2;

/** Everything on a line: `Disk: 1.9 GB/s, 2.81 TB free, full in 3 h 10 min at 246 MB/s.` */
export function checkLine(check: DiskCheck): string {
  const { bytesPerSecond, freeBytes, secondsUntilFull, streamBytesPerSecond } = check;
  const parts = [
    bytesPerSecond === null ? "not tested" : `takes ${formatSi(bytesPerSecond, "B/s")}`,
    `${formatBytes(freeBytes)} free`,
  ];
  if (secondsUntilFull === 0) parts.push("none of that for a recording");
  else if (secondsUntilFull !== null) {
    const at = `at ${formatSi(streamBytesPerSecond, "B/s")}`;
    parts.push(`full in ${formatDuration(secondsUntilFull)} ${at}`);
  }
  return `Disk: ${parts.join(", ")}.`;
}

/** A sentence with the next step, where the disk is slower than the stream or barely faster; null: all is well. */
export function checkWarning({
  bytesPerSecond: takes,
  streamBytesPerSecond: gives,
}: DiskCheck): string | null {
  if (takes === null || gives === null || takes >= gives * ENOUGH) return null;
  const [disk, stream] = [formatSi(takes, "B/s"), formatSi(gives, "B/s")];
  return takes < gives
    ? `The disk takes ${disk}, the stream gives ${stream}: samples will be lost once the history is full. Choose a faster disk, a lower rate or fewer channels.`
    : `The disk takes ${disk}, barely more than the ${stream} of the stream. Choose a faster disk, or give the stream more memory to ride out its pauses.`;
}
