/** What is known of the captures of a recording while it goes on: its parts write into one log. */
import type { NativeCapture, NativeRecording } from "../../../native/addon.js";
import {
  CAPTURES_LISTED,
  CAPTURES_PER_ANSWER,
  type CaptureInfo,
  type CaptureList,
  type CaptureStatus,
} from "../../../shared/capture.js";
import type { JournalSummary } from "../../../shared/journal-summary.js";
import { eventsOf } from "../../../shared/sigmf/captures.js";
import { captureInfo, missedIn, unlistedIn } from "../../../shared/sigmf/triggered.js";
import type { CaptureEvent, RecordingEvent, RecordingFacts } from "../../../shared/sigmf/types.js";
import type { Run } from "../streams/run.js";
import type { CapturePlan } from "./capture-plan.js";

export class CaptureLog {
  private readonly kept: CaptureInfo[] = [];
  private count = 0;
  private missed = 0;
  private readonly notSearchedBefore: number;

  constructor(
    readonly plan: CapturePlan,
    readonly run: Run,
    /** Base name; of one in parts that of all together. */
    private name: string,
    /** Captures of earlier runs that it goes on from. */
    private readonly before = 0,
  ) {
    this.notSearchedBefore = run.counters().unsummarisedBlocks ?? 0;
  }

  status(): CaptureStatus {
    return { count: this.count, missed: this.missed, limit: this.plan.limit };
  }

  get blocksNotSearched(): number {
    return (this.run.counters().unsummarisedBlocks ?? 0) - this.notSearchedBefore;
  }

  list(from: number): CaptureList {
    return {
      ...this.status(),
      recording: this.name,
      run: this.run.number,
      trigger: this.plan.trigger,
      from,
      captures: this.kept.slice(from, from + CAPTURES_PER_ANSWER),
    };
  }

  /** The next number. */
  add(facts: RecordingFacts, capture: NativeCapture): CaptureEvent {
    const event = eventOf(capture, this.before + ++this.count);
    if (this.kept.length < CAPTURES_LISTED) this.kept.push(captureInfo(facts, event, facts.name));
    return event;
  }

  addMissed(count: number): void {
    this.missed += count;
  }

  /** Beyond what is listed. */
  addUnlisted(count: number): void {
    this.count += count;
  }

  /** It, or one of its recordings, got another name; the parts of one keep theirs. */
  rename(name: string, from = this.name): void {
    for (const one of this.kept) if (one.recording === from) one.recording = name;
    if (this.name === from) this.name = name;
  }
}

/** What one recording, or one part, hears of captures from its recorder. */
export class CaptureTeller {
  private missed = 0;
  private unlisted = 0;
  /** Drained, and not listed. */
  private beyond = 0;
  private readonly told: CaptureEvent[] = [];

  constructor(
    private readonly native: NativeRecording,
    private readonly facts: RecordingFacts,
    readonly log: CaptureLog,
  ) {}

  /** What is new, for the journal. */
  news(): RecordingEvent[] {
    const events: RecordingEvent[] = [];
    const { capturesMissed = 0, capturesUnlisted = 0 } = this.native.status();
    const drained = this.native.captures?.() ?? [];
    const listed = drained.splice(0, CAPTURES_LISTED - this.told.length);
    for (const capture of listed) {
      const event = this.log.add(this.facts, capture);
      this.told.push(event);
      events.push(event);
    }
    this.beyond += drained.length;
    const unlisted = this.beyond + capturesUnlisted;
    if (unlisted > this.unlisted) {
      this.log.addUnlisted(unlisted - this.unlisted);
      this.unlisted = unlisted;
      events.push({ kind: "unlisted", count: unlisted });
    }
    if (capturesMissed > this.missed) {
      this.log.addMissed(capturesMissed - this.missed);
      this.missed = capturesMissed;
      events.push({ kind: "missed", count: this.missed });
    }
    return events;
  }

  /** What a journal lacks: its recorder takes no events any more when it has listed the last captures. */
  lacking(journal: Pick<JournalSummary, "events">): RecordingEvent[] {
    const there = new Set(eventsOf(journal, "capture").map(({ event }) => event.number));
    const late = this.told.filter(({ number }) => !there.has(number));
    const counts: RecordingEvent[] = [];
    if (missedIn(journal) < this.missed) counts.push({ kind: "missed", count: this.missed });
    if (unlistedIn(journal) < this.unlisted) {
      counts.push({ kind: "unlisted", count: this.unlisted });
    }
    return [...late, ...counts];
  }
}

function eventOf(capture: NativeCapture, number: number): CaptureEvent {
  const { scan, fraction, fromScan, toScan, peak, widthScans, cut, timeNs } = capture;
  return {
    kind: "capture",
    number,
    scan,
    fraction,
    fromScan,
    toScan,
    peak: Number.isFinite(peak) ? peak : null,
    widthScans,
    cut,
    timeNs: timeNs.toString(),
  };
}
