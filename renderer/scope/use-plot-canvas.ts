/** The canvas of a plot: uPlot gives the time axis, its scale and the sizes; all else is drawn by the caller. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import {
  onBeforeUnmount,
  onMounted,
  ref,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from "vue";
import type { Tokens } from "../lib/tokens.js";
import { drawGrid, type Canvas } from "./draw.js";
import type { Span } from "./frame-math.js";
import { DIVISIONS_Y } from "./state.js";
import { tickText, TIME_STEPS, type AxisUnit } from "./time-axis.js";

/** The plotting area, CSS pixels inside the host. */
export interface PlotArea {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface PlotCanvas {
  area: Ref<PlotArea>;
  redraw: () => void;
}

export interface PlotDrawing {
  host: Readonly<ShallowRef<HTMLElement | null>>;
  tokens: ComputedRef<Tokens>;
  span: ComputedRef<Span>;
  unit: ComputedRef<AxisUnit>;
  draw: (canvas: Canvas) => void;
  /** How far the unit at the axis's left end reaches, CSS pixels from the host's left edge. */
  unitEnd: () => number;
  resized: (width: number) => void;
}

const LEFT = 62;
const RIGHT = 16;
const TOP = 18;
const half = DIVISIONS_Y / 2;
/** Of a tick's figure, from its middle, by its letters; and some air. */
const DIGIT_PX = 3;
const AIR_PX = 5;

export function usePlotCanvas(drawing: PlotDrawing): PlotCanvas {
  const { host, tokens, span, unit } = drawing;
  const area = ref<PlotArea>({ left: 0, top: 0, width: 0, height: 0 });
  let plot: uPlot | null = null;
  let observer: ResizeObserver | null = null;

  function build(element: HTMLElement): void {
    plot?.destroy();
    plot = new uPlot(options(element), [[0, 1]], element);
    place();
  }

  function options(element: HTMLElement): uPlot.Options {
    return {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: [TOP, RIGHT, 0, LEFT],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, auto: false, range: () => [span.value.from, span.value.to] },
        y: { auto: false, range: [-half, half] },
      },
      axes: [
        {
          stroke: tokens.value.axis,
          font: `10.5px ${tokens.value["font-ui"]}`,
          size: 24,
          gap: 4,
          space: 70,
          ticks: { show: false },
          grid: { stroke: tokens.value.grid, width: 1 },
          incrs: TIME_STEPS,
          values: (u, splits) => splits.map((value) => tick(u, value, splits)),
        },
        { show: false },
      ],
      series: [{}],
      hooks: {
        drawClear: [(u) => drawGrid(canvasOf(u))],
        draw: [(u) => drawing.draw(canvasOf(u))],
      },
    };
  }

  /** A tick's figure; none where the words at the axis stand. */
  function tick(u: uPlot, value: number, splits: number[]): string {
    const text = tickText(value, splits, unit.value.factor);
    const reach = text.length * DIGIT_PX + AIR_PX;
    const at = LEFT + u.valToPos(value, "x");
    return at - reach < drawing.unitEnd() || at + reach > u.width ? "" : text;
  }

  function canvasOf(u: uPlot): Canvas {
    const { left, top, width, height } = u.bbox;
    const { from, to } = span.value;
    const xb = width / (to - from || 1);
    return {
      ctx: u.ctx,
      box: { left, top, width, height },
      ratio: devicePixelRatio,
      tokens: tokens.value,
      x: { a: left - from * xb, b: xb },
      y: { a: top + height / 2, b: -height / DIVISIONS_Y },
    };
  }

  function place(): void {
    if (!plot) return;
    const { left, top, width, height } = plot.bbox;
    const ratio = devicePixelRatio;
    area.value = {
      left: left / ratio,
      top: top / ratio,
      width: width / ratio,
      height: height / ratio,
    };
    drawing.resized(Math.round(width / ratio));
  }

  let shown: Span = { from: NaN, to: NaN };
  function redraw(): void {
    if (!plot) return;
    const { from, to } = span.value;
    if (from !== shown.from || to !== shown.to) {
      shown = { from, to };
      plot.setScale("x", { min: from, max: to });
    } else {
      plot.redraw(false, false);
    }
  }

  onMounted(() => {
    build(host.value!);
    observer = new ResizeObserver(() => {
      const element = host.value;
      if (!plot || !element || element.clientWidth === 0) return;
      plot.setSize({ width: element.clientWidth, height: element.clientHeight });
      place();
    });
    observer.observe(host.value!);
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
    plot?.destroy();
  });
  watch(tokens, () => host.value && build(host.value));

  return { area, redraw };
}
