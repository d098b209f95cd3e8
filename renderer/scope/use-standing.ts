/**
 * A picture that stands still goes on to when another tab comes before its view, or the views are arranged anew: as long
 * as the tab shows that stream, in one run.
 */
import { onScopeDispose, watch, type ComputedRef, type ShallowRef } from "vue";
import { stateKey } from "../lib/layout.js";
import type { StreamId, StreamInfo } from "../../shared/stream.js";
import { useViews } from "../stores/views.js";
import { freeze, type Extent, type ScopeState } from "./state.js";

export interface StandingSource {
  stream: StreamId;
  view: string;
  state: ShallowRef<ScopeState>;
  info: ComputedRef<StreamInfo | undefined>;
  /** Of a recording all that there is: a picture of a part of it does not tell. */
  whole: ShallowRef<Extent | null>;
}

/** Puts back what stood still when the view was last seen, and keeps it from now on. */
export function useStanding({ stream, view, state, info, whole }: StandingSource): void {
  const views = useViews();
  const key = stateKey(view, stream);
  const before = views.standing.get(key);
  if (before && before.run === info.value?.run) {
    state.value = freeze(state.value, before.span);
    whole.value = before.whole;
  } else letGo();

  function letGo(): void {
    views.standing.delete(key);
    views.unpin(view);
  }

  watch(
    () => state.value.frozen,
    (span) => {
      if (!span) return void views.standing.delete(key);
      views.standing.set(key, { span, run: info.value?.run, whole: whole.value });
    },
    { flush: "sync" },
  );
  onScopeDispose(() => {
    const there = views.tabs.some((tab) => tab.id === view && tab.stream === stream);
    if (!there) letGo();
    // What moved is not gone back to: the pictures that it was shown last are of no use.
    if (!state.value.frozen) views.leave(view, stream);
  });
}
