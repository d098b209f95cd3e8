/** How the picture stands to the samples: every one shown, how many of the triggers were drawn, or what it waits for. */
import { computed, type ComputedRef } from "vue";
import { formatSi } from "../../shared/figures.js";
import type { Scope } from "./use-scope.js";

/** A rate of triggers is taken over this long. */
const RATE_MS = 1000;

export function useDrawnWords(scope: Scope): ComputedRef<string> {
  const { frame, isRecording, rate, running, state, trigger } = scope;
  let seen = { count: 0, at: 0, perSecond: 0 };
  return computed(() => {
    const now = frame.value;
    if (!now) return "";
    if (now.summarised < 1) return `summarising ${Math.floor(now.summarised * 100)} %`;
    if (state.value.frozen || isRecording.value) {
      if (now.samplesFromScan > now.fromScan) return "partly envelope: samples reused";
      return now.form === "samples" ? "every sample shown" : "every sample in a column";
    }
    if (!running.value || !trigger.value || state.value.sweep === "roll") return "";
    const at = performance.now();
    if (at - seen.at > RATE_MS) {
      const perSecond =
        seen.at > 0 ? ((now.triggersTotal - seen.count) * 1000) / (at - seen.at) : 0;
      seen = { count: now.triggersTotal, at, perSecond: Math.max(0, perSecond) };
    }
    if (!now.trigger) return "waiting for a trigger";
    return `${rate.value} of ${formatSi(seen.perSecond, "", 3)}/s drawn`;
  });
}
