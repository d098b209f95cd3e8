/**
 * Traces as canvas paths. A column is drawn as first, extremes, last (M4, VLDB 7(10) 797): the same pixels as all its
 * samples would light. NaN parts a line: a gap is never joined.
 */
import type { Frame } from "../../shared/view.js";
import { type Lane } from "./state.js";

/** The plot's transform: canvas pixels = a + b × value. */
export interface Axis {
  a: number;
  b: number;
}

/** How a trace is put on the canvas. `band`: wide columns of which only the extremes are known. */
export interface TracePath {
  path: Path2D;
  kind: "line" | "fill" | "band";
}

/** From this height a column on average, a line would cross itself so often that filling is the faster same picture. */
const DENSE_PX = 12;
/** Columns wider than this are not a line: nothing is known of the way between their extremes. */
const BAND_PX = 4;

/** The whole trace as one path, in canvas pixels; `ratio` is a CSS pixel. */
export function tracePath(
  frame: Frame,
  trace: number,
  lane: Lane,
  x: Axis,
  y: Axis,
  ratio: number,
): TracePath {
  // y pixels = y.a + y.b × (zero + value / perDiv)
  const scaled: Axis = { a: y.a + y.b * lane.zero, b: y.b / lane.perDiv };
  const values = frame.traces[trace]!.y;
  const { t } = frame;
  if (frame.form !== "columns") return { path: samplePath(t, values, x, scaled), kind: "line" };
  if (columnWidth(t, x) > BAND_PX * ratio) {
    return { path: barPath(t, values, x, scaled, ratio), kind: "band" };
  }
  return meanHeight(values, scaled) > DENSE_PX * ratio
    ? { path: barPath(t, values, x, scaled, ratio), kind: "fill" }
    : { path: columnPath(t, values, x, scaled), kind: "line" };
}

function columnWidth(t: Float64Array, x: Axis): number {
  const columns = t.length / 2;
  return columns > 0 ? (x.b * (t[t.length - 1]! - t[0]!)) / columns : 0;
}

function meanHeight(y: Float64Array, value: Axis): number {
  let sum = 0;
  let count = 0;
  for (let k = 1; k < y.length; k += 4) {
    const height = y[k + 1]! - y[k]!;
    if (height !== height) continue;
    sum += height;
    count++;
  }
  return count > 0 ? Math.abs(value.b * sum) / count : 0;
}

/** One bar a column from its lowest to its highest value, drawn to the neighbour's last value, so that none is parted. */
function barPath(t: Float64Array, y: Float64Array, x: Axis, value: Axis, ratio: number): Path2D {
  const path = new Path2D();
  const columns = t.length / 2;
  const least = 1.1 * ratio;
  let last = NaN;
  for (let k = 0; k < columns; k++) {
    let [low, high] = [y[4 * k + 1]!, y[4 * k + 2]!];
    if (low !== low) {
      last = NaN;
      continue;
    }
    if (last < low) low = last;
    if (last > high) high = last;
    last = y[4 * k + 3]!;
    const left = x.a + x.b * t[2 * k]!;
    const next = k + 1 < columns ? x.a + x.b * t[2 * k + 2]! : x.a + x.b * t[2 * k + 1]!;
    const top = value.a + value.b * high;
    const height = Math.max(least, -value.b * (high - low));
    path.rect(left, top, Math.max(least, next - left), height);
  }
  return path;
}

function columnPath(t: Float64Array, y: Float64Array, x: Axis, value: Axis): Path2D {
  const path = new Path2D();
  const columns = t.length / 2;
  let joined = false;
  for (let k = 0; k < columns; k++) {
    const first = y[4 * k]!;
    if (first !== first) {
      joined = false;
      continue;
    }
    const left = x.a + x.b * t[2 * k]!;
    const right = x.a + x.b * t[2 * k + 1]!;
    const middle = (left + right) / 2;
    const firstY = value.a + value.b * first;
    if (joined) path.lineTo(left, firstY);
    else path.moveTo(left, firstY);
    // The order of the extremes is not known; a vertical stroke through both is the same either way.
    path.lineTo(middle, value.a + value.b * y[4 * k + 1]!);
    path.lineTo(middle, value.a + value.b * y[4 * k + 2]!);
    path.lineTo(right, value.a + value.b * y[4 * k + 3]!);
    joined = true;
  }
  return path;
}

function samplePath(t: Float64Array, y: Float64Array, x: Axis, value: Axis): Path2D {
  const path = new Path2D();
  let joined = false;
  for (let k = 0; k < t.length; k++) {
    const sample = y[k]!;
    if (sample !== sample) {
      joined = false;
      continue;
    }
    const px = x.a + x.b * t[k]!;
    const py = value.a + value.b * sample;
    if (joined) path.lineTo(px, py);
    else path.moveTo(px, py);
    joined = true;
  }
  return path;
}

/** Squares on the samples, once they are far enough apart to be seen one by one. Empty else. */
export function sampleDots(
  frame: Frame,
  trace: number,
  lane: Lane,
  x: Axis,
  y: Axis,
  radius: number,
): Path2D | null {
  const { t } = frame;
  if (frame.form !== "samples" || t.length < 2) return null;
  const spacing = Math.abs(x.b * (t[t.length - 1]! - t[0]!)) / (t.length - 1);
  if (spacing < radius * 2.5) return null;
  const path = new Path2D();
  const values = frame.traces[trace]!.y;
  for (let k = 0; k < t.length; k++) {
    const sample = values[k]!;
    if (sample !== sample) continue;
    const px = x.a + x.b * t[k]!;
    const py = y.a + y.b * (lane.zero + sample / lane.perDiv);
    path.moveTo(px + radius, py);
    path.arc(px, py, radius, 0, 2 * Math.PI);
  }
  return path;
}
