/** What is under the pointer, and the mark A that differences are taken from. Times are those of the picture's axis. */
import { computed, shallowRef, watch, type ComputedRef, type Ref } from "vue";
import type { Frame } from "../../shared/view.js";
import { FileIndex } from "./file-index.js";
import { scanAtTime, scanNear, secondsPerScan, timeSpan } from "./frame-math.js";
import { gapBands, mayBeJoined } from "./gap-bands.js";

export interface PointerSource {
  frame: ComputedRef<Frame | null>;
  rateHz: ComputedRef<number | null>;
  /** Width of the plot, CSS pixels. */
  columns: Ref<number>;
  /** Gaps in all of the stream or recording, those between captures too. */
  gapsInAll: ComputedRef<number>;
  /** First scan of an opened recording; null of a stream. */
  fileFrom: ComputedRef<number | null>;
}

export function usePointer({ frame, rateHz, columns, gapsInAll, fileFrom }: PointerSource) {
  /** Where the pointer is on the time axis; null away from the plot. */
  const seconds = shallowRef<number | null>(null);
  const mark = shallowRef<number | null>(null);

  const joined = computed(
    () => frame.value !== null && mayBeJoined(frame.value, gapsInAll.value, columns.value),
  );
  const bands = computed(() => {
    if (!frame.value) return [];
    const { from, to } = timeSpan(frame.value, rateHz.value);
    return gapBands(frame.value, (to - from) / Math.max(1, columns.value));
  });

  const fileIndex = computed(() =>
    fileFrom.value === null ? null : new FileIndex(fileFrom.value),
  );
  watch(
    [frame, fileIndex],
    ([now, index]) => {
      if (now && index) index.learn(now, joined.value);
    },
    { immediate: true, flush: "sync" },
  );

  /** The gaps under the pointer, if any: no sample is there. */
  const band = computed(() => {
    const at = seconds.value;
    if (at === null) return null;
    return bands.value.find(({ from, to }) => at > from && at < to) ?? null;
  });
  const near = computed(() => {
    if (!frame.value || seconds.value === null) return null;
    const found = scanNear(frame.value, seconds.value, rateHz.value);
    if (!found) return null;
    // Gaps that the host joined do not tell where each of them is.
    const lost =
      !joined.value &&
      frame.value.gaps.some(
        ({ scan, lost: count }) => found.scan < scan && found.scan >= scan - count,
      );
    const file = lost ? "lost" : (fileIndex.value?.of(found.scan) ?? null);
    return typeof file === "string"
      ? { ...found, file: null, missing: file }
      : { ...found, file, missing: null };
  });
  /** From the mark to the pointer. */
  const difference = computed(() => {
    if (!frame.value || !near.value || mark.value === null) return null;
    const from = Math.round(scanAtTime(frame.value, mark.value, rateHz.value));
    return { seconds: near.value.seconds - mark.value, scans: near.value.scan - from };
  });

  return {
    seconds,
    mark,
    bands,
    band,
    joined,
    near,
    difference,
    perScan: computed(() => (frame.value ? secondsPerScan(frame.value, rateHz.value) : 0)),
    /** Sets the mark at the pointer; away from the plot takes it off. */
    setMark(): void {
      mark.value = near.value?.seconds ?? null;
    },
  };
}

export type Pointer = ReturnType<typeof usePointer>;
