/**
 * Pulls frames: one request in flight, the next at the following animation frame while something moves. So a slow host, a
 * slow door or a hidden window slows the picture, and nothing is ever queued.
 */
import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import type { Frame, FrameRequest } from "../../shared/view.js";
import { toStudioError, type StudioError } from "../../shared/errors.js";
import { RecentSpread, type Spread } from "../../shared/spread.js";
import { screenAge } from "../lib/screen-age.js";
import { useConnection } from "../stores/connection.js";

export interface FrameArrival {
  frame: Frame;
  /** Of `performance.now()`. */
  atMs: number;
  frozen: boolean;
}

export interface Frames {
  frame: ShallowRef<Frame | null>;
  /** Whether its values are physical: a change of that shows one frame later. */
  physical: ShallowRef<boolean | null>;
  /** The newest answer, when it came, and whether it shows what is frozen. */
  arrival: ShallowRef<FrameArrival | null>;
  error: ShallowRef<StudioError | null>;
  /** Frames drawn in the last second. */
  rate: ShallowRef<number>;
  /** Age of the newest sample when a frame was drawn, over the last ten seconds; seconds. */
  age: ShallowRef<Spread | null>;
}

/** A person reads these figures. */
const AGE_EVERY_MS = 500;

/**
 * @param request what to ask for, or null for nothing; a new value is asked for at once
 * @param moving  whether the answer changes by itself
 */
export function useFrames(request: Ref<FrameRequest | null>, moving: Ref<boolean>): Frames {
  const connection = useConnection();
  const frame = shallowRef<Frame | null>(null);
  const physical = shallowRef<boolean | null>(null);
  const arrival = shallowRef<FrameArrival | null>(null);
  const error = shallowRef<StudioError | null>(null);
  const rate = shallowRef(0);
  const age = shallowRef<Spread | null>(null);
  const ages = new RecentSpread();
  let agesTold = 0;
  let inFlight = false;
  let wanted = false;
  let scheduled = 0;
  let ended = false;
  const drawnAt: number[] = [];

  function schedule(): void {
    if (scheduled || ended) return;
    scheduled = requestAnimationFrame(() => {
      scheduled = 0;
      void ask();
    });
  }

  async function ask(): Promise<void> {
    const asked = request.value;
    if (!asked || ended) return;
    if (inFlight) {
      wanted = true;
      return;
    }
    inFlight = true;
    wanted = false;
    const askedMs = performance.now();
    try {
      const answer = await connection.request("view.frame", asked);
      if (ended) return;
      // An answer to what is no longer asked is still newer than what is shown; but what was frozen meanwhile stays.
      const now = request.value;
      const frozen = now?.range.kind === "range" && asked.range.kind !== "range";
      if (now?.stream === asked.stream && !frozen) {
        physical.value = asked.physical;
        frame.value = answer;
        const atMs = performance.now();
        arrival.value = { frame: answer, atMs, frozen: asked.range.kind === "range" };
        error.value = null;
        count();
        whenDrawn(answer, askedMs, performance.now());
      }
    } catch (thrown) {
      error.value = toStudioError(thrown);
    } finally {
      inFlight = false;
      const unfinished = frame.value !== null && frame.value.summarised < 1;
      if (wanted || ((moving.value || unfinished) && !error.value)) schedule();
    }
  }

  /** The next animation frame begins behind the drawing of this one. */
  function whenDrawn(answer: Frame, askedMs: number, receivedMs: number): void {
    if (!moving.value) return;
    requestAnimationFrame(() => {
      const drawnMs = performance.now();
      const seconds = screenAge(answer, { askedMs, receivedMs, drawnMs, wallMs: Date.now() });
      if (seconds === null || ended) return;
      ages.add(seconds, drawnMs / 1000);
      if (drawnMs - agesTold < AGE_EVERY_MS) return;
      agesTold = drawnMs;
      age.value = ages.last(drawnMs / 1000);
    });
  }

  function count(): void {
    const now = performance.now();
    drawnAt.push(now);
    while (drawnAt.length > 0 && drawnAt[0]! < now - 1000) drawnAt.shift();
    rate.value = drawnAt.length;
  }

  watch(request, schedule, { immediate: true });
  watch(moving, (now) => {
    if (now) return schedule();
    rate.value = 0;
    ages.clear();
    age.value = null;
  });
  onScopeDispose(() => {
    ended = true;
    cancelAnimationFrame(scheduled);
  });
  return { frame, physical, arrival, error, rate, age };
}
