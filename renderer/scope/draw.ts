/** What is drawn on the plot's canvas around and under the traces. All lengths in canvas pixels; `ratio` a CSS pixel. */
import type { Tokens } from "../lib/tokens.js";
import type { Frame } from "../../shared/view.js";
import type { Axis } from "./paths.js";
import { DIVISIONS_Y, type Lane } from "./state.js";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Canvas {
  ctx: CanvasRenderingContext2D;
  box: Box;
  ratio: number;
  tokens: Tokens;
  x: Axis;
  y: Axis;
}

/** Horizontal lines at every division, stronger every second, and the frame of the plot. */
export function drawGrid({ ctx, box, ratio, tokens }: Canvas): void {
  ctx.lineWidth = ratio;
  for (let k = 0; k <= DIVISIONS_Y; k++) {
    const edge = k === 0 || k === DIVISIONS_Y;
    ctx.strokeStyle = edge ? tokens["grid-major"] : tokens.grid;
    const y = crisp(box.top + (k * box.height) / DIVISIONS_Y, ratio);
    line(ctx, box.left, y, box.left + box.width, y);
  }
  ctx.strokeStyle = tokens["grid-major"];
  for (const x of [box.left, box.left + box.width]) {
    line(ctx, crisp(x, ratio), box.top, crisp(x, ratio), box.top + box.height);
  }
}

function crisp(value: number, ratio: number): number {
  return Math.round(value) + (ratio % 2) / 2;
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

/** A dotted line where a trace is zero, if that is on the plot. */
export function drawZero({ ctx, box, ratio, tokens, y }: Canvas, lane: Lane): void {
  const at = crisp(y.a + y.b * lane.zero, ratio);
  if (at < box.top || at > box.top + box.height) return;
  ctx.save();
  ctx.strokeStyle = tokens["n-edge"];
  ctx.lineWidth = ratio;
  ctx.setLineDash([ratio, 3 * ratio]);
  line(ctx, box.left, at, box.left + box.width, at);
  ctx.restore();
}

/** Short bars where a trace touches an end of its format's range, at the place where it does. */
export function drawTouches(canvas: Canvas, frame: Frame, trace: number, lane: Lane): void {
  const { touchesTop, touchesBottom, y } = frame.traces[trace]!;
  if (touchesTop + touchesBottom === 0) return;
  const { ctx, ratio, tokens, box } = canvas;
  ctx.fillStyle = tokens.clipped;
  const bar = 3 * ratio;
  const columns = frame.form === "columns";
  const count = columns ? y.length / 4 : y.length;
  const [low, high] = extremes(y);
  for (let k = 0; k < count; k++) {
    const top = columns ? y[4 * k + 2]! : y[k]!;
    const bottom = columns ? y[4 * k + 1]! : y[k]!;
    const at = canvas.x.a + canvas.x.b * frame.t[columns ? 2 * k : k]!;
    const width = Math.max(2 * ratio, box.width / Math.max(1, count));
    if (touchesTop > 0 && top === high)
      ctx.fillRect(at, place(canvas, high, lane) - 2 * bar, width, bar);
    if (touchesBottom > 0 && bottom === low)
      ctx.fillRect(at, place(canvas, low, lane) + bar, width, bar);
  }
}

function place({ y }: Canvas, value: number, lane: Lane): number {
  return y.a + y.b * (lane.zero + value / lane.perDiv);
}

function extremes(y: Float64Array): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let k = 0; k < y.length; k++) {
    if (y[k]! < low) low = y[k]!;
    if (y[k]! > high) high = y[k]!;
  }
  return [low, high];
}

/** A triangle at the top where t is 0, in the colour of the trace that triggers. */
export function drawZeroTime({ ctx, box, ratio, x }: Canvas, colour: string): void {
  const at = x.a;
  if (at < box.left - ratio || at > box.left + box.width + ratio) return;
  const size = 5 * ratio;
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.moveTo(at - size, box.top - 2 * size);
  ctx.lineTo(at + size, box.top - 2 * size);
  ctx.lineTo(at, box.top - ratio);
  ctx.fill();
}

/** Before the oldest sample there is only the envelope, and before that nothing. Under the traces. */
export function drawMissing({ ctx, box, tokens, x }: Canvas, untilSeconds: number): void {
  const right = Math.min(box.left + box.width, x.a + x.b * untilSeconds);
  if (right <= box.left) return;
  ctx.save();
  ctx.fillStyle = tokens["n-panel"];
  ctx.globalAlpha = 0.5;
  ctx.fillRect(box.left, box.top, right - box.left, box.height);
  ctx.restore();
}

/** What that is, on a plate over the traces, which may be dense; none where it has no room. */
export function drawMissingWords(canvas: Canvas, untilSeconds: number, text: string): void {
  const { ctx, box, ratio, tokens, x } = canvas;
  const right = Math.min(box.left + box.width, x.a + x.b * untilSeconds);
  ctx.save();
  ctx.font = `${10.5 * ratio}px ${tokens["font-ui"]}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const width = ctx.measureText(text).width;
  if (right - box.left > width + 12 * ratio) {
    const [left, top, height] = [box.left + 6 * ratio, box.top + 4 * ratio, 16 * ratio];
    ctx.fillStyle = tokens["n-plot"];
    ctx.fillRect(left - 4 * ratio, top, width + 8 * ratio, height);
    ctx.fillStyle = tokens["n-3"];
    ctx.fillText(text, left, top + height / 2);
  }
  ctx.restore();
}
