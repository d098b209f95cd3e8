/** A trigger for a trace that has none yet: half way up what is shown, with a hysteresis that noise does not cross. */
import type { ScopeTrigger, TraceSource } from "../../shared/stream.js";
import type { Reach } from "./lanes.js";

export function triggerFor(
  trace: TraceSource,
  reach: Reach | null,
  physical: boolean,
  edge: ScopeTrigger["edge"] = "rising",
): ScopeTrigger {
  const { min, max } = reach ?? { min: 0, max: 0 };
  return { trace, edge, level: (min + max) / 2, hysteresis: (max - min) / 20, physical };
}

export function sameSource(a: TraceSource, b: TraceSource): boolean {
  return a.channel === b.channel && a.part === b.part;
}
