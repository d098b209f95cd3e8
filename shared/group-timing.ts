/**
 * How the streams of a group lie in time to one another: all by the same clock of this computer, from the completion
 * times of their blocks. A block is complete when its last scan was taken, so that time = a + b × scans; the line through
 * all blocks tells when the first sample was taken and how fast the stream's clock runs, and the scatter around it how
 * sure that is. What is constant between a device and its completions (filters, FIFOs, transfers) is not seen.
 */
import type { JournalSegment } from "./journal.js";

/** Of one stream. */
export interface ClockFit {
  /** When its first sample was taken, CLOCK_MONOTONIC; null: not known. */
  firstNs: bigint | null;
  /** Two standard deviations; null: too few blocks to tell. */
  firstUncertaintyNs: number | null;
  rateHz: number | null;
  /** Two standard deviations, parts of one. */
  rateUncertainty: number | null;
}

interface Block {
  sequence: number;
  endScan: number;
  scans: number;
  timeNs: bigint;
  sure: boolean;
}

/** Points since a loss of unknown length: the line goes on behind it with the same slope, somewhere else. */
interface Piece {
  count: number;
  meanX: number;
  meanY: number;
}

/** Two standard deviations. */
const SURE = 2;
/** The clock tells no less. */
const CLOCK_STEP_NS = 1;

export class ClockLine {
  private firstScan: number | null = null;
  private origin: Block | null = null;
  private open: Block | null = null;
  private before: Block | null = null;
  private readonly nsPerScan: number;
  private first: Piece | null = null;
  private piece: Piece = { count: 0, meanX: 0, meanY: 0 };
  private pieces = 0;
  private points = 0;
  private sxx = 0;
  private sxy = 0;
  private syy = 0;

  /** `rateHz` as set: what is summed up is how far the times are from it, so that no digit is lost. */
  constructor(private readonly rateHz: number | null) {
    this.nsPerScan = rateHz !== null && rateHz > 0 ? 1e9 / rateHz : 0;
  }

  /** Segments in the order of the journal. */
  add({ sequence, scan, scanCount, timeNs, gap }: JournalSegment): void {
    this.firstScan ??= scan;
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
    this.open = { sequence, endScan: scan + scanCount, scans: scanCount, timeNs, sure };
  }

  fit(): ClockFit {
    const { open } = this;
    // The last block may be cut: then its time belongs to scans that are not here.
    if (open && (!this.before || open.scans >= this.before.scans)) this.take(open);
    this.open = null;
    const { origin, firstScan } = this;
    if (!origin || firstScan === null) return UNKNOWN;
    const slope = this.sxx > 0 ? this.sxy / this.sxx : null;
    const first = this.first ?? this.piece;
    const nsPerScan = slope === null ? this.nsPerScan : this.nsPerScan + slope;
    if (nsPerScan <= 0) return UNKNOWN;
    const x = firstScan + 1 - origin.endScan;
    const y = first.meanY + (slope ?? 0) * (x - first.meanX) + this.nsPerScan * x;
    const deviation = this.deviation(slope);
    return {
      firstNs: origin.timeNs + BigInt(Math.round(y)),
      firstUncertaintyNs:
        deviation === null
          ? null
          : Math.max(
              CLOCK_STEP_NS,
              SURE * deviation * Math.sqrt(1 / first.count + (x - first.meanX) ** 2 / this.sxx),
            ),
      rateHz: slope === null ? null : 1e9 / nsPerScan,
      rateUncertainty:
        deviation === null ? null : (SURE * deviation) / Math.sqrt(this.sxx) / nsPerScan,
    };
  }

  /** Of a block's time from the line, ns; null: not enough of them. */
  private deviation(slope: number | null): number | null {
    const free = this.points - this.pieces - 1;
    if (slope === null || free <= 0) return null;
    return Math.sqrt(Math.max(0, this.syy - slope * this.sxy) / free);
  }

  private take(block: Block): void {
    this.origin ??= block;
    if (this.before && !block.sure) {
      this.first ??= this.piece;
      this.piece = { count: 0, meanX: 0, meanY: 0 };
    }
    this.before = block;
    const { piece, origin } = this;
    if (piece.count === 0) this.pieces++;
    const x = block.endScan - origin.endScan;
    const y = Number(block.timeNs - origin.timeNs) - this.nsPerScan * x;
    piece.count++;
    this.points++;
    const [dx, dy] = [x - piece.meanX, y - piece.meanY];
    piece.meanX += dx / piece.count;
    piece.meanY += dy / piece.count;
    this.sxx += dx * (x - piece.meanX);
    this.sxy += dx * (y - piece.meanY);
    this.syy += dy * (y - piece.meanY);
  }
}

const UNKNOWN: ClockFit = {
  firstNs: null,
  firstUncertaintyNs: null,
  rateHz: null,
  rateUncertainty: null,
};

export interface TimedMember {
  rateHz: number | null;
  fit: ClockFit;
}

/** Of one stream to the first of its group; null: not known. */
export interface MemberTiming {
  startSkewSeconds: number | null;
  startSkewUncertaintySeconds: number | null;
  /** How much faster its clock runs than the first's, each measured by what it was set to. */
  driftPpm: number | null;
  driftUncertaintyPpm: number | null;
  /** Only of streams that share a clock: its sample n was taken with the first's sample n + this. */
  offsetSamples: number | null;
}

/** `sharedClock`: the user says that one clock drives all of them. Only then samples are said to belong together. */
export function groupTiming(members: readonly TimedMember[], sharedClock: boolean): MemberTiming[] {
  const [first] = members;
  if (!first) return [];
  return members.map((member, index) => {
    const skew = index === 0 ? { value: 0, uncertainty: 0 } : skewOf(first.fit, member.fit);
    const drift = index === 0 ? { value: 0, uncertainty: 0 } : driftOf(first, member);
    return {
      startSkewSeconds: skew.value,
      startSkewUncertaintySeconds: skew.uncertainty,
      driftPpm: drift.value,
      driftUncertaintyPpm: drift.uncertainty,
      offsetSamples: sharedClock ? offsetOf(first, member, skew) : null,
    };
  });
}

interface Measured {
  value: number | null;
  uncertainty: number | null;
}

function skewOf(first: ClockFit, own: ClockFit): Measured {
  if (first.firstNs === null || own.firstNs === null) return { value: null, uncertainty: null };
  return {
    value: Number(own.firstNs - first.firstNs) / 1e9,
    uncertainty: together(first.firstUncertaintyNs, own.firstUncertaintyNs, 1e-9),
  };
}

function driftOf(first: TimedMember, own: TimedMember): Measured {
  const ratio = ({ rateHz, fit }: TimedMember): number | null =>
    rateHz && fit.rateHz ? fit.rateHz / rateHz : null;
  const [a, b] = [ratio(first), ratio(own)];
  if (a === null || b === null) return { value: null, uncertainty: null };
  return {
    value: (b / a - 1) * 1e6,
    uncertainty: together(first.fit.rateUncertainty, own.fit.rateUncertainty, 1e6),
  };
}

/** In whole samples, where the times are sure enough to tell one from the next. */
function offsetOf(first: TimedMember, own: TimedMember, skew: Measured): number | null {
  if (first === own) return 0;
  if (!first.rateHz || first.rateHz !== own.rateHz) return null;
  const { value, uncertainty } = skew;
  if (value === null || uncertainty === null || uncertainty * first.rateHz >= 0.5) return null;
  return Math.round(value * first.rateHz);
}

function together(a: number | null, b: number | null, factor: number): number | null {
  return a === null || b === null ? null : Math.hypot(a, b) * factor;
}
