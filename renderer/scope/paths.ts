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

/** How a trace is put on the canvas: as a line, or as bars of the columns' extremes. */
export type TraceShape =
  | { kind: "line"; paths: Path2D[] }
  /** `envelope`: wide columns of which only the extremes are known. */
  | { kind: "bars"; bars: Float64Array; envelope: boolean };

/** From this height a column on average, a line would cross itself so often that bars are the faster same picture. */
const DENSE_PX = 12;
/** Columns wider than this are not a line: nothing is known of the way between their extremes. */
const BAND_PX = 4;

/** The whole trace in canvas pixels; `ratio` is a CSS pixel. */
export function traceShape(
  frame: Frame,
  trace: number,
  lane: Lane,
  x: Axis,
  y: Axis,
  ratio: number,
): TraceShape {
  // y pixels = y.a + y.b × (zero + value / perDiv)
  const scaled: Axis = { a: y.a + y.b * lane.zero, b: y.b / lane.perDiv };
  const values = frame.traces[trace]!.y;
  const { t } = frame;
  if (frame.form !== "columns") {
    if (isDense(t, values, x, scaled, ratio)) {
      return { kind: "bars", bars: sampleBars(t, values, x, scaled, ratio), envelope: false };
    }
    return { kind: "line", paths: samplePaths(t, values, x, scaled) };
  }
  const envelope = columnWidth(t, x) > BAND_PX * ratio;
  if (envelope || meanHeight(values, scaled) > DENSE_PX * ratio) {
    return { kind: "bars", bars: columnBars(t, values, x, scaled, ratio), envelope };
  }
  return { kind: "line", paths: columnPaths(t, values, x, scaled) };
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

/**
 * One bar a column (left, top, width, height) from its lowest to its highest value, drawn to the neighbour's last value,
 * so that none is parted. Edges are whole pixels: a rectangle that needs no smoothing costs almost nothing.
 */
function columnBars(
  t: Float64Array,
  y: Float64Array,
  x: Axis,
  value: Axis,
  ratio: number,
): Float64Array {
  const columns = t.length / 2;
  const bars = new Float64Array(4 * columns);
  let count = 0;
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
    const next = k + 1 < columns ? t[2 * k + 2]! : t[2 * k + 1]!;
    const left = Math.round(x.a + x.b * t[2 * k]!);
    const top = Math.round(value.a + value.b * high);
    bars[count++] = left;
    bars[count++] = top;
    bars[count++] = Math.max(1, Math.round(x.a + x.b * next) - left);
    bars[count++] = Math.max(Math.round(ratio), Math.round(value.a + value.b * low) - top);
  }
  return bars.subarray(0, count);
}

/** Samples closer together than two pixels that go up and down by much: a line would mostly cross itself. */
function isDense(t: Float64Array, y: Float64Array, x: Axis, value: Axis, ratio: number): boolean {
  const count = t.length;
  if (count < 2 || (x.b * (t[count - 1]! - t[0]!)) / (count - 1) > 2 * ratio) return false;
  let travel = 0;
  for (let k = 1; k < count; k++) {
    const step = Math.abs(y[k]! - y[k - 1]!);
    if (step === step) travel += step;
  }
  return Math.abs(value.b * travel) / count > DENSE_PX * ratio;
}

/** One bar a pixel column through all the samples in it and the one before it. */
function sampleBars(
  t: Float64Array,
  y: Float64Array,
  x: Axis,
  value: Axis,
  ratio: number,
): Float64Array {
  const bars = new Float64Array(4 * t.length);
  const width = Math.max(1, Math.round(ratio));
  let count = 0;
  let column = NaN;
  let [low, high, last] = [Infinity, -Infinity, NaN];
  const emit = () => {
    if (low > high) return;
    const top = Math.round(value.a + value.b * high);
    bars[count++] = column;
    bars[count++] = top;
    bars[count++] = width;
    bars[count++] = Math.max(width, Math.round(value.a + value.b * low) - top);
  };
  for (let k = 0; k < t.length; k++) {
    const sample = y[k]!;
    if (sample !== sample) {
      last = NaN;
      continue;
    }
    const at = Math.floor((x.a + x.b * t[k]!) / width) * width;
    if (at !== column) {
      emit();
      column = at;
      [low, high] = last === last ? [last, last] : [Infinity, -Infinity];
    }
    if (sample < low) low = sample;
    if (sample > high) high = sample;
    last = sample;
  }
  emit();
  return bars.subarray(0, count);
}

/** Points of one path. A stroke that crosses itself costs the square of its length where no GPU draws it. */
const POINTS_PER_PATH = 128;

/** A line in pieces of bounded length, each from the last point of the one before. */
class LinePaths {
  readonly paths: Path2D[] = [];
  private path: Path2D | null = null;
  private points = 0;
  private last: [number, number] | null = null;

  to(x: number, y: number): void {
    if (!this.path || this.points >= POINTS_PER_PATH) {
      this.path = new Path2D();
      this.paths.push(this.path);
      this.points = 0;
      if (this.last) this.path.moveTo(...this.last);
    }
    if (this.last) this.path.lineTo(x, y);
    else this.path.moveTo(x, y);
    this.last = [x, y];
    this.points++;
  }

  /** What comes next is not joined to what came. */
  part(): void {
    this.last = null;
  }
}

function columnPaths(t: Float64Array, y: Float64Array, x: Axis, value: Axis): Path2D[] {
  const line = new LinePaths();
  const columns = t.length / 2;
  for (let k = 0; k < columns; k++) {
    const first = y[4 * k]!;
    if (first !== first) {
      line.part();
      continue;
    }
    const left = x.a + x.b * t[2 * k]!;
    const right = x.a + x.b * t[2 * k + 1]!;
    const middle = (left + right) / 2;
    line.to(left, value.a + value.b * first);
    // The order of the extremes is not known; a vertical stroke through both is the same either way.
    line.to(middle, value.a + value.b * y[4 * k + 1]!);
    line.to(middle, value.a + value.b * y[4 * k + 2]!);
    line.to(right, value.a + value.b * y[4 * k + 3]!);
  }
  return line.paths;
}

function samplePaths(t: Float64Array, y: Float64Array, x: Axis, value: Axis): Path2D[] {
  const line = new LinePaths();
  for (let k = 0; k < t.length; k++) {
    const sample = y[k]!;
    if (sample === sample) line.to(x.a + x.b * t[k]!, value.a + value.b * sample);
    else line.part();
  }
  return line.paths;
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
