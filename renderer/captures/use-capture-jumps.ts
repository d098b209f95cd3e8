/** A scope view that goes where the list of captures, or Ctrl with an arrow, sends it. */
import { nextTick, watch } from "vue";
import type { CaptureInfo } from "../../shared/capture.js";
import type { StreamId } from "../../shared/stream.js";
import type { FrozenSpan } from "../scope/state.js";
import type { Scope } from "../scope/use-scope.js";
import { useCaptures } from "./store.js";

/**
 * Where the picture is to stand: the capture whole, with the trigger at t = 0. From one capture to the next the picture
 * keeps the width and the place of the zero that the user gave it.
 */
export function spanAt(
  { scan, fraction, fromScan, toScan }: CaptureInfo,
  frozen: FrozenSpan | null,
  lastZero: number | null,
): FrozenSpan {
  const zeroScan = scan + fraction;
  if (!frozen || frozen.zeroScan !== lastZero) {
    return { fromScan, toScan, zeroScan, atTrigger: true };
  }
  const moved = zeroScan - frozen.zeroScan;
  return {
    fromScan: frozen.fromScan + moved,
    toScan: frozen.toScan + moved,
    zeroScan,
    atTrigger: true,
  };
}

export function useCaptureJumps(scope: Scope, stream: StreamId): void {
  const captures = useCaptures();
  let lastZero: number | null = null;
  let waiting: CaptureInfo | null = null;

  function jump(capture: CaptureInfo): void {
    const span = spanAt(capture, scope.state.value.frozen, lastZero);
    lastZero = span.zeroScan;
    scope.actions.show(span);
  }

  watch(
    () => captures.target,
    (target) => {
      if (target?.stream !== stream) return;
      // Once all views of the stream have heard of it: one that is opened later does not go there.
      void nextTick(() => captures.reached(target));
      // A recording's first picture shows all of it, and tells how far it goes.
      if (scope.isRecording.value && !scope.frame.value) waiting = target.capture;
      else jump(target.capture);
    },
    // The view of a recording that was just opened comes when its device is known.
    { immediate: true },
  );
  watch(scope.frame, (frame) => {
    if (!frame || !waiting) return;
    const capture = waiting;
    waiting = null;
    jump(capture);
  });
}
