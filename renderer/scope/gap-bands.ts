/** Gaps as they are drawn: those too close together to be told apart stand as one band, which says how many they are. */
import type { GapInfo } from "../../shared/stream.js";
import type { Frame } from "../../shared/view.js";
import { gapSpan, shownGaps } from "./frame-math.js";

/** From the last scan before its first gap to the first scan after its last, in seconds on the frame's axis. */
export interface GapBand {
  from: number;
  to: number;
  gaps: GapInfo[];
}

/** However short, a gap is seen. */
const LEAST_PX = 3;
/** With less between them, hatching and edges run into each other. */
const APART_PX = 8;

/**
 * In order of time. Loss is never mixed with what was not recorded, or with where a recording was cut off.
 * @param secondsPerPixel of CSS pixels
 */
export function gapBands(frame: Frame, secondsPerPixel: number): GapBand[] {
  const bands: GapBand[] = [];
  for (const gap of shownGaps(frame)) {
    const span = gapSpan(frame, gap);
    const to = Math.max(span.to, span.from + LEAST_PX * secondsPerPixel);
    const last = bands.at(-1);
    if (
      last &&
      kindOf(last.gaps[0]!) === kindOf(gap) &&
      span.from - last.to < APART_PX * secondsPerPixel
    ) {
      last.to = Math.max(last.to, to);
      last.gaps.push(gap);
    } else {
      bands.push({ from: span.from, to, gaps: [gap] });
    }
  }
  return bands;
}

function kindOf({ cause }: GapInfo): string {
  const isLoss = cause !== "restart" && cause !== "not-recorded" && cause !== "unjournaled";
  return isLoss ? "loss" : cause;
}

/** A host joins gaps of one column's width when they are more than this many a column: fewer come then than there are. */
const JOINED_FROM_PER_COLUMN = 4;

/** Whether a frame may hold fewer gaps than there are: of `total` in all, seen through so many columns. */
export function mayBeJoined(frame: Frame, total: number, columns: number): boolean {
  return total > JOINED_FROM_PER_COLUMN * columns && frame.gaps.length <= columns + 1;
}
