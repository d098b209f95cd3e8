/**
 * What a journal says, boiled down to what metadata need: one entry per gap, not per block. The same for a recording
 * that runs, one that ended and one that was cut off (docs/journal.md, "What counts").
 */
import { JournalRate } from "./journal-rate.js";
import { movedEvent, RESUMED_GAP, resumedIn, type ResumedJournal } from "./journal-resumed.js";
import { JournalReader } from "./journal.js";
import type { JournalGap, JournalProof, JournalRecord, JournalSegment } from "./journal.js";
import type { Continuity, Grade } from "./stream.js";

/** The first segment, or one behind a gap. */
export interface JournalCapture {
  /** Index of its first scan in the files. */
  sample: number;
  /** Index in the stream, lost scans counted; of a part that a later run recorded: through all parts. */
  scan: number;
  /** Completion of its block, CLOCK_MONOTONIC. */
  blockTimeNs: bigint;
  /** From its first scan to the end of its block: at `blockTimeNs` the last of them was taken. */
  scansToBlockEnd: number;
  gap: JournalGap | null;
}

export interface JournalEvent {
  sample: number;
  timeNs: bigint;
  json: unknown;
}

export interface JournalSummary {
  /** The host's JSON, or null if none was read. */
  header: unknown;
  /** As journaled; {@link soundCaptures} leaves out what proved to be no knowledge. */
  captures: JournalCapture[];
  /** What could be known of loss, each from its sample on. The last one holds for all. */
  proofs: JournalProof[];
  events: JournalEvent[];
  segments: number;
  /** End of the last segment: scans the journal knows of. */
  samples: number;
  /** Completion of the newest block, or null. */
  lastTimeNs: bigint | null;
  /** Over all blocks; null if there are not two. */
  rateMeasuredHz: number | null;
  end: { samples: number; timeNs: bigint; errno: number } | null;
  /** One sentence per thing wrong; empty for a journal that merely has no end yet. */
  faults: string[];
}

/** Grows with each record; {@link summary} can be asked at any time. */
export class JournalSummaryBuilder {
  private header: unknown = null;
  private resumed: ResumedJournal = resumedIn(null);
  private readonly captures: JournalCapture[] = [];
  private readonly proofs: JournalProof[] = [];
  private readonly events: JournalEvent[] = [];
  private readonly faults: string[] = [];
  private readonly rate = new JournalRate();
  private segments = 0;
  private last: JournalSegment | null = null;
  private end: JournalSummary["end"] = null;

  add(record: JournalRecord): void {
    switch (record.kind) {
      case "header":
        if (this.header === null) {
          this.header = record.json;
          this.resumed = resumedIn(record.json);
        } else this.faults.push("The journal has more than one header.");
        break;
      case "segment":
        this.addSegment(record.segment);
        break;
      case "event":
        this.events.push({
          sample: record.sample,
          timeNs: record.timeNs,
          json: movedEvent(record.json, this.resumed.scanOffset),
        });
        break;
      case "proof":
        this.proofs.push(record.proof);
        break;
      case "end":
        this.end = { samples: record.samples, timeNs: record.timeNs, errno: record.errno };
        break;
    }
  }

  summary(): JournalSummary {
    return {
      header: this.header,
      captures: this.captures.map((capture) => ({ ...capture })),
      proofs: [...this.proofs],
      events: [...this.events],
      segments: this.segments,
      samples: this.last ? this.last.sample + this.last.scanCount : 0,
      lastTimeNs: this.last?.timeNs ?? null,
      rateMeasuredHz: this.rate.rateHz(),
      end: this.end,
      faults: [...this.faults],
    };
  }

  private addSegment(segment: JournalSegment): void {
    const expected = this.last ? this.last.sample + this.last.scanCount : 0;
    if (segment.sample !== expected && this.faults.length < 20) {
      this.faults.push(
        `The journal's segment ${this.segments} begins at sample ${segment.sample} instead of ${expected}.`,
      );
    }
    const scan = segment.scan + this.resumed.scanOffset;
    const open = this.captures.at(-1);
    const sameBlock = this.last?.sequence === segment.sequence;
    if (open && sameBlock && this.openSequence === segment.sequence) {
      open.scansToBlockEnd = scan + segment.scanCount - open.scan;
    }
    if (!open || segment.gap) {
      this.captures.push({
        sample: segment.sample,
        scan,
        blockTimeNs: segment.timeNs,
        scansToBlockEnd: segment.scanCount,
        gap: segment.gap ?? (!open && this.resumed.hole ? { ...RESUMED_GAP } : null),
      });
      this.openSequence = segment.sequence;
    }
    this.segments++;
    this.rate.add(segment);
    this.last = segment;
  }

