/** Draws the strip of block states on a canvas, so that hundreds of blocks at display rate cost nothing. */
import type { BlockState } from "../../shared/stream.js";
import type { BlockStrip } from "../lib/block-strip.js";
import type { Tokens } from "../lib/tokens.js";

/** Sizes in CSS pixels, as the tokens have them. */
function sizes() {
  const style = getComputedStyle(document.documentElement);
  const number = (name: string) => Number.parseFloat(style.getPropertyValue(name));
  return { cell: number("--h-cell"), gap: number("--gap-cell") };
}

export function stripHeight(strip: BlockStrip): number {
  const { cell, gap } = sizes();
  const rows = Math.max(1, Math.ceil(strip.cells.length / strip.columns));
  return rows * cell + (rows - 1) * gap;
}

export function drawBlocks(
  canvas: HTMLCanvasElement,
  width: number,
  strip: BlockStrip,
  tokens: Tokens,
): void {
  const { cell, gap } = sizes();
  const height = stripHeight(strip);
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  const columns = Math.min(strip.columns, Math.max(1, strip.cells.length));
  // A few blocks do not stretch over the whole width: a cell keeps the look of one.
  const step = Math.min((width + gap) / columns, ((width + gap) / strip.columns) * 2);
  strip.cells.forEach((state, at) => {
    const x = Math.round((at % strip.columns) * step);
    const next = Math.round(((at % strip.columns) + 1) * step);
    const y = Math.floor(at / strip.columns) * (cell + gap);
    drawCell(context, state, x, y, next - x - gap, cell, tokens);
  });
}

function drawCell(
  context: CanvasRenderingContext2D,
  state: BlockState,
  x: number,
  y: number,
  w: number,
  h: number,
  tokens: Tokens,
): void {
  const edge = (colour: string) => {
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
  };
  const fill = (colour: string, top = 0, height = h) => {
    context.fillStyle = colour;
    context.fillRect(x, y + top, w, height);
  };
  switch (state) {
    case "idle":
      return edge(tokens["n-line"]);
    case "queued":
      return edge(tokens["n-off"]);
    case "active":
      fill(tokens.running, Math.round(h * 0.45), h - Math.round(h * 0.45));
      return edge(tokens.running);
    case "history":
      context.globalAlpha = 0.62;
      fill(tokens["n-3"]);
      context.globalAlpha = 1;
      return;
    case "held":
      fill(tokens.recording);
      return fill(tokens["n-panel"], Math.round(h * 0.38), 2);
    case "pinned":
      fill(tokens.accent);
      context.fillStyle = tokens["n-panel"];
      context.beginPath();
      context.arc(x + w / 2, y + h * 0.32, Math.min(1.6, w / 3), 0, 2 * Math.PI);
      context.fill();
      return;
    case "failed":
      edge(tokens.gap);
      context.beginPath();
      context.moveTo(x + 0.5, y + h - 0.5);
      context.lineTo(x + w - 0.5, y + 0.5);
      context.stroke();
      return;
  }
}
