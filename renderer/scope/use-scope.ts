/** State and actions of one scope view: what it is set to, what it asks for, what it tells the rest of the window. */
import { computed, onScopeDispose, ref, shallowRef, watch } from "vue";
import type { ScopeTrigger, StreamId, TraceSource } from "../../shared/stream.js";
import type { FrameRequest } from "../../shared/view.js";
import { bufferPairs, defaultTraces } from "../lib/traces.js";
import { useConnection } from "../stores/connection.js";
import { useInventory } from "../stores/inventory.js";
import { isActive, useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import { rezero } from "./frame-math.js";
import { fitLanes, reachOf } from "./lanes.js";
import {
  centre,
  follow,
  freeze,
  pan,
  restoreState,
  ViewHistory,
  zoom,
  type Extent,
  type Lane,
  type ScopeState,
  type Sweep,
} from "./state.js";
import { channelOf, scopeTrace } from "./trace-model.js";
import { inOtherUnits } from "./trigger-defaults.js";
import { useFrames } from "./use-frames.js";

/** How traces of I/Q pairs are drawn; by pair id. */
export type PairDrawing = "parts" | "magnitude" | "phase" | "all";

/** Blocks left to a stream whose history is frozen, so that it need not eat into it. */
const LEAST_SPARE_BLOCKS = 4;

export function useScope(stream: StreamId, view: string) {
  const connection = useConnection();
  const inventory = useInventory();
  const streams = useStreams();
  const views = useViews();

  const info = computed(() => streams.infos.get(stream));
  const device = computed(() => info.value && inventory.devices.get(info.value.device));
  const isRecording = computed(() => stream.startsWith("rec:"));
  const running = computed(() => isActive(info.value));
  const hasRun = computed(() => isRecording.value || (info.value?.run ?? 0) > 0);

  const kept = views.stateOf<{ scope: unknown; pairs: Record<string, PairDrawing> }>(view, stream);
  const state = shallowRef<ScopeState>(restoreState(kept?.scope, info.value?.rateSetHz ?? null));
  const pairs = ref<Record<string, PairDrawing>>(kept?.pairs ?? {});
  const history = new ViewHistory();
  const columns = ref(1024);
  watch([state, pairs], () =>
    views.keepState(view, stream, { scope: state.value, pairs: pairs.value }),
  );

  const sources = computed<TraceSource[]>(() => {
    if (!device.value || !info.value) return [];
    const plain = defaultTraces(device.value, info.value);
    const on = new Set(plain.map(({ channel }) => channel));
    const out: TraceSource[] = [];
    const joined = bufferPairs(device.value, info.value.buffer).filter(
      (pair) => on.has(pair.i) && on.has(pair.q),
    );
    const hidden = new Set<string>();
    for (const pair of joined) {
      const drawn = pairs.value[pair.id] ?? "parts";
      if (drawn === "magnitude" || drawn === "phase")
        [pair.i, pair.q].forEach((id) => hidden.add(id));
      if (drawn === "magnitude" || drawn === "all")
        out.push({ channel: pair.id, part: "magnitude" });
      if (drawn === "phase" || drawn === "all") out.push({ channel: pair.id, part: "phase" });
    }
    return [...plain.filter(({ channel }) => !hidden.has(channel)), ...out].slice(0, 16);
  });
  const traces = computed(() =>
    device.value && info.value
      ? sources.value.map((source) =>
          scopeTrace(device.value!, info.value!, source, state.value.physical),
        )
      : [],
  );

  const trigger = computed(() => info.value?.trigger ?? null);
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
  const { frame: answer, physical: answered, error, rate, age } = useFrames(request, moving);
  const frame = computed(() => {
    const { frozen } = state.value;
    return answer.value && frozen
      ? rezero(answer.value, frozen.zeroScan, info.value?.rateSetHz ?? null)
      : answer.value;
  });
  watch(rate, (now) => {
    if (views.focusedTab?.id === view) views.framesPerSecond = moving.value ? now : null;
  });
  watch(age, (now) => {
    if (now) views.screenAges.set(stream, now);
    else views.screenAges.delete(stream);
  });

  const extent = computed<Extent>(() => {
    const counters = streams.live(stream).counters;
    if (counters && !isRecording.value) {
      return { fromScan: counters.pyramidFromScan, toScan: counters.historyToScan };
    }
    return whole.value ?? { fromScan: 0, toScan: frame.value?.toScan ?? 0 };
  });
  /** A recording's own extent, learned from its first frame. */
  const whole = shallowRef<Extent | null>(null);
  watch(frame, (now) => {
    if (now && isRecording.value && !state.value.frozen) {
      whole.value = { fromScan: now.fromScan, toScan: now.toScan };
    }
  });

  function change(next: ScopeState): void {
    if (next === state.value) return;
    history.push(state.value, performance.now());
    state.value = next;
  }

  /** Stands still on what is shown now, if it does not yet. */
  function hold(): void {
    const now = frame.value;
    if (state.value.frozen || !now || now.x.length === 0) return;
    const zeroScan = now.originScan + now.zeroFraction;
    state.value = freeze(state.value, { fromScan: now.fromScan, toScan: now.toScan, zeroScan });
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
      if (toScan > fromScan) change(freeze(state.value, { fromScan, toScan, zeroScan: zeroOf() }));
    },
    show(fromScan: number, toScan: number, zeroScan: number): void {
      change(freeze(state.value, { fromScan, toScan, zeroScan }));
    },
    setSweep: (sweep: Sweep) => change({ ...follow(state.value), sweep }),
    setSpan: (spanScans: number) => {
      const { frozen } = state.value;
      if (!frozen) return change({ ...state.value, spanScans });
      const factor = spanScans / (frozen.toScan - frozen.fromScan);
      change(zoom(state.value, factor, 0.5, extent.value));
    },
    setPhysical(physical: boolean): void {
      change({ ...state.value, physical });
      const now = trigger.value;
      if (!now || !device.value || now.physical === physical) return;
      const next = inOtherUnits(now, channelOf(device.value, now.trace));
      if (next) streams.setTrigger(stream, next).catch(() => undefined);
    },
    setDots: (dots: boolean) => change({ ...state.value, dots }),
    setLane: (key: string, lane: Lane) =>
      change({ ...state.value, lanes: { ...state.value.lanes, [key]: lane } }),
    fitHeights(): void {
      if (!frame.value) return;
      change({ ...state.value, lanes: { ...state.value.lanes, ...fitted() } });
    },
    undo(): boolean {
      const before = history.pop();
      if (before) state.value = before;
      return before !== undefined;
    },
    setTrigger: (next: ScopeTrigger | null) => streams.setTrigger(stream, next),
    setPair: (pair: string, drawing: PairDrawing) => {
      pairs.value = { ...pairs.value, [pair]: drawing };
    },
  };

  const zeroOf = () =>
    state.value.frozen?.zeroScan ??
    (frame.value ? frame.value.originScan + frame.value.zeroFraction : 0);

  function fitted(): Record<string, Lane> {
    const now = frame.value!;
    const reaches = traces.value.map((_, index) => {
      const y = now.traces[index]?.y;
      return y ? reachOf(y) : null;
    });
    return Object.fromEntries(
      fitLanes(reaches).map((lane, index) => [traces.value[index]!.key, lane]),
    );
  }

  // A set of traces that was never arranged is arranged by the first frame that shows it.
  const arranged = ref("");
  watch(frame, (now) => {
    const keys = traces.value.map(({ key }) => key);
    const unknown = keys.some((key) => !state.value.lanes[key]);
    const set = keys.join("|");
    if (!now || now.traces.length !== keys.length || now.x.length === 0) return;
    // The last picture in volts says nothing of heights in counts.
    if (answered.value !== state.value.physical) return;
    if (unknown || (arranged.value !== "" && arranged.value !== set)) {
      state.value = { ...state.value, lanes: { ...state.value.lanes, ...fitted() } };
    }
    arranged.value = set;
  });
  const lanes = computed(() =>
    traces.value.flatMap(({ key }) => {
      const lane = state.value.lanes[key];
      return lane ? [lane] : [];
    }),
  );

  // Freezing keeps the whole history, but for a few blocks that the stream goes on with.
  watch(
    () => state.value.frozen !== null,
    (frozen) => {
      if (isRecording.value || !hasRun.value) return;
      const pinned = frozen
        ? connection.request("stream.pin", { stream, key: view, ...keptSpan() })
        : connection.request("stream.unpin", { stream, key: view });
      // What can't be pinned is gone already: the picture itself shows it.
      pinned.catch(() => undefined);
    },
  );

  function keptSpan(): { fromScan: number; toScan: number } {
    const { frozen } = state.value;
    const counters = streams.live(stream).counters;
    const geometry = info.value?.geometry;
    const [from, to] = [Math.floor(frozen!.fromScan), Math.ceil(frozen!.toScan)];
    if (!counters || !geometry) return { fromScan: from, toScan: to };
    const spare = Math.max(LEAST_SPARE_BLOCKS, Math.ceil(geometry.blockCount / 8));
    const kept = counters.historyFromScan + spare * geometry.scansPerBlock;
    return { fromScan: Math.min(from, kept), toScan: Math.max(to, counters.historyToScan) };
  }
  onScopeDispose(() => {
    if (!isRecording.value && state.value.frozen) {
      connection.request("stream.unpin", { stream, key: view }).catch(() => undefined);
    }
  });

  // A new run starts scan indices anew: what was frozen belongs to the old one.
  watch(
    () => info.value?.run,
    () => {
      if (state.value.frozen && !isRecording.value) state.value = follow(state.value);
    },
  );
  // What Single took is shown as it was taken.
  watch(
    () => views.taken.get(stream),
    (span) => {
      if (!span) return;
      const zero = span.trigger ? span.trigger.scan + span.trigger.fraction : span.fromScan;
      actions.show(span.fromScan, span.toScan, zero);
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
    state,
    pairs,
    traces,
    lanes,
    frame,
    error,
    rate,
    trigger,
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