  private openSequence = -1;
}

/** A whole journal in memory. */
export function readJournal(bytes: Uint8Array): JournalSummary {
  const reader = new JournalReader();
  const builder = new JournalSummaryBuilder();
  for (const record of reader.push(bytes)) builder.add(record);
  const summary = builder.summary();
  if (reader.fault) summary.faults.push(reader.fault);
  if (summary.header === null) summary.faults.push("The journal has no header.");
  return summary;
}

/**
 * Scans that a file holds: so many as the end record says; without one (the program was killed), as many whole ones as
 * there are bytes. Files of one recording may differ then.
 */
export function samplesInFile(
  { end }: Pick<JournalSummary, "end">,
  file: { bytes: number; scanBytes: number },
): number {
  return end ? end.samples : Math.floor(file.bytes / file.scanBytes);
}

/** The summary of a file that holds `samples` scans: cut, or gone on with what the journal knows nothing of. */
export function fitSummary(summary: JournalSummary, samples: number): JournalSummary {
  const journaled = summary.samples;
  if (samples <= journaled) return cutSummary(summary, samples);
  const last = summary.captures.at(-1);
  const { scanOffset, hole } = resumedIn(summary.header);
  const tail: JournalCapture = {
    sample: journaled,
    scan: last ? last.scan + (journaled - last.sample) : scanOffset,
    blockTimeNs: summary.lastTimeNs ?? startNs(summary.header),
    scansToBlockEnd: 0,
    gap: last
      ? { grade: "unknown", cause: "unjournaled", lost: 0, lostMin: 0, lostMax: null }
      : hole
        ? { ...RESUMED_GAP }
        : null,
  };
  return {
    ...summary,
    samples,
    captures: [...summary.captures, tail],
    // What the stream could prove was said of blocks that are in the journal.
    proofs: last ? summary.proofs : [],
  };
}

/** Of the host's JSON, for a recording that has no segment yet. */
function startNs(header: unknown): bigint {
  const { clocks } = (header ?? {}) as { clocks?: { monotonicNs?: unknown } };
  const text = clocks?.monotonicNs;
  return typeof text === "string" && /^\d{1,19}$/.test(text) ? BigInt(text) : 0n;
}

/** Captures and events of a recording of `samples` scans: what lies beyond is dropped, late events belong to its end. */
export function cutSummary(summary: JournalSummary, samples: number): JournalSummary {
  return {
    ...summary,
    samples,
    captures: summary.captures.filter((capture) => capture.sample < samples),
    proofs: summary.proofs.filter(({ sample }, index) => index === 0 || sample < samples),
    events: summary.events.map((event) => ({ ...event, sample: Math.min(event.sample, samples) })),
  };
}

/** A counter that was given up later, because its samples do not count, told nothing of loss before either. */
export function counterGivenUp({ proofs }: Pick<JournalSummary, "proofs">): boolean {
  const counted = proofs.some(({ evidence }) => evidence === "counter");
  return counted && proofs.at(-1)?.evidence !== "counter";
}

/** The captures as they may be told: gaps by a counter that was given up are of unknown length. */
export function soundCaptures(
  journal: Pick<JournalSummary, "captures" | "proofs">,
): JournalCapture[] {
  if (!counterGivenUp(journal)) return journal.captures;
  return journal.captures.map((capture) => {
    if (capture.gap?.cause !== "counter") return capture;
    const { cause } = capture.gap;
    return { ...capture, gap: { grade: "unknown", cause, lost: 0, lostMin: 0, lostMax: null } };
  });
}

/**
 * The verdict over all gaps. `base` is what can be known of this stream without a gap: `exact` where a counter, a
 * timestamp or the simulator would have shown any loss, `estimated` where dry queues are seen.
 */
export function continuityOf(captures: readonly JournalCapture[], base: Grade): Continuity {
  const rank: Record<Grade, number> = { exact: 0, estimated: 1, unknown: 2 };
  const verdict: Continuity = { grade: base, gaps: 0, lost: 0, lostMin: 0, lostMax: 0 };
  for (const { gap } of captures) {
    if (!gap || gap.cause === "not-recorded") continue;
    verdict.gaps++;
    verdict.lost += gap.lost;
    verdict.lostMin += gap.lostMin;
    verdict.lostMax =
      verdict.lostMax === null || gap.lostMax === null ? null : verdict.lostMax + gap.lostMax;
    if (rank[gap.grade] > rank[verdict.grade]) verdict.grade = gap.grade;
  }
  return verdict;
}
