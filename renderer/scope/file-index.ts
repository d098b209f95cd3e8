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

/** Why the file has no sample of a scan: it was lost, or lies between captures (or parts) of a recording. */
export type NoSample = "lost" | "not-recorded";

interface Tie {
  scan: number;
  sample: number;
  /** Scans lost right before it. */
  lost: number;
}

/** Those looked at last; the whole recording is one of them unless it has very many gaps. */
const KNOWN_SPANS = 63;

export class FileIndex {
  private readonly ties: Tie[];
  /** Spans of scans whose gaps are all known, in the order they were shown. */
  private known: { from: number; to: number }[] = [];

  /** @param firstScan of the recording: sample 0 of its file */
  constructor(firstScan: number) {
    this.ties = [{ scan: firstScan, sample: 0, lost: 0 }];
  }

  /** @param joined whether the frame may hold fewer gaps than there are */
  learn(frame: Frame, joined: boolean): void {
    for (const { scan, sample, lost } of frame.gaps) this.tie({ scan, sample, lost });
    if (joined) return;
    const { fromScan: from, toScan: to } = frame;
    if (!this.known.some((span) => span.from <= from && span.to >= to)) {
      const others = this.known.filter((span) => span.from < from || span.to > to);
      this.known = [...others.slice(-KNOWN_SPANS), { from, to }];
    }
  }

  /** Samples behind a tie end where those of the next one begin: what lies between is in no file. */
  of(scan: number): FileSample | NoSample {
    const after = this.after(scan);
    const before = this.ties[after - 1] ?? this.ties[0]!;
    const next = this.ties[after];
    const exact = this.known.some(({ from, to }) => from <= before.scan && to >= scan);
    const sample = before.sample + scan - before.scan;
    if (!next || sample < next.sample) return { sample, exact };
    if (exact) return scan >= next.scan - next.lost ? "lost" : "not-recorded";
    return { sample: next.sample - 1, exact };
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
