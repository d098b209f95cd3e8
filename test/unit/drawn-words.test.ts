/** How many of the triggers are drawn: counted between answers of one run, never across a picture that stood still. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { computed, effectScope, ref, shallowRef, type EffectScope } from "vue";
import { useDrawnWords, type DrawnSource } from "../../renderer/scope/use-drawn-words.js";
import type { FrameArrival } from "../../renderer/scope/use-frames.js";
import type { Frame } from "../../shared/view.js";

let scope: EffectScope;
beforeEach(() => void (scope = effectScope()));
afterEach(() => scope.stop());

function make() {
  const arrival = shallowRef<FrameArrival | null>(null);
  const state = ref({ frozen: null as object | null, sweep: "auto" });
  const source = {
    arrival,
    frame: computed(() => arrival.value?.frame ?? null),
    isRecording: computed(() => false),
    rate: shallowRef(60),
    running: computed(() => true),
    state,
    trigger: computed(() => ({})),
  } as unknown as DrawnSource;
  const words = scope.run(() => useDrawnWords(source))!;
  const arrive = (triggersTotal: number, atMs: number, frozen = false, run = 1) => {
    const frame = { triggersTotal, run, summarised: 1, trigger: {}, form: "samples" };
    state.value.frozen = frozen ? {} : null;
    arrival.value = { frame: frame as unknown as Frame, atMs, frozen };
  };
  return { words, arrive };
}

it("says nothing of triggers that came before it looked", () => {
  const { words, arrive } = make();
  arrive(23_600, 5000);
  expect(words.value).toBe("");
  arrive(23_600 + 400, 6200);
  expect(words.value).toBe("60 of 333/s drawn");
});

it("begins anew behind a freeze and in a new run", () => {
  const { words, arrive } = make();
  arrive(0, 0);
  arrive(500, 1500);
  expect(words.value).toContain("333/s");
  // Held for four seconds: the host counted on, and the picture did not.
  arrive(510, 1600, true);
  vi.spyOn(performance, "now").mockReturnValue(5600);
  arrive(1843, 5600);
  expect(words.value).toBe("");
  arrive(2243, 6800);
  expect(words.value).toBe("60 of 333/s drawn");
  arrive(40, 7000, false, 2);
  expect(words.value).toBe("");
  vi.restoreAllMocks();
});
