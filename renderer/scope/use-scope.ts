/** State and actions of one scope view: what it is set to, what it asks for, what it tells the rest of the window. */
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { ScopeTrigger, StreamId } from "../../shared/stream.js";
import type { FrameRequest } from "../../shared/view.js";
import { useCaptures } from "../captures/store.js";
import { useInventory } from "../stores/inventory.js";
import { isActive, useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import { rezero } from "./frame-math.js";
import { zeroOf } from "./pointer-words.js";
import {
  centre,
  follow,
  freeze,
  pan,
  restoreState,
  ViewHistory,
  zoom,
  type Extent,
  type FrozenSpan,
  type Lane,
  type ScopeState,
  type Sweep,
} from "./state.js";
import { scopeTrace } from "./trace-model.js";
import { useFrames } from "./use-frames.js";
import { useLanes } from "./use-lanes.js";
import { usePinned } from "./use-pinned.js";
import { usePointer } from "./use-pointer.js";
import { useSources, type PairDrawing } from "./use-sources.js";
import { useStanding } from "./use-standing.js";
import { useTrigger } from "./use-trigger.js";

/** What of a view is kept from session to session. */
interface Kept {
  scope: unknown;
  pairs: Record<string, PairDrawing>;
  fromTrace?: number;
}

export function useScope(stream: StreamId, view: string) {
  const inventory = useInventory();
  const streams = useStreams();
  const views = useViews();
  const captures = useCaptures();

  const info = computed(() => streams.infos.get(stream));
  const device = computed(() => info.value && inventory.devices.get(info.value.device));
  const isRecording = computed(() => stream.startsWith("rec:"));
  const running = computed(() => isActive(info.value));
  const rateHz = computed(() => info.value?.rateSetHz ?? null);
  const hasRun = computed(() => isRecording.value || (info.value?.run ?? 0) > 0);

  const kept = views.stateOf<Kept>(view, stream);
  const state = shallowRef<ScopeState>(restoreState(kept?.scope, rateHz.value));
  /** A recording's own extent, learned from its first frame. */
  const whole = shallowRef<Extent | null>(null);
  useStanding({ stream, view, state, info, whole });
  const pairs = ref<Record<string, PairDrawing>>(kept?.pairs ?? {});
  /** Whether the settings of the trigger are open. */
  const triggerSettings = ref(false);
  const fromTrace = ref(kept?.fromTrace ?? 0);
  const history = new ViewHistory();
  const columns = ref(1024);
  watch([state, pairs, fromTrace], () => {
    const keep: Kept = { scope: state.value, pairs: pairs.value, fromTrace: fromTrace.value };
    views.keepState(view, stream, keep);
  });

  const { page, joined } = useSources(device, info, pairs, fromTrace);
  const sources = computed(() => page.value.drawn);
  const traces = computed(() =>
    device.value && info.value
      ? sources.value.map((source) =>
          scopeTrace(device.value!, info.value!, source, state.value.physical),
        )
      : [],
  );

  const triggering = useTrigger({ stream, info, device, state });
  const { trigger } = triggering;
  const request = computed<FrameRequest | null>(() => {
    if (!hasRun.value || traces.value.length === 0) return null;
    return {
      stream,
      traces: sources.value,
      range: rangeOf(state.value, trigger.value, isRecording.value),
      columns: Math.min(8192, Math.max(16, columns.value)),
      physical: state.value.physical,
      ...(isRecording.value || state.value.frozen ? {} : { keep: view }),
    };
  });
  const moving = computed(() => running.value && state.value.frozen === null);
  const {
    frame: answer,
    physical: answered,
    arrival,
    error,
    rate,
    age,
  } = useFrames(request, moving);
  const frame = computed(() => {
    const { frozen } = state.value;
    return answer.value && frozen
      ? rezero(answer.value, frozen.zeroScan, rateHz.value)
      : answer.value;
  });
  watch(
    [rate, moving],
    ([now, moves]) => {
      if (moves) views.frameRates.set(view, now);
      else views.frameRates.delete(view);
    },
    { immediate: true },
  );
  watch(age, (now) => {
    if (now) views.screenAges.set(stream, now);
    else views.screenAges.delete(stream);
  });
  onScopeDispose(() => {
    views.frameRates.delete(view);
    views.screenAges.delete(stream);
  });

  const extent = computed<Extent>(() => {
    const counters = streams.live(stream).counters;
    if (counters && !isRecording.value) {
      return { fromScan: counters.pyramidFromScan, toScan: counters.historyToScan };
    }
    return whole.value ?? { fromScan: 0, toScan: frame.value?.toScan ?? 0 };
  });
  watch(frame, (now) => {
    if (now && isRecording.value && !state.value.frozen) {
      whole.value = { fromScan: now.fromScan, toScan: now.toScan };
    }
  });

  const { lanes, fitted } = useLanes({ state, traces, frame, answered });
  usePinned({ stream, view, state, info, isRecording, hasRun });
  const pointer = usePointer({
    frame,
    rateHz,
    columns,
    gapsInAll: computed(() => {
      const loss = info.value?.file?.continuity ?? streams.live(stream).counters?.continuity;
      const between = isRecording.value ? (captures.lists.get(stream)?.count ?? 0) : 0;
      return (loss?.gaps ?? 0) + between;
    }),
    fileFrom: computed(() => (isRecording.value ? (whole.value?.fromScan ?? null) : null)),
  });
  const zero = computed(() =>
    zeroOf(frame.value, {
      recording: isRecording.value,
      frozen: state.value.frozen,
      roll: state.value.sweep === "roll",
    }),
  );

  function change(next: ScopeState): void {
    if (next === state.value) return;
    history.push(state.value, performance.now());
    state.value = next;
  }

  /** Stands still on what is shown now, if it does not yet. */
  function hold(): void {
    const now = frame.value;
    if (state.value.frozen || !now || now.x.length === 0) return;
    const { fromScan, toScan } = now;
    state.value = freeze(state.value, { fromScan, toScan, ...zeroSeen() });
  }

  const actions = {
    zoom(factor: number, at: number): void {
      if (isRecording.value || !running.value) hold();
      change(zoom(state.value, factor, at, extent.value));
    },
    pan(part: number): void {
      history.push(state.value, performance.now());
      hold();
      state.value = pan(state.value, part, extent.value);
    },
    centre(scan: number): void {
      history.push(state.value, performance.now());
      hold();
      state.value = centre(state.value, scan, extent.value);
    },
    freeze(): void {
      history.push(state.value, performance.now());
      hold();
    },
    follow: () => change(follow(state.value)),
    showAll(): void {
      const { fromScan, toScan } = extent.value;
      if (toScan > fromScan) change(freeze(state.value, { fromScan, toScan, ...zeroSeen() }));
    },
    show: (span: FrozenSpan) => change(freeze(state.value, span)),
    setSweep: (sweep: Sweep) => change({ ...follow(state.value), sweep }),
    setSpan: (spanScans: number) => {
      const { frozen } = state.value;
      if (!frozen) return change({ ...state.value, spanScans });
      const factor = spanScans / (frozen.toScan - frozen.fromScan);
      change(zoom(state.value, factor, 0.5, extent.value));
    },
    setPhysical: (physical: boolean) => change({ ...state.value, physical }),
    setDots: (dots: boolean) => change({ ...state.value, dots }),
    setLane: (key: string, lane: Lane) =>
      change({ ...state.value, lanes: { ...state.value.lanes, [key]: lane } }),
    fitHeights(): void {
      if (!frame.value) return;
      change({ ...state.value, lanes: { ...state.value.lanes, ...fitted(frame.value) } });
    },
    undo(): boolean {
      const before = history.pop();
      if (before) state.value = before;
      return before !== undefined;
    },
    setTrigger: triggering.set,
    setPair: (pair: string, drawing: PairDrawing) => {
      pairs.value = { ...pairs.value, [pair]: drawing };
    },
    /** Of more traces than a view takes, those after the ones that are drawn. */
    nextTraces: () => {
      fromTrace.value = page.value.next;
    },
  };

  /** The zero of the picture as it is now. */
  function zeroSeen(): Pick<FrozenSpan, "zeroScan" | "atTrigger"> {
    if (state.value.frozen) return state.value.frozen;
    const now = frame.value;
    return {
      zeroScan: now ? now.originScan + now.zeroFraction : 0,
      atTrigger: Boolean(now?.trigger),
    };
  }

  // A new run starts scan indices anew: what was frozen belongs to the old one.
  watch(
    () => info.value?.run,
    () => {
      if (isRecording.value) return;
      history.thaw();
      if (state.value.frozen) state.value = follow(state.value);
    },
  );
  // What Single took is shown as it was taken.
  watch(
    () => views.taken.get(stream),
    (span) => {
      if (!span) return;
      const { fromScan, toScan, trigger: at } = span;
      const zeroScan = at ? at.scan + at.fraction : fromScan;
      actions.show({ fromScan, toScan, zeroScan, atTrigger: at !== null });
    },
  );
  watch(
    () => [state.value.spanScans, state.value.position, trigger.value] as const,
    ([spanScans, position, set]) =>
      views.acquisitions.set(stream, {
        scans: Math.max(1, spanScans),
        preScans: set ? spanScans * position : 0,
      }),
    { immediate: true },
  );

  return {
    info,
    device,
    isRecording,
    running,
    hasRun,
    rateHz,
    state,
    pairs,
    joined,
    page,
    traces,
    lanes,
    pointer,
    zero,
    frame,
    arrival,
    error,
    rate,
    trigger,
    triggering,
    triggerSettings,
    columns,
    extent,
    actions,
  };
}

function rangeOf(
  state: ScopeState,
  trigger: ScopeTrigger | null,
  isRecording: boolean,
): FrameRequest["range"] {
  if (state.frozen) {
    return { kind: "range", fromScan: state.frozen.fromScan, toScan: state.frozen.toScan };
  }
  if (isRecording) return { kind: "all" };
  if (trigger && (state.sweep === "auto" || state.sweep === "normal")) {
    const preScans = state.spanScans * state.position;
    return {
      kind: "trigger",
      preScans,
      postScans: state.spanScans - preScans,
      mode: state.sweep,
    };
  }
  return { kind: "follow", scans: state.spanScans };
}

export type Scope = ReturnType<typeof useScope>;
