/**
 * Views: where they are docked, which has the focus, and what a view tells the rest of the window. Run, Stop, Single and
 * Record act on the focused view's stream, or on all that are open.
 */
import { defineStore } from "pinia";
import { computed, ref, shallowReactive } from "vue";
import type { DeviceId } from "../../shared/device.js";
import type { Spread } from "../../shared/spread.js";
import { streamId, type StreamId } from "../../shared/stream.js";
import { stateKey, type ViewGroup, type ViewTab } from "../lib/layout.js";
import type { Standing } from "../scope/state.js";
import { useConnection } from "./connection.js";
import { useInventory } from "./inventory.js";
import { useSettings } from "./settings.js";
import { isActive, useStreams } from "./streams.js";

/** What Single takes when a view has set no length: a tenth of a second. */
const SINGLE_SECONDS = 0.1;
const SINGLE_SCANS = 4096;

/** The span one press of Single brought. */
export interface TakenSpan {
  fromScan: number;
  toScan: number;
  trigger: { scan: number; fraction: number } | null;
}

/** Samples that stay while a view stands on them. */
export interface PinnedSpan {
  stream: StreamId;
  fromScan: number;
  toScan: number;
}

let ids = 0;
const newId = (prefix: string) => `${prefix}${Date.now().toString(36)}${(ids++).toString(36)}`;

