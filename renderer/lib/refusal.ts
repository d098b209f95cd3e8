/** What a field does with a value: sends it, and keeps the sentence if it was refused. */
import { ref, type Ref } from "vue";
import { toStudioError, type StudioError } from "../../shared/errors.js";

export interface Refusal {
  /** The sentence that stands beside the field; null if the last value was taken. */
  message: Ref<string | null>;
  error: Ref<StudioError | null>;
  busy: Ref<boolean>;
  /** Runs what sends the value; true if it was taken. */
  attempt: (send: () => unknown) => Promise<boolean>;
  clear: () => void;
}

export function useRefusal(): Refusal {
  const message = ref<string | null>(null);
  const error = ref<StudioError | null>(null);
  const busy = ref(false);
  let turn = 0;

  function clear(): void {
    turn++;
    message.value = null;
    error.value = null;
  }

  async function attempt(send: () => unknown): Promise<boolean> {
    const mine = ++turn;
    busy.value = true;
    try {
      await send();
      if (mine === turn) clear();
      return true;
    } catch (thrown) {
      // An answer that comes after a newer value was sent says nothing about it.
      if (mine === turn) {
        error.value = toStudioError(thrown);
        message.value = error.value.message;
      }
      return false;
    } finally {
      busy.value = false;
    }
  }

  return { message, error, busy, attempt, clear };
}
