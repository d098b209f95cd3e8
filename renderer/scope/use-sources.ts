/** Which traces a view draws: the channels switched on, and of I/Q pairs what was chosen; at most sixteen at once. */
import { computed, type ComputedRef, type Ref } from "vue";
import type { ChannelPair, DeviceInfo } from "../../shared/device.js";
import type { StreamInfo, TraceSource } from "../../shared/stream.js";
import { bufferPairs, defaultTraces } from "../lib/traces.js";

/** How traces of I/Q pairs are drawn; by pair id. */
export type PairDrawing = "parts" | "magnitude" | "phase" | "all";

export const PAIR_DRAWINGS: { value: PairDrawing; label: string }[] = [
  { value: "parts", label: "I and Q" },
  { value: "magnitude", label: "magnitude" },
  { value: "phase", label: "phase" },
  { value: "all", label: "I, Q, magnitude, phase" },
];

/** A request for a frame takes no more traces (shared/messages.ts). */
export const MOST_TRACES = 16;

/** The traces of a view that takes `MOST_TRACES` of them at once. */
export interface TracePage {
  drawn: TraceSource[];
  /** How many there are, drawn or not. */
  total: number;
  /** Place of the first drawn among them. */
  first: number;
  /** Where the next page begins: behind the last one the first comes again. */
  next: number;
  /** Whether each of them is a channel: none a magnitude or phase. */
  channelsOnly: boolean;
}

export function tracePage(all: TraceSource[], from: number): TracePage {
  // Channels may have been switched off since the page was turned.
  const first = from > 0 && from < all.length ? from : 0;
  const next = first + MOST_TRACES < all.length ? first + MOST_TRACES : 0;
  const channelsOnly = all.every(({ part }) => part === "value");
  const drawn = all.slice(first, first + MOST_TRACES);
  return { drawn, total: all.length, first, next, channelsOnly };
}

export interface Sources {
  page: ComputedRef<TracePage>;
  /** Pairs whose two channels are switched on. */
  joined: ComputedRef<ChannelPair[]>;
}

export function useSources(
  device: ComputedRef<DeviceInfo | undefined>,
  info: ComputedRef<StreamInfo | undefined>,
  pairs: Ref<Record<string, PairDrawing>>,
  from: Ref<number>,
): Sources {
  const plain = computed(() =>
    device.value && info.value ? defaultTraces(device.value, info.value) : [],
  );
  const joined = computed(() => {
    if (!device.value || !info.value) return [];
    const on = new Set(plain.value.map(({ channel }) => channel));
    return bufferPairs(device.value, info.value.buffer).filter(
      (pair) => on.has(pair.i) && on.has(pair.q),
    );
  });
  const page = computed(() => {
    const derived: TraceSource[] = [];
    const hidden = new Set<string>();
    for (const pair of joined.value) {
      const drawn = pairs.value[pair.id] ?? "parts";
      if (drawn === "magnitude" || drawn === "phase")
        [pair.i, pair.q].forEach((id) => hidden.add(id));
      if (drawn === "magnitude" || drawn === "all")
        derived.push({ channel: pair.id, part: "magnitude" });
      if (drawn === "phase" || drawn === "all") derived.push({ channel: pair.id, part: "phase" });
    }
    const parts = plain.value.filter(({ channel }) => !hidden.has(channel));
    return tracePage([...parts, ...derived], from.value);
  });
  return { page, joined };
}
