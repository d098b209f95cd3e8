/** Gaps on the plot's canvas: hatched bands and what is known of them. All lengths in canvas pixels. */
import type { Canvas } from "./draw.js";

export interface DrawnBand {
  left: number;
  right: number;
  text: string;
  /** Nothing was lost there. */
  quiet: boolean;
}

const PAD = 4;
const PLATE = 16;
/** Of an upright label, and some air. */
const UPRIGHT = 20;

/** The part of each band that is on the plot; none for those beside it. */
export function bandsSeen({ box }: Canvas, bands: DrawnBand[]): DrawnBand[] {
  return bands
    .map((band) => ({
      ...band,
      left: Math.max(box.left, band.left),
      right: Math.min(box.left + box.width, band.right),
    }))
    .filter(({ left, right }) => right > left);
}

/** The words of bands from left to right; over the traces, which may be dense. */
export function drawBandWords(canvas: Canvas, bands: DrawnBand[]): void {
  const { box } = canvas;
  let free = box.left;
  bands.forEach((band, index) => {
    const next = bands[index + 1]?.left ?? box.left + box.width;
    free = label(canvas, band, free, next);
  });
}

/** Under the traces. */
export function drawBand(canvas: Canvas, { left, right, quiet }: DrawnBand): void {
  const { ctx, box, ratio, tokens } = canvas;
  if (quiet) {
    ctx.fillStyle = tokens["n-edge"];
    ctx.fillRect(left, box.top, Math.min(ratio, right - left), box.height);
    return;
  }
  ctx.fillStyle = tokens["gap-soft"];
  ctx.fillRect(left, box.top, right - left, box.height);
  hatch(canvas, left, right);
  ctx.strokeStyle = tokens.gap;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (const x of [left, right]) {
    ctx.moveTo(x, box.top);
    ctx.lineTo(x, box.top + box.height);
  }
  ctx.stroke();
}

function hatch({ ctx, box, ratio, tokens }: Canvas, left: number, right: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, box.top, right - left, box.height);
  ctx.clip();
  ctx.strokeStyle = tokens.gap;
  ctx.globalAlpha = 0.35;
  ctx.lineWidth = ratio;
  // From the plot's own corner, so that the lines of all bands are one pattern.
  const step = 7 * ratio;
  const first = box.left + Math.floor((left - box.height - box.left) / step) * step;
  ctx.beginPath();
  for (let at = first; at < right; at += step) {
    ctx.moveTo(at, box.top + box.height);
    ctx.lineTo(at + box.height, box.top);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * Inside a wide band, beside a narrow one, upright where neither fits; none where it would stand on another band or its
 * words. `free` is where the words before it end; answers where its own do.
 */
function label(canvas: Canvas, band: DrawnBand, free: number, next: number): number {
  const { ctx, box, ratio, tokens } = canvas;
  const { left, right, text, quiet } = band;
  const pad = PAD * ratio;
  ctx.save();
  ctx.font = `${10.5 * ratio}px ${tokens["font-ui"]}`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const width = ctx.measureText(text).width;
  const height = PLATE * ratio;
  const upright = UPRIGHT * ratio;
  const middle = Math.min((left + right) / 2, box.left + box.width - upright / 2);
  const plate = (x: number, y: number, w: number, h: number) => {
    ctx.fillStyle = tokens["n-plot"];
    ctx.fillRect(x, y, w, h);
    ctx.fillStyle = quiet ? tokens["n-3"] : tokens.gap;
  };
  let end = free;
  const inside = right - left > width + 2 * pad;
  if (inside || (right + width + 3 * pad < next && right >= free)) {
    const x = inside ? (left + right - width) / 2 : right + pad;
    const top = box.top + 10 * ratio;
    plate(x - pad, top, width + 2 * pad, height);
    ctx.fillText(text, x, top + height / 2);
    end = x + width + pad;
  } else if (
    !quiet &&
    middle - upright / 2 >= free &&
    middle + upright / 2 <= Math.max(next, right)
  ) {
    ctx.translate(middle, box.top + box.height / 2);
    ctx.rotate(-Math.PI / 2);
    plate(-width / 2 - pad, -height / 2, width + 2 * pad, height);
    ctx.fillText(text, -width / 2, 0);
    end = middle + upright / 2;
  }
  ctx.restore();
  return end;
}
