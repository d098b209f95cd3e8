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

/** The whole trace as one path, in canvas pixels. */
export function tracePath(frame: Frame, trace: number, lane: Lane, x: Axis, y: Axis): Path2D {
  // y pixels = y.a + y.b × (zero + value / perDiv)
  const scaled: Axis = { a: y.a + y.b * lane.zero, b: y.b / lane.perDiv };
  const values = frame.traces[trace]!.y;
  return frame.form === "columns"
    ? columnPath(frame.t, values, x, scaled)
    : samplePath(frame.t, values, x, scaled);
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
