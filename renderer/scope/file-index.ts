/**
 * Samples of a recording's file, by their scan. Scans count in the stream that was recorded, lost ones too
 * (`core:global_index`); samples count in the file from 0. Each gap that a frame shows ties one to the other.
 */
import type { Frame } from "../../shared/view.js";

export interface FileSample {
  /** Index in the file. */
  sample: number;
  /** False where gaps may lie between that no frame has shown: then it is at most this. */
  exact: boolean;
}

interface Tie {
  scan: number;
  sample: number;
}

/** Those looked at last; the whole recording is one of them unless it has very many gaps. */
const KNOWN_SPANS = 63;

export class FileIndex {
  private readonly ties: Tie[];
  /** Spans of scans whose gaps are all known, in the order they were shown. */
  private known: { from: number; to: number }[] = [];

  /** @param firstScan of the recording: sample 0 of its file */
  constructor(firstScan: number) {
    this.ties = [{ scan: firstScan, sample: 0 }];
  }

  /** @param joined whether the frame may hold fewer gaps than there are */
  learn(frame: Frame, joined: boolean): void {
    for (const { scan, sample } of frame.gaps) this.tie({ scan, sample });
    if (joined) return;
    const { fromScan: from, toScan: to } = frame;
    if (!this.known.some((span) => span.from <= from && span.to >= to)) {
      const others = this.known.filter((span) => span.from < from || span.to > to);
      this.known = [...others.slice(-KNOWN_SPANS), { from, to }];
    }
  }

  /** Of a scan that is in the file. */
  of(scan: number): FileSample {
    const before = this.ties[this.after(scan) - 1] ?? this.ties[0]!;
    const exact = this.known.some(({ from, to }) => from <= before.scan && to >= scan);
    return { sample: before.sample + scan - before.scan, exact };
  }

  private tie(found: Tie): void {
    const at = this.after(found.scan);
    if (this.ties[at - 1]?.scan !== found.scan) this.ties.splice(at, 0, found);
  }

  /** Of the first tie behind a scan. */
  private after(scan: number): number {
    let low = 0;
    let high = this.ties.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ties[middle]!.scan <= scan) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
