/**
 * Scans per second over a whole recording, by the completion times of its blocks. Time across a loss whose length is not
 * certain tells nothing and is left out.
 */
import type { JournalSegment } from "./journal.js";

interface Block {
  sequence: number;
  /** Index in the stream behind its last scan, taken at about `timeNs`. */
  endScan: number;
  timeNs: bigint;
  scans: number;
  /** Whether what was lost since the block before is certain. */
  sure: boolean;
}

export class JournalRate {
  private scans = 0;
  private ns = 0;
  private before: Block | null = null;
  private open: Block | null = null;

  add({ sequence, scan, scanCount, timeNs, gap }: JournalSegment): void {
    // A counter may turn out not to count.
    const sure = gap === null || (gap.grade === "exact" && gap.cause !== "counter");
    const { open } = this;
    if (open?.sequence === sequence) {
      open.endScan = scan + scanCount;
      open.scans += scanCount;
      open.sure &&= sure;
      return;
    }
    if (open) this.take(open);
    this.open = { sequence, endScan: scan + scanCount, timeNs, scans: scanCount, sure };
  }

  /** null: not two blocks that follow one another yet. */
  rateHz(): number | null {
    const { before, open } = this;
    let [scans, ns] = [this.scans, this.ns];
    // The last block may be cut: then its time belongs to scans that are not here.
    if (before && open?.sure && open.scans >= before.scans) {
      scans += open.endScan - before.endScan;
      ns += Number(open.timeNs - before.timeNs);
    }
    return scans > 0 && ns > 0 ? (scans / ns) * 1e9 : null;
  }

  private take(block: Block): void {
    if (this.before && block.sure) {
      this.scans += block.endScan - this.before.endScan;
      this.ns += Number(block.timeNs - this.before.timeNs);
    }
    this.before = block;
  }
}
