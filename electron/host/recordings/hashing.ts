/** SHA-512 of recordings that have ended, one file at a time. The recordings are complete without. */
import { startDataJob, type RunningDataJob } from "./data-worker.js";
import { fileSizes } from "./finished.js";

/** A recording whose data files are to get their hashes. */
export interface Hashable {
  readonly folder: string;
  readonly name: string;
  /** As they are named by now. */
  dataFiles(): string[];
  setHash(output: number, sha512: string): void;
  /** Into its metadata. What of other files follows later, and can't be written, is told to `fault`. */
  writeHashes(fault: (error: unknown) => void): Promise<void>;
}

export class HashQueue {
  private readonly waiting: Hashable[] = [];
  private running: RunningDataJob | null = null;
  private working: Promise<void> | null = null;
  private cancelled = false;

  constructor(
    /** `done`: 0 … 1; null when it has ended, well or not. */
    private readonly onProgress: (recording: Hashable, done: number | null) => void,
    private readonly onFault: (recording: Hashable, error: unknown) => void,
  ) {}

  add(recording: Hashable): void {
    if (this.cancelled) return;
    this.waiting.push(recording);
    this.working ??= this.work();
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await this.working;
  }

  /** Ends at once. What has no hash yet says so in its metadata, and gets one at a later start. */
  async cancel(): Promise<void> {
    this.cancelled = true;
    this.waiting.length = 0;
    this.running?.dispose();
    await this.working;
  }

  private async work(): Promise<void> {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      try {
        await this.hash(next);
      } catch (error) {
        if (!this.cancelled) this.onFault(next, error);
      }
      this.onProgress(next, null);
    }
    this.working = null;
  }

  private async hash(recording: Hashable): Promise<void> {
    const sizes = await fileSizes(recording.dataFiles());
    const total = Math.max(
      1,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    let before = 0;
    this.onProgress(recording, 0);
    for (const [output, size] of sizes.entries()) {
      // As it is named by now.
      const path = recording.dataFiles()[output] as string;
      this.running = startDataJob({ path, hash: true, segments: [] }, (done) =>
        this.onProgress(recording, (before + done * size) / total),
      );
      const { sha512 } = await this.running.result;
      if (sha512 !== null) recording.setHash(output, sha512);
      before += size;
    }
    this.running = null;
    await recording.writeHashes((error) => this.onFault(recording, error));
  }
}
