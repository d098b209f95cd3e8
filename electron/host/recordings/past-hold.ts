/** Holds a span of a stream's past from the moment it is asked for until a recording has its blocks. */
import type { Disposable } from "../disposable.js";
import type { Run } from "../streams/run.js";
import type { AskedSpan } from "./moment.js";

/** The block that is being filled at the press can be held once it is complete. */
const AGAIN_MS = 10;
let held = 0;

/**
 * Names are sought and files are made meanwhile. Never throws: what can't be held (the run is being closed) is missed by
 * the recording itself. Does not outlast `dispose`.
 */
export function holdPast({ native }: Run, { fromScan, toScan }: AskedSpan): Disposable {
  const key = `keep ${++held}`;
  const pin = (): void => {
    try {
      native.pin(key, Math.max(0, fromScan), toScan ?? Number.MAX_SAFE_INTEGER);
    } catch {
      clearInterval(timer);
    }
  };
  const timer = setInterval(pin, AGAIN_MS);
  pin();
  return {
    dispose: () => {
      clearInterval(timer);
      native.unpin(key);
    },
  };
}
