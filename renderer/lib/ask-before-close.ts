/** In a window that takes the studio with it, the browser asks before it is closed, where that would end or miss a recording. */
import { onScopeDispose } from "vue";
import { closeQuestion } from "../../shared/unfinished.js";
import { useConnection } from "../stores/connection.js";
import { useRecordings } from "../stores/recordings.js";

/** For the root component: ends with it. */
export function useCloseQuestion(): void {
  const connection = useConnection();
  const recordings = useRecordings();
  const ask = (event: BeforeUnloadEvent): void => {
    if (!connection.endsWithWindow || connection.state.kind !== "open") return;
    const question = closeQuestion({
      recordings: [...recordings.running.values()].map(({ name }) => name),
      startsAtMs: [...recordings.scheduled.values()].map(({ startAtMs }) => startAtMs),
    });
    // The words are the browser's own.
    if (question) event.preventDefault();
  };
  window.addEventListener("beforeunload", ask);
  onScopeDispose(() => window.removeEventListener("beforeunload", ask));
}
