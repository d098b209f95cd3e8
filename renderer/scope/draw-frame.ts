/** A whole frame on the plot's canvas: gaps, zero lines, traces, marks. */
import type { Frame } from "../../shared/view.js";
import {
  drawMissing,
  drawMissingWords,
  drawTouches,
  drawZero,
  drawZeroTime,
  type Canvas,
} from "./draw.js";
import { bandsSeen, drawBand, drawBandWords } from "./draw-gaps.js";
import { envelopeUntil, secondsPerScan } from "./frame-math.js";
import type { GapBand } from "./gap-bands.js";
import { bandWords } from "./gap-words.js";
import { sampleDots, traceShape } from "./paths.js";
import type { Lane } from "./state.js";
import type { ScopeTrace } from "./trace-model.js";

/** An envelope is seen to be one: paler than a trace. */
const BAND_ALPHA = 0.45;

export interface Drawn {
  frame: Frame;
  traces: ScopeTrace[];
  lanes: Lane[];
  bands: GapBand[];
  /** Whether the bands may stand for more gaps than came. */
  joined: boolean;
  dots: boolean;
  /** Whether t = 0 is the scope trigger. */
  zeroAtTrigger: boolean;
  /** Trace that triggers, or -1. */
  triggerTrace: number;
  /** Of a trace, CSS pixels. */
  lineWidth: number;
}

export function drawFrame(canvas: Canvas, drawn: Drawn): void {
  const { ctx, box, ratio } = canvas;
  const { frame, traces, lanes } = drawn;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  const until = envelopeUntil(frame);
  if (until !== null) drawMissing(canvas, until);
  const bands = bandsSeen(canvas, bandsOf(canvas, drawn));
  for (const band of bands) drawBand(canvas, band);
  const shown = Math.min(traces.length, lanes.length, frame.traces.length);
  for (let k = 0; k < shown; k++) drawZero(canvas, lanes[k]!);
  ctx.lineWidth = drawn.lineWidth * ratio;
  ctx.lineJoin = "round";
  for (let k = shown - 1; k >= 0; k--) drawTrace(canvas, drawn, k);
  if (until !== null) drawMissingWords(canvas, until, "envelope only: samples reused");
  drawBandWords(canvas, bands);
  ctx.restore();
  if (drawn.zeroAtTrigger) {
    const slot = traces[drawn.triggerTrace]?.slot;
    drawZeroTime(canvas, slot ? canvas.tokens.traces[slot]! : canvas.tokens["n-2"]);
  }
}

function bandsOf({ x }: Canvas, { frame, bands, joined }: Drawn) {
  const perScan = secondsPerScan(frame);
  return bands.map(({ from, to, gaps }) => ({
    left: x.a + x.b * from,
    right: x.a + x.b * to,
    text: bandWords(gaps, perScan, joined),
    quiet: gaps[0]?.cause === "not-recorded",
  }));
}

function drawTrace(canvas: Canvas, { frame, traces, lanes, dots }: Drawn, k: number): void {
  const { ctx, tokens, ratio, x, y } = canvas;
  const { slot } = traces[k]!;
  const lane = lanes[k]!;
  ctx.strokeStyle = tokens.traces[slot]!;
  const shape = traceShape(frame, k, lane, x, y, ratio);
  if (shape.kind === "line") {
    const dashed = traces.length > 4 ? tokens.dashes[slot]! : [];
    ctx.setLineDash(dashed.map((length) => length * ratio));
    for (const path of shape.paths) ctx.stroke(path);
    ctx.setLineDash([]);
  } else {
    const { bars } = shape;
    ctx.fillStyle = tokens.traces[slot]!;
    ctx.globalAlpha = shape.envelope ? BAND_ALPHA : 1;
    for (let at = 0; at < bars.length; at += 4) {
      ctx.fillRect(bars[at]!, bars[at + 1]!, bars[at + 2]!, bars[at + 3]!);
    }
    ctx.globalAlpha = 1;
  }
  const marks = dots ? sampleDots(frame, k, lane, x, y, 2 * ratio) : null;
  if (marks) {
    ctx.fillStyle = tokens.traces[slot]!;
    ctx.fill(marks);
  }
  drawTouches(canvas, frame, k, lane);
}
