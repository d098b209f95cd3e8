/** Sweeps and the scope trigger by name and by key. */
import type { ScopeTrigger } from "../../shared/stream.js";
import type { Command } from "../commands/command.js";
import { reachOf } from "./lanes.js";
import type { Sweep } from "./state.js";
import { nextStep } from "./steps.js";
import { sameSource, triggerFor } from "./trigger-defaults.js";
import type { Scope } from "./use-scope.js";

/** As they stand in the strip; their keys lie side by side, and 0 behind them is no trigger at all. */
export const SWEEPS: { sweep: Sweep; label: string; tip: string; key: string }[] = [
  {
    sweep: "auto",
    label: "Auto",
    tip: "Shows each trigger, and runs free where none comes",
    key: "7",
  },
  { sweep: "normal", label: "Normal", tip: "Shows triggers only; the last one stays", key: "8" },
  {
    sweep: "roll",
    label: "Roll",
    tip: "The newest data at the right edge, without a trigger",
    key: "9",
  },
];

/** A trigger on the trace at this place of the view, half way up what is shown of it. */
export function triggerOn(scope: Scope, at: number): ScopeTrigger | null {
  const trace = scope.traces.value[at];
  if (!trace) return null;
  const y = scope.frame.value?.traces[at]?.y;
  const { physical } = scope.state.value;
  const { edge } = scope.triggering.shown.value ?? scope.trigger.value ?? {};
  return triggerFor(trace.source, y ? reachOf(y) : null, physical, edge);
}

export function triggerCommands(scope: Scope): Command[] {
  const { actions, state, traces, trigger, isRecording } = scope;
  const { shown } = scope.triggering;
  const recorded = () => (isRecording.value ? "this is a recording" : null);
  const noTrigger = () => recorded() ?? (trigger.value ? null : "choose a trigger source first");
  const command = (entry: Omit<Command, "category">): Command => ({ category: "View", ...entry });
  const level = (direction: 1 | -1) => () => {
    const now = shown.value;
    if (!now) return;
    const step = nextStep(Math.max(Math.abs(now.hysteresis), 1e-12) / 2, 1);
    return actions.setTrigger({ ...now, level: now.level + direction * step });
  };
  /** Place of the trace that triggers, or -1. */
  const sourceAt = () => {
    const now = trigger.value;
    return now ? traces.value.findIndex(({ source }) => sameSource(source, now.trace)) : -1;
  };
  /** The trace after it; the first after the last, and where none triggers. */
  const nextSource = () => (sourceAt() + 1) % Math.max(1, traces.value.length);
  return [
    ...SWEEPS.map(({ sweep, label, key }) =>
      command({
        id: `scope.sweep${label}`,
        title: `Sweep: ${sweep}`,
        keys: [key],
        blocked: recorded,
        checked: () => state.value.sweep === sweep,
        run: () => actions.setSweep(sweep),
      }),
    ),
    command({
      id: "scope.untrigger",
      title: "Trigger off, run free",
      keys: ["0"],
      blocked: () => recorded() ?? (trigger.value ? null : "it runs free already"),
      checked: () => !isRecording.value && trigger.value === null,
      run: () => actions.setTrigger(null),
    }),
    command({
      id: "scope.source",
      title: () => {
        const next = traces.value[nextSource()];
        return next ? `Trigger on ${next.name}` : "Trigger on the next trace";
      },
      keys: ["Shift+E"],
      blocked: () => recorded() ?? (traces.value.length > 0 ? null : "no channel is enabled"),
      run: () => {
        const next = triggerOn(scope, nextSource());
        if (state.value.sweep === "roll") actions.setSweep("auto");
        return actions.setTrigger(next);
      },
    }),
    command({
      id: "scope.edge",
      title: "Trigger on the other edge",
      keys: ["E"],
      blocked: noTrigger,
      run: () => {
        const now = shown.value ?? trigger.value;
        if (!now) return;
        const edge = now.edge === "rising" ? "falling" : "rising";
        return actions.setTrigger({ ...now, edge });
      },
    }),
    command({
      id: "scope.hysteresis",
      title: "Trigger hysteresis…",
      keys: ["H"],
      blocked: () =>
        noTrigger() ??
        (state.value.sweep === "roll" ? "roll takes no trigger" : null) ??
        (state.value.frozen ? "the picture is frozen; F follows again" : null) ??
        (sourceAt() < 0 ? "this view does not draw the trace that triggers" : null),
      run: () => {
        scope.triggerSettings.value = true;
      },
    }),
    command({
      id: "scope.levelUp",
      title: "Trigger level up",
      keys: ["Up"],
      blocked: noTrigger,
      run: level(1),
    }),
    command({
      id: "scope.levelDown",
      title: "Trigger level down",
      keys: ["Down"],
      blocked: noTrigger,
      run: level(-1),
    }),
  ];
}
