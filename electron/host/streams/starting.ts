/** A start that goes on: how far its memory is, and how it is cancelled. */
import type { NativeStream } from "../../../native/addon.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { formatMemory } from "../../../shared/figures.js";
import type { AllocationProgress } from "../../../shared/stream.js";
import type { Disposable } from "../disposable.js";

const LOOK_MS = 100;

export class Starting implements Disposable {
  private native: NativeStream | null = null;
  private timer: NodeJS.Timeout | null = null;
  private told = 0;
  private cancelled = false;
  private reject: (reason: Error) => void = () => {};
  /** Rejects with CANCELLED; never resolves. */
  readonly unwanted = new Promise<never>((_, reject) => (this.reject = reject));

  /** `tell` is called while memory comes, some ten times a second. */
  constructor(private readonly tell: (allocation: AllocationProgress) => void) {
    this.unwanted.catch(() => {});
  }

  /** From here on there is something that allocates. */
  follow(native: NativeStream): void {
    this.native = native;
    if (this.cancelled) native.cancelStart();
    this.timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** It ends as soon as it can. */
  cancel(): void {
    this.cancelled = true;
    this.native?.cancelStart();
    this.reject(this.failure());
  }

  /** Throws CANCELLED if nobody wants what has started meanwhile. */
  checkWanted(): void {
    if (this.cancelled) throw this.failure();
  }

  /** What ended it, as the one who asked for it reads it. */
  reason(thrown: unknown): unknown {
    return this.cancelled && toStudioError(thrown).code === "ECANCELED" ? this.failure() : thrown;
  }

  private failure(): Error {
    const { totalBytes = 0 } = this.native?.allocation() ?? {};
    const memory = totalBytes > 0 ? `, the ${formatMemory(totalBytes)} of its blocks,` : "";
    return fail(
      "CANCELLED",
      `The start was cancelled; its memory${memory} was given back. Run again, or ask for less memory.`,
    );
  }

  dispose(): void {
    if (this.timer) clearInterval(this.timer);
  }

  private look(): void {
    const { bytes, totalBytes } = this.native!.allocation();
    if (totalBytes === 0 || bytes === this.told) return;
    this.told = bytes;
    this.tell({ bytes, totalBytes });
  }
}

/** Somebody who could have waited for a start did not want to. */
export function isCancelled(thrown: unknown): boolean {
  return toStudioError(thrown).code === "CANCELLED";
}
