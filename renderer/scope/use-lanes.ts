/** Where the traces of a view stand: arranged by the program where the user has not, and kept as the user left them. */
import { computed, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { Frame } from "../../shared/view.js";
import { isEmpty } from "./frame-math.js";
import { coversItsRange, fitLanes, outgrown, reachOf, type Reach } from "./lanes.js";
import type { Lane, ScopeState } from "./state.js";
import type { ScopeTrace } from "./trace-model.js";

export interface LanesSource {
  state: ShallowRef<ScopeState>;
  traces: ComputedRef<ScopeTrace[]>;
  frame: ComputedRef<Frame | null>;
  /** Whether the values of the frame are physical. */
  answered: Ref<boolean | null>;
}

export function useLanes({ state, traces, frame, answered }: LanesSource) {
  const keys = computed(() => traces.value.map(({ key }) => key));
  /** None of them while one is still without a place. */
  const lanes = computed<Lane[]>(() => {
    const placed = keys.value.flatMap((key) => state.value.lanes[key] ?? []);
    return placed.length === keys.value.length ? placed : [];
  });

  const reaches = (now: Frame): (Reach | null)[] =>
    traces.value.map((_, index) => {
      const y = now.traces[index]?.y;
      return y ? reachOf(y) : null;
    });

  function fitted(now: Frame): Record<string, Lane> {
    const fit = fitLanes(reaches(now));
    return Object.fromEntries(fit.map((lane, index) => [keys.value[index]!, lane]));
  }

  /** Lanes of a picture that was still filling when it was arranged: they grow with it until it is full. */
  let filling: Lane[] | null = null;

  function arrange(now: Frame): void {
    const added = fitted(now);
    state.value = {
      ...state.value,
      lanes: { ...state.value.lanes, ...added },
      arranged: keys.value.join("|"),
    };
    filling = Object.values(added);
  }

  // A set of traces that was never arranged is arranged by the first frame that shows it.
  watch(frame, (now) => {
    if (!now || now.traces.length !== keys.value.length || isEmpty(now)) return;
    // The last picture in volts says nothing of heights in counts.
    if (answered.value !== state.value.physical) return;
    const set = keys.value.join("|");
    if (lanes.value.length === 0 || state.value.arranged !== set) return arrange(now);
    const untouched = filling?.every((lane, index) => lane === lanes.value[index]) ?? false;
    if (untouched && outgrown(reaches(now), lanes.value)) arrange(now);
    if (!untouched || coversItsRange(now)) filling = null;
  });

  return { lanes, fitted };
}
