/**
 * Whole blocks to one session, within the bytes it granted. One block is copied at a time; what doesn't fit is skipped
 * and counted, and the count goes with the next block.
 */
import type { Events } from "../../../shared/messages.js";
import type { HeaderBatch } from "../../../shared/stream.js";
import type { Disposable } from "../disposable.js";
import type { LiveStream } from "./live-stream.js";

export class BlockForwarder implements Disposable {
  private waiting: { sequence: number; bytes: number }[] = [];
  /** Granted bytes that no waiting block has taken. */
  private free: number;
  private skippedBlocks = 0;
  private skippedBytes = 0;
  private run = 0;
  private pumping = false;
  private ended = false;
  private readonly listening: Disposable;

  constructor(
    private readonly stream: LiveStream,
    creditBytes: number,
    /** False if the session takes no more now. */
    private readonly send: (block: Events["blocks"]) => boolean,
  ) {
    this.free = creditBytes;
    this.listening = stream.progress.told.on(({ headers }) => this.take(headers));
  }

  grant(bytes: number): void {
    this.free = Math.min(Number.MAX_SAFE_INTEGER, this.free + bytes);
  }

  dispose(): void {
    this.ended = true;
    this.waiting = [];
    this.listening.dispose();
  }

  private take(headers: HeaderBatch): void {
    if (headers.run !== this.run) {
      for (const { bytes } of this.waiting) this.skip(bytes);
      this.waiting = [];
      this.run = headers.run;
    }
    this.skippedBlocks += headers.coalesced.blocks;
    this.skippedBytes += headers.coalesced.bytes;
    headers.sequence.forEach((sequence, index) => {
      const bytes = headers.bytes[index] as number;
      if (bytes > this.free) {
        this.skippedBlocks++;
        this.skippedBytes += bytes;
        return;
      }
      this.free -= bytes;
      this.waiting.push({ sequence, bytes });
    });
    if (!this.pumping) void this.pump();
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    for (let next = this.waiting.shift(); next && !this.ended; next = this.waiting.shift()) {
      const { run } = this;
      const block = await this.copy(next.sequence);
      const sent =
        block !== null &&
        run === this.run &&
        this.send({
          stream: this.stream.id,
          run,
          sequence: next.sequence,
          ...block,
          skippedBlocks: this.skippedBlocks,
          skippedBytes: this.skippedBytes,
        });
      if (!sent) this.skip(next.bytes);
      else {
        this.skippedBlocks = 0;
        this.skippedBytes = 0;
      }
    }
    this.pumping = false;
  }

  private async copy(
    sequence: number,
  ): Promise<Pick<Events["blocks"], "firstScan" | "scanCount" | "data"> | null> {
    try {
      return (await this.stream.currentRun()?.native.block(sequence)) ?? null;
    } catch {
      return null;
    }
  }

  /** A block that was to go and does not: its credit comes back. */
  private skip(bytes: number): void {
    this.free += bytes;
    this.skippedBlocks++;
    this.skippedBytes += bytes;
  }
}
