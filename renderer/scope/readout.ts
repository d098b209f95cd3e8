/** The plot in words, for those who cannot see it. */
import { formatDuration, joinFigure, plural } from "../../shared/figures.js";
import type { Frame } from "../../shared/view.js";
import { timeSpan } from "./frame-math.js";
import { reachOf } from "./lanes.js";
import { traceFigure, type ScopeTrace } from "./trace-model.js";

export const NOTHING_SHOWN = "Nothing is shown yet.";

/** `voltage0 from −0.8 V to 0.8 V, reached its range; 1 ms shown; triggered; 1 gap`. */
export function readout(
  frame: Frame | null,
  traces: ScopeTrace[],
  { frozen, recorded }: { frozen: boolean; recorded: boolean },
): string {
  if (!frame || frame.x.length === 0) return NOTHING_SHOWN;
  const words = traces.map((trace, index) => {
    const drawn = frame.traces[index];
    const reach = drawn && reachOf(drawn.y);
    if (!drawn || !reach) return `${trace.name} without data`;
    const [low, high] = [reach.min, reach.max].map((value) =>
      joinFigure(traceFigure(trace, value, 3)),
    );
    const clips = drawn.touchesTop + drawn.touchesBottom > 0 ? ", reached its range" : "";
    return `${trace.name} from ${low} to ${high}${clips}`;
  });
  const { from, to } = timeSpan(frame);
  const time =
    frame.timeAxis === "index"
      ? `${Math.round(frame.toScan - frame.fromScan)} scans shown`
      : `${formatDuration(to - from)} shown`;
  const gaps = frame.gaps.length > 0 ? [plural(frame.gaps.length, "gap")] : [];
  const live = frozen ? "frozen" : frame.trigger ? "triggered" : "running free";
  const state = recorded ? "recorded" : live;
  return [...words, time, state, ...gaps].join("; ");
}
