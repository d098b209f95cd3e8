/** A trigger for a trace that has none yet: half way up what is shown, with a hysteresis that noise does not cross. */
import type { ChannelInfo } from "../../shared/device.js";
import type { ScopeTrigger, TraceSource } from "../../shared/stream.js";
import { physicalPerCount, toPhysical, toRaw } from "../../shared/units.js";
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

/** The same level in counts, or in the channel's unit; null where there is no way from one to the other. */
export function inOtherUnits(
  trigger: ScopeTrigger,
  channel: ChannelInfo | undefined,
): ScopeTrigger | null {
  const physical = !trigger.physical;
  if (trigger.trace.part === "phase") return { ...trigger, physical };
  if (!channel?.scaled || physicalPerCount(channel) === 0) return null;
  const perCount = physicalPerCount(channel);
  const factor = physical ? perCount : 1 / perCount;
  // A magnitude has no offset of its own.
  const level =
    trigger.trace.part === "magnitude"
      ? trigger.level * factor
      : physical
        ? toPhysical(trigger.level, channel)
        : toRaw(trigger.level, channel);
  const hysteresis = trigger.hysteresis * Math.abs(factor);
  const turned = factor < 0 && trigger.trace.part === "value";
  const edge = turned ? (trigger.edge === "rising" ? "falling" : "rising") : trigger.edge;
  return { ...trigger, edge, level, hysteresis, physical };
}
