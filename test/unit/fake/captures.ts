/** The fake's recordings of captures: as the core's gate, over blocks that are still there. */
import type { NativeCapture, NativeRecordingOptions } from "../../../native/addon.js";
import type { FoundTrigger } from "./query.js";
import type { FakeBlock, FakeRecording } from "./recorder.js";

export class FakeGate {
  private readonly open: NativeCapture[] = [];
  private begun = 0;
  private written = -1;
  private endScan = 0;
  private over = false;

  constructor(
    /** The part that takes blocks. */
    private current: FakeRecording,
    private readonly options: NativeRecordingOptions,
  ) {}

  /** After each block: what is there, its triggers, and the end of it. */
  follow(blocks: readonly FakeBlock[], found: readonly FoundTrigger[], endScan: number): void {
    if (this.over) return;
    this.endScan = endScan;
    for (const one of found) this.begin(one, blocks);
    for (const block of blocks) {
      const end = block.firstScan + block.scanCount;
      const wanted = this.open.some((one) => one.fromScan < end && one.toScan > block.firstScan);
      if (block.sequence <= this.written || !wanted) continue;
      this.current = this.current.takeCaptured(block, block.sequence !== this.written + 1);
      this.written = block.sequence;
    }
    this.list(endScan);
    const { limit } = this.options.captures!;
    const { toScan = -1 } = this.options;
    const enough = limit > 0 && this.begun >= limit && this.open.length === 0;
    if (enough || (toScan >= 0 && endScan >= toScan)) void this.current.stop();
  }

  /** Those under way are listed as far as they are there. */
  close(): void {
    if (this.over) return;
    for (const one of this.open) one.toScan = Math.min(one.toScan, this.endScan);
    this.list(Infinity);
    this.over = true;
  }

  private begin({ scan, fraction }: FoundTrigger, blocks: readonly FakeBlock[]): void {
    const { preScans, postScans, limit } = this.options.captures!;
    const { toScan = -1 } = this.options;
    if ((limit > 0 && this.begun >= limit) || (toScan >= 0 && scan >= toScan)) return;
    const from = Math.floor(scan + fraction - preScans);
    // A fake's disk is too far behind when a test says so.
    if (this.current.behind) return this.current.missed();
    this.begun++;
    this.open.push({
      scan,
      fraction,
      fromScan: Math.max(from, blocks[0]?.firstScan ?? 0),
      toScan: Math.ceil(scan + fraction + postScans) + 1,
      peak: 2.5,
      widthScans: 12.5,
      cut: false,
      timeNs: process.hrtime.bigint(),
    });
  }

  private list(endScan: number): void {
    while (this.open[0] && this.open[0].toScan <= endScan) {
      this.current.captured(this.open.shift()!);
    }
  }
}
