/** The figures beside the lanes: at divisions of each, with one unit for all or each with its own. */
import { formatSignificant } from "../../shared/figures.js";
import { DIVISIONS_Y, type Lane } from "./state.js";
import { laneScale, type ScopeTrace } from "./trace-model.js";

export interface LaneFigure {
  key: string;
  /** Of its colour. */
  slot: number;
  /** Its middle, CSS pixels from the host's top. */
  top: number;
  text: string;
}

const half = DIVISIONS_Y / 2;
/** More traces than this have no room for figures. */
const MOST_TRACES = 6;
/** Lines of text closer than this touch. */
const LINE_PX = 13;
const TAG_PX = 15;
/** How counts are called where a unit would stand. */
const COUNTS = "raw";

/** The unit of the axis: of all lanes, if they share it, and "" where each has its own. */
export function axisUnitOf(traces: ScopeTrace[], lanes: Lane[]): string {
  const units = new Set(traces.map((trace, index) => unitOf(trace, lanes[index])));
  return units.size === 1 ? [...units][0]! : "";
}

function unitOf(trace: ScopeTrace, lane: Lane | undefined): string {
  return lane ? laneScale(trace, lane.perDiv).unit || COUNTS : "";
}

/** Place of a height in divisions, CSS pixels. */
export function topOf(divisions: number, area: { top: number; height: number }): number {
  const inside = Math.min(half, Math.max(-half, divisions));
  return area.top + (area.height * (half - inside)) / DIVISIONS_Y;
}

/**
 * Inside each lane's own height only, none on a tag or on another figure. Where lanes differ in their units, the highest
 * figure of each says its own.
 */
export function laneFigures(
  traces: ScopeTrace[],
  lanes: Lane[],
  area: { top: number; height: number },
): LaneFigure[] {
  if (traces.length > MOST_TRACES || lanes.length < traces.length) return [];
  const own = axisUnitOf(traces, lanes) === "";
  const tags = lanes.map((lane) => topOf(lane.zero, area));
  const kept: LaneFigure[] = [];
  traces.forEach((trace, index) => {
    const lane = lanes[index]!;
    const { factor } = laneScale(trace, lane.perDiv);
    const unit = own ? ` ${unitOf(trace, lane)}` : "";
    let highest = true;
    for (const divisions of divisionsOf(index, traces.length, lane)) {
      const top = topOf(lane.zero + divisions, area);
      const touches =
        tags.some((tag) => Math.abs(tag - top) < TAG_PX) ||
        kept.some((figure) => Math.abs(figure.top - top) < LINE_PX);
      if (touches) continue;
      const text = formatSignificant(divisions * lane.perDiv * factor, 4);
      kept.push({
        key: `${trace.key} ${divisions}`,
        slot: trace.slot,
        top,
        text: text + (highest ? unit : ""),
      });
      highest = false;
    }
  });
  return kept;
}

/** A lane lower than this has its figures at half divisions. */
const LOW_DIVISIONS = 2.5;

/** Divisions from the trace's zero, wherever that is, from the top of its share of the plot down; 0 has its tag. */
function divisionsOf(index: number, count: number, lane: Lane): number[] {
  const height = DIVISIONS_Y / count;
  const step = height < LOW_DIVISIONS ? 0.5 : 1;
  const middle = half - (index + 0.5) * height;
  const lowest = Math.ceil((middle - height / 2 + 0.1 - lane.zero) / step);
  const highest = Math.floor((middle + height / 2 - 0.1 - lane.zero) / step);
  return Array.from({ length: Math.max(0, highest - lowest + 1) }, (_, k) => (highest - k) * step)
    .filter((divisions) => divisions !== 0)
    .filter((divisions) => Math.abs(lane.zero + divisions) <= half);
}