export const useViews = defineStore("views", () => {
  const settings = useSettings();
  const inventory = useInventory();
  const streams = useStreams();
  const layout = settings.layout;
  const allStreams = ref(false);
  /** Length of one acquisition, set by views of a stream. */
  const acquisitions = shallowReactive(new Map<StreamId, { scans: number; preScans: number }>());
  const taken = shallowReactive(new Map<StreamId, TakenSpan>());
  /** What frozen views hold of the history, by view. */
  const pinned = shallowReactive(new Map<string, PinnedSpan>());
  /** What stands still, in views behind another tab too; by view and stream. */
  const standing = new Map<string, Standing>();
  /** Of views whose picture moves, by view. */
  const frameRates = shallowReactive(new Map<string, number>());
  /** How old the newest samples are when they are drawn, of streams that a view follows. */
  const screenAges = shallowReactive(new Map<StreamId, Spread>());

  const tabs = computed(() => layout.rows.flat().flatMap((group) => group.tabs));
  const focusedTab = computed(
    () => tabs.value.find((tab) => tab.id === layout.focusedView) ?? tabs.value[0] ?? null,
  );
  /** Of the view that has the focus; null if its picture stands still. */
  const framesPerSecond = computed(() => frameRates.get(focusedTab.value?.id ?? "") ?? null);
  const focusStream = computed(() => focusedTab.value?.stream ?? null);
  const focusDevice = computed(() => {
    const stream = focusStream.value;
    const device = stream && streams.infos.get(stream)?.device;
    return device ? (inventory.devices.get(device) ?? null) : null;
  });
  /** The streams that Run, Stop, Single and Record act on. */
  const targets = computed<StreamId[]>(() => {
    if (!allStreams.value) return focusStream.value ? [focusStream.value] : [];
    const running = [...streams.infos.values()].filter((info) => isActive(info));
    return [...new Set([...tabs.value.map((tab) => tab.stream), ...running.map(({ id }) => id)])];
  });

  /** The first input stream of a device. */
  function streamOf(device: DeviceId): StreamId | null {
    const buffer = inventory.devices
      .get(device)
      ?.buffers.find(({ direction }) => direction === "in");
    return buffer ? streamId(device, buffer.index) : null;
  }

  /** After the stores are filled: keeps the views the user left, or opens one on the simulator: a trace at one press. */
  function restore(): void {
    const known = (stream: StreamId) => streams.infos.has(stream);
    for (const group of layout.rows.flat()) {
      group.tabs = group.tabs.filter((tab) => known(tab.stream));
      // What was in front may be gone.
      if (!group.tabs.some(({ id }) => id === group.active)) group.active = group.tabs[0]?.id ?? "";
    }
    prune();
    if (!tabs.value.some(({ id }) => id === layout.focusedView)) {
      layout.focusedView = layout.rows[0]?.[0]?.active ?? "";
    }
    const front = focusedGroup();
    if (front) front.active = layout.focusedView;
    if (tabs.value.length === 0) {
      const first =
        inventory.list.find((device) => device.context === "sim" && streamOf(device.id)) ??
        inventory.list.find((device) => streamOf(device.id));
      const stream = first && streamOf(first.id);
      if (stream) open(stream);
    }
    if (!layout.selected || !inventory.devices.has(layout.selected.device)) {
      const device = focusDevice.value;
      layout.selected = device ? { device: device.id, channel: null } : null;
    }
  }

  /** Opens a new tab in the focused group (or makes the first) and focuses it. */
  function open(stream: StreamId): ViewTab {
    const tab: ViewTab = { id: newId("v"), kind: "scope", stream };
    const group = focusedGroup();
    if (group) {
      group.tabs.push(tab);
      group.active = tab.id;
    } else {
      layout.rows.push([{ id: newId("g"), tabs: [tab], active: tab.id }]);
    }
    focus(tab.id);
    return tab;
  }

  function focusedGroup(): ViewGroup | undefined {
    const groups = layout.rows.flat();
    return (
      groups.find((group) => group.tabs.some(({ id }) => id === focusedTab.value?.id)) ?? groups[0]
    );
  }

  function focus(view: string): void {
    const moved = view !== layout.focusedView;
    layout.focusedView = view;
    if (moved) inspectFocused();
    const group = layout.rows.flat().find(({ tabs: list }) => list.some(({ id }) => id === view));
    if (group) group.active = view;
  }

  /** Another view, another device to set up; what is selected of the same device stays. */
  function inspectFocused(): void {
    const device = focusDevice.value?.id;
    if (device && layout.selected?.device !== device) layout.selected = { device, channel: null };
  }

  /** Brings a stream into sight: a view that shows it already, else the focused view turns to it. */
  function show(stream: StreamId): void {
    const there = tabs.value.find((tab) => tab.stream === stream);
    if (there) return focus(there.id);
    const tab = focusedTab.value;
    if (!tab) return void open(stream);
    tab.stream = stream;
    focus(tab.id);
  }

  /** Selects a device in explorer and inspector; one with a stream becomes what the views and buttons act on. */
  function select(device: DeviceId, channel: string | null = null): void {
    layout.selected = { device, channel };
    // Of a device with several buffers the one that is looked at stays.
    const stream = focusDevice.value?.id === device ? focusStream.value : streamOf(device);
    if (stream && streams.infos.has(stream)) show(stream);
  }

  /** Streams that are no more: their tabs close; the last one turns to another stream. */
  function forget(gone: StreamId[]): void {
    for (const tab of [...tabs.value]) {
      if (!gone.includes(tab.stream)) continue;
      if (tabs.value.length > 1) close(tab.id);
      else tab.stream = [...streams.infos.keys()][0] ?? tab.stream;
    }
    if (layout.selected && !inventory.devices.has(layout.selected.device)) {
      const device = focusDevice.value;
      layout.selected = device ? { device: device.id, channel: null } : null;
    }
  }

  /** Moves the focus through the views in the order they are seen. */
  function step(by: 1 | -1): void {
    const at = tabs.value.findIndex(({ id }) => id === focusedTab.value?.id);
    const next = tabs.value[(at + by + tabs.value.length) % tabs.value.length];
    if (next) focus(next.id);
  }

  /** The same stream once more, to the right or below. */
  function split(direction: "right" | "below"): void {
    const tab = focusedTab.value;
    const group = focusedGroup();
    if (!tab || !group) return;
    const copy: ViewTab = { id: newId("v"), kind: tab.kind, stream: tab.stream };
    const added: ViewGroup = { id: newId("g"), tabs: [copy], active: copy.id };
    const row = layout.rows.findIndex((list) => list.some(({ id }) => id === group.id));
    if (direction === "below") layout.rows.splice(row + 1, 0, [added]);
    else
      layout.rows[row]?.splice(
        layout.rows[row].findIndex(({ id }) => id === group.id) + 1,
        0,
        added,
      );
    focus(copy.id);
  }

  /** Closes a tab; the last one stays. What is in front, and the focus, change only if it was that. */
  function close(view: string): void {
    if (tabs.value.length < 2) return;
    const hadFocus = focusedTab.value?.id === view;
    const group = layout.rows.flat().find(({ tabs: list }) => list.some(({ id }) => id === view));
    if (!group) return;
    const at = group.tabs.findIndex(({ id }) => id === view);
    group.tabs.splice(at, 1);
    if (group.active === view) group.active = group.tabs[Math.max(0, at - 1)]?.id ?? "";
    for (const key of Object.keys(layout.viewState))
      if (key.startsWith(`${view} `)) delete layout.viewState[key];
    for (const key of standing.keys()) if (key.startsWith(`${view} `)) standing.delete(key);
    unpin(view);
    prune();
    // To one that is seen: Run and Stop act on it.
    if (hadFocus) focus(group.active || (layout.rows[0]?.[0]?.active ?? ""));
  }

  /** What a view held of the history is no more held. */
  function unpin(view: string): void {
    const pin = pinned.get(view);
    if (pin) leave(view, pin.stream);
  }

  /** The same, and of what it was shown last: it shows that stream no more, or is not seen. */
  function leave(view: string, stream: StreamId): void {
    pinned.delete(view);
    useConnection()
      .request("stream.unpin", { stream, key: view })
      .catch(() => undefined);
  }

  function prune(): void {
    layout.rows = layout.rows
      .map((row) => row.filter((group) => group.tabs.length > 0))
      .filter((row) => row.length > 0);
  }

  function acquisitionOf(stream: StreamId): { scans: number; preScans: number } {
    const set = acquisitions.get(stream);
    if (set) return set;
    const rate = streams.infos.get(stream)?.rateSetHz;
    return {
      scans: rate ? Math.max(16, Math.round(rate * SINGLE_SECONDS)) : SINGLE_SCANS,
      preScans: 0,
    };
  }

  /** One acquisition of the length the view has; the views of the stream show what came. */
  async function single(stream: StreamId): Promise<void> {
    const { scans, preScans } = acquisitionOf(stream);
    taken.set(stream, await streams.single(stream, scans, preScans));
  }

  /** What a view keeps for itself from one start to the next (JSON values only). */
  function stateOf<T>(view: string, stream: StreamId): T | undefined {
    return layout.viewState[stateKey(view, stream)] as T | undefined;
  }

  function keepState(view: string, stream: StreamId, state: unknown): void {
    const key = stateKey(view, stream);
    // Moves to the end: it is the newest now.
    delete layout.viewState[key];
    layout.viewState[key] = state;
  }

  return {
    allStreams,
    acquisitions,
    taken,
    pinned,
    standing,
    unpin,
    leave,
    frameRates,
    framesPerSecond,
    screenAges,
    tabs,
    focusedTab,
    focusStream,
    focusDevice,
    targets,
    streamOf,
    restore,
    forget,
    open,
    focus,
    show,
    select,
    step,
    split,
    close,
    single,
    stateOf,
    keepState,
  };
});
