/** Where traces stand in the plot: each has a zero line and a height per division; together they fill it evenly. */
import type { Frame } from "../../shared/view.js";
import { stepAtLeast } from "./steps.js";
import { DIVISIONS_Y, type Lane } from "./state.js";

export interface Reach {
  min: number;
  max: number;
}

/** Lowest and highest finite value drawn; null if there is none. Exact: columns carry their extremes. */
export function reachOf(y: Float64Array): Reach | null {
  let min = Infinity;
  let max = -Infinity;
  for (let k = 0; k < y.length; k++) {
    const value = y[k]!;
    // Neither NaN nor an infinity, which a float channel may hold.
    if (value - value !== 0) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? { min, max } : null;
}

/**
 * One lane per trace from the top down, none overlapping: the zero line stands where the whole reach fits its lane, in
 * 1-2-5 steps per division.
 */
export function fitLanes(reaches: (Reach | null)[]): Lane[] {
  const height = DIVISIONS_Y / Math.max(1, reaches.length);
  return reaches.map((reach, index) => {
    const middle = DIVISIONS_Y / 2 - (index + 0.5) * height;
    return laneFor(reach ?? { min: -1, max: 1 }, middle, height);
  });
}

/** A share of the lane stays free, so that neighbours do not touch. */
const FILL = 0.86;

function laneFor(reach: Reach, middle: number, height: number): Lane {
  const span = Math.max(reach.max - reach.min, Math.abs(reach.max) * 1e-6, Number.MIN_VALUE);
  // A signal around zero keeps its zero line in the middle; one far from zero stands as it is.
  const aroundZero = reach.min <= 0 && reach.max >= 0;
  const symmetric = 2 * Math.max(Math.abs(reach.min), Math.abs(reach.max));
  const balanced = aroundZero && symmetric < span * 1.35;
  const perDiv = stepAtLeast((balanced ? symmetric : span) / (height * FILL));
  const centre = balanced ? 0 : (reach.min + reach.max) / 2;
  return { perDiv, zero: middle - centre / perDiv };
}

/** Whether a trace goes out of the share of the plot that is its own. */
export function outgrown(reaches: (Reach | null)[], lanes: Lane[]): boolean {
  const height = DIVISIONS_Y / Math.max(1, lanes.length);
  return lanes.some((lane, index) => {
    const reach = reaches[index];
    if (!reach) return false;
    const top = DIVISIONS_Y / 2 - index * height;
    return toDivisions(reach.max, lane) > top || toDivisions(reach.min, lane) < top - height;
  });
}

/** A share of the picture that may be without points, and it is full all the same. */
const NEARLY_FULL = 0.98;

/** Whether a frame has points all over the span that was asked for, rather than being still on the way there. */
export function coversItsRange({ x, fromScan, toScan }: Frame): boolean {
  const points = x.length > 0 ? x[x.length - 1]! - x[0]! + 1 : 0;
  return points >= NEARLY_FULL * (toScan - fromScan);
}

/** Place of a value in divisions from the middle. */
export function toDivisions(value: number, lane: Lane): number {
  return lane.zero + value / lane.perDiv;
}

export function fromDivisions(divisions: number, lane: Lane): number {
  return (divisions - lane.zero) * lane.perDiv;
}

/** The lane whose middle line is nearest to a place; -1 without lanes. */
export function laneAt(divisions: number, count: number): number {
  if (count === 0) return -1;
  const height = DIVISIONS_Y / count;
  const index = Math.floor((DIVISIONS_Y / 2 - divisions) / height);
  return Math.min(count - 1, Math.max(0, index));
}

/** Makes a trace `factor` times as high about a place that stays where it is. */
export function zoomLane(lane: Lane, factor: number, about: number): Lane {
  const value = fromDivisions(about, lane);
  const perDiv = lane.perDiv * factor;
  return { perDiv, zero: about - value / perDiv };
}
