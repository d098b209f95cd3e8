/** The memory of a fake stream: there at once, or in steps that a test can watch and cancel. */
import type { NativeStreamOptions } from "../../../native/addon.js";
import { errnoError } from "./recorder.js";

/** How long each of eight steps takes until a stream has its memory; 0: none of them any time. */
export interface FakeMemory {
  stepMs: number;
}

const STEPS = 8;

export class FakeAllocation {
  private had = 0;
  private begun: Promise<void> | null = null;
  private cancelled = false;
  private wake: () => void = () => {};

  constructor(
    private readonly arena: NativeStreamOptions["arena"],
    private readonly memory: FakeMemory,
  ) {}

  /** Once, for the start or for a recording before it. */
  allocate(): Promise<void> {
    this.begun ??= this.inSteps();
    return this.begun;
  }

  cancel(): void {
    this.cancelled = true;
    this.wake();
  }

  /** Throws as the addon does. */
  checkWanted(): void {
    if (!this.cancelled) return;
    this.had = 0;
    throw errnoError("ECANCELED", 125, "", "");
  }

  progress(): { bytes: number; totalBytes: number } {
    return { bytes: this.had, totalBytes: this.begun ? this.totalBytes : 0 };
  }

  async settled(): Promise<void> {
    await this.begun?.catch(() => {});
  }

  private get totalBytes(): number {
    return this.arena.blockCount * this.arena.allocatedBytes;
  }

  private async inSteps(): Promise<void> {
    const { stepMs } = this.memory;
    for (let step = 1; step <= STEPS && stepMs > 0; step++) {
      this.checkWanted();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, stepMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.checkWanted();
      this.had = (this.totalBytes * step) / STEPS;
    }
    this.had = this.totalBytes;
  }
}
