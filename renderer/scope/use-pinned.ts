/**
 * Freezing keeps the whole history, but for a few blocks that the stream goes on with. Where the frozen picture goes on to
 * what came later, that is kept instead.
 */
import { watch, type ComputedRef, type ShallowRef } from "vue";
import type { StreamId, StreamInfo } from "../../shared/stream.js";
import { unbrokenFrom } from "../lib/history.js";
import { useConnection } from "../stores/connection.js";
import { useStreams } from "../stores/streams.js";
import { useViews } from "../stores/views.js";
import type { FrozenSpan, ScopeState } from "./state.js";

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
  const { pinned, unpin } = useViews();

  watch(
    () => state.value.frozen,
    (frozen) => {
      if (isRecording.value || !hasRun.value) return;
      if (!frozen) return unpin(view);
      const own = pinned.get(view);
      if (own && frozen.toScan <= own.toScan) return;
      const span = { stream, ...keptSpan(frozen) };
      pinned.set(view, span);
      // What can't be pinned is gone already: the picture itself shows it.
      const settle = (there: number) => {
        if (pinned.get(view) === span) pinned.set(view, { ...span, fromScan: there });
      };
      connection.request("stream.pin", { key: view, ...span }).then(
        ({ fromScan }) => settle(Math.max(fromScan, span.fromScan)),
        () => settle(span.toScan),
      );
    },
  );

  function keptSpan(frozen: FrozenSpan): { fromScan: number; toScan: number } {
    const { counters, blockCounts } = streams.live(stream);
    const geometry = info.value?.geometry;
    const [from, to] = [Math.floor(frozen.fromScan), Math.ceil(frozen.toScan)];
    if (!counters || !geometry) return { fromScan: from, toScan: to };
    const spare = Math.max(LEAST_SPARE_BLOCKS, Math.ceil(geometry.blockCount / 8));
    const start = unbrokenFrom(counters, info.value, blockCounts);
    const kept = start + spare * geometry.scansPerBlock;
    return { fromScan: Math.min(from, kept), toScan: Math.max(to, counters.historyToScan) };
  }
}
