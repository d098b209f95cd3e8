/** How the picture stands to the samples: every one shown, how many of the triggers were drawn, or what it waits for. */
import { computed, shallowRef, watch, type ComputedRef } from "vue";
import { formatSi } from "../../shared/figures.js";
import type { Scope } from "./use-scope.js";

/** A rate of triggers is taken over this long. */
const RATE_MS = 1000;

export type DrawnSource = Pick<
  Scope,
  "arrival" | "frame" | "isRecording" | "rate" | "running" | "state" | "trigger"
>;

export function useDrawnWords(scope: DrawnSource): ComputedRef<string> {
  const { frame, isRecording, rate, running, state, trigger } = scope;
  const perSecond = useTriggerRate(scope);
  return computed(() => {
    const now = frame.value;
    if (!now) return "";
    if (now.summarised < 1) return `summarising ${Math.floor(now.summarised * 100)} %`;
    if (state.value.frozen || isRecording.value) {
      if (now.samplesFromScan > now.fromScan) return "partly envelope: samples reused";
      return now.form === "samples" ? "every sample shown" : "every sample in a column";
    }
    if (!running.value || !trigger.value || state.value.sweep === "roll") return "";
    if (!now.trigger) return "waiting for a trigger";
    if (perSecond.value === null) return "";
    return `${rate.value} of ${formatSi(perSecond.value, "", 3)}/s drawn`;
  });
}

/** Triggers a second, between two answers that lie about so far apart; null until there are two of one run. */
function useTriggerRate({ arrival }: Pick<DrawnSource, "arrival">): ComputedRef<number | null> {
  const perSecond = shallowRef<number | null>(null);
  let seen: { run: number; count: number; atMs: number } | null = null;
  watch(
    arrival,
    (now) => {
      const count = now?.frame.triggersTotal ?? 0;
      const goesOn = seen && now && !now.frozen && now.frame.run === seen.run;
      if (!seen || !goesOn || count < seen.count) {
        // Of a picture that stands still the count is of another time than now.
        seen = now && !now.frozen ? { run: now.frame.run, count, atMs: now.atMs } : null;
        perSecond.value = null;
      } else if (now.atMs - seen.atMs > RATE_MS) {
        perSecond.value = ((count - seen.count) * 1000) / (now.atMs - seen.atMs);
        seen = { ...seen, count, atMs: now.atMs };
      }
    },
    { flush: "sync", immediate: true },
  );
  return computed(() => perSecond.value);
}
