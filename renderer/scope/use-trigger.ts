/** The stream's scope trigger as a view shows it: in the view's own units, whatever units it was set in. */
import { computed, ref, shallowRef, watch, type ComputedRef, type ShallowRef } from "vue";
import type { DeviceInfo } from "../../shared/device.js";
import { toStudioError } from "../../shared/errors.js";
import type { ScopeTrigger, StreamId, StreamInfo } from "../../shared/stream.js";
import { useSettings } from "../stores/settings.js";
import { useStreams } from "../stores/streams.js";
import type { ScopeState } from "./state.js";
import { channelOf } from "./trace-model.js";
import { inOtherUnits } from "./trigger-defaults.js";

export interface TriggerSource {
  stream: StreamId;
  info: ComputedRef<StreamInfo | undefined>;
  device: ComputedRef<DeviceInfo | undefined>;
  state: ShallowRef<ScopeState>;
}

export function useTrigger({ stream, info, device, state }: TriggerSource) {
  const streams = useStreams();
  const { layout } = useSettings();

  const trigger = computed(() => info.value?.trigger ?? null);
  /** What was asked for last and is not answered yet: what is pulled on goes on from there. */
  const asked = shallowRef<ScopeTrigger | null>(null);
  let turn = 0;
  /** null: none, or none that has a value in these units. */
  const shown = computed(() => {
    const set = asked.value ?? trigger.value;
    if (!set || !device.value) return null;
    if (set.physical === state.value.physical) return set;
    const channel = channelOf(device.value, set.trace);
    // Without a scale, values in units are the counts themselves.
    if (channel && !channel.scaled && set.trace.part !== "phase") {
      return { ...set, physical: state.value.physical };
    }
    return inOtherUnits(set, channel);
  });
  /** Why a trigger was refused; it stands under the strip until it is mended. */
  const refusal = ref("");
  watch(
    () => JSON.stringify(trigger.value),
    () => (refusal.value = ""),
  );

  /** Rejects with why it was refused. One that was taken off stays off: no picture puts it back by itself. */
  async function set(next: ScopeTrigger | null): Promise<void> {
    const mine = ++turn;
    asked.value = next;
    try {
      await streams.setTrigger(stream, next);
    } finally {
      if (mine === turn) asked.value = null;
    }
    if (next) delete layout.untriggered[stream];
    else layout.untriggered[stream] = true;
  }

  /** The same, for where nobody waits: what it is refused with is told to the strip. Answers whether it was taken. */
  async function trySet(next: ScopeTrigger | null): Promise<boolean> {
    try {
      await set(next);
      refusal.value = "";
      return true;
    } catch (thrown) {
      refusal.value = toStudioError(thrown).message;
      return false;
    }
  }

  return {
    trigger,
    shown,
    refusal,
    set,
    trySet,
    /** Whether the first picture may put a trigger on. */
    mayOffer: () => trigger.value === null && !layout.untriggered[stream],
  };
}

export type TriggerOfView = ReturnType<typeof useTrigger>;
