/** The buffer's settings while they are typed: what they would mean, and why they would be refused. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import type { StudioError } from "../../shared/errors.js";
import type { StreamInfo } from "../../shared/stream.js";
import { useStreams, type StreamPatch } from "../stores/streams.js";

const ASK_AFTER_MS = 120;

export interface BufferDraft {
  /** What the typed settings would mean; null while nothing is typed. */
  preview: ShallowRef<StreamInfo | null>;
  /** The field the host would refuse, and why. */
  refusal: Ref<StudioError | null>;
  type: (patch: StreamPatch) => void;
  end: () => void;
}

export function useBufferDraft(stream: () => StreamInfo): BufferDraft {
  const streams = useStreams();
  const preview = shallowRef<StreamInfo | null>(null);
  const refusal = ref<StudioError | null>(null);
  let timer = 0;
  let turn = 0;

  function type(patch: StreamPatch): void {
    clearTimeout(timer);
    const mine = ++turn;
    timer = window.setTimeout(() => void ask(mine, patch), ASK_AFTER_MS);
  }

  async function ask(mine: number, patch: StreamPatch): Promise<void> {
    try {
      const info = await streams.preview(stream().id, patch);
      if (mine !== turn) return;
      preview.value = info.geometry ? info : null;
      refusal.value = info.geometryError;
    } catch {
      // Half a number is no news: what is wrong with it is said when it is sent.
      if (mine === turn) end();
    }
  }

  function end(): void {
    clearTimeout(timer);
    turn++;
    preview.value = null;
    refusal.value = null;
  }

  watch(() => stream().geometry, end);
  return { preview, refusal, type, end };
}
