/** A start that takes a while, on a terminal: how far its memory is, and how Ctrl+C cancels it. */
import type { StudioClient } from "../../shared/client.js";
import { formatMemory } from "../../shared/figures.js";
import type { AllocationProgress } from "../../shared/stream.js";
import type { Output } from "./output.js";
import { bar } from "./record-progress.js";

export interface Starts {
  /** Cancels what starts now, and what will. */
  cancel: () => void;
  /** Whether one starts now. */
  any: () => boolean;
  dispose: () => void;
}

/** Shows how much memory these streams have while they start. */
export function followStarts(
  client: StudioClient,
  streams: readonly string[],
  output: Output,
): Starts {
  const going = new Map<string, AllocationProgress | null>();
  let unwanted = false;
  const cancelNow = (): void => {
    for (const stream of going.keys()) {
      client.request("stream.stop", { stream }).catch(() => undefined);
    }
  };
  const dispose = client.on("stream", ({ stream: { id, state } }) => {
    if (!streams.includes(id)) return;
    if (state.kind !== "starting") {
      going.delete(id);
      return;
    }
    const isNew = !going.has(id);
    going.set(id, state.allocation);
    if (unwanted && isNew) cancelNow();
    const known = [...going.values()].filter((one) => one !== null);
    if (known.length > 0) output.progress(allocationLine(known));
  });
  return {
    cancel: () => {
      unwanted = true;
      cancelNow();
    },
    any: () => going.size > 0,
    dispose,
  };
}

export function allocationLine(all: readonly AllocationProgress[]): string {
  const sum = (of: (one: AllocationProgress) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const bytes = sum((one) => one.bytes);
  const totalBytes = sum((one) => one.totalBytes);
  return `Allocating ${bar(totalBytes > 0 ? bytes / totalBytes : 0)}${formatMemory(bytes, 3)} of ${formatMemory(totalBytes)}`;
}
