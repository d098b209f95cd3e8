/** Which traces a view draws: the channels switched on, and of I/Q pairs what was chosen. */
import { computed, type ComputedRef, type Ref } from "vue";
import type { DeviceInfo } from "../../shared/device.js";
import type { StreamInfo, TraceSource } from "../../shared/stream.js";
import { bufferPairs, defaultTraces } from "../lib/traces.js";

/** How traces of I/Q pairs are drawn; by pair id. */
export type PairDrawing = "parts" | "magnitude" | "phase" | "all";

export function useSources(
  device: ComputedRef<DeviceInfo | undefined>,
  info: ComputedRef<StreamInfo | undefined>,
  pairs: Ref<Record<string, PairDrawing>>,
): ComputedRef<TraceSource[]> {
  return computed(() => {
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
}
