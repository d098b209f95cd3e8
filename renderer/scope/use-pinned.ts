/** Freezing keeps the whole history, but for a few blocks that the stream goes on with. */
import { onScopeDispose, watch, type ComputedRef, type ShallowRef } from "vue";
import type { StreamId, StreamInfo } from "../../shared/stream.js";
import { useConnection } from "../stores/connection.js";
import { useStreams } from "../stores/streams.js";
import type { ScopeState } from "./state.js";

/** Blocks left to a stream whose history is frozen, so that it need not eat into it. */
const LEAST_SPARE_BLOCKS = 4;

export interface PinnedSource {
  stream: StreamId;
  view: string;
  state: ShallowRef<ScopeState>;
  info: ComputedRef<StreamInfo | undefined>;
  isRecording: ComputedRef<boolean>;
  hasRun: ComputedRef<boolean>;
}

export function usePinned({ stream, view, state, info, isRecording, hasRun }: PinnedSource): void {
  const connection = useConnection();
  const streams = useStreams();

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
}
