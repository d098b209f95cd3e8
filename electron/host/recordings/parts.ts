/**
 * A recording in parts: the next one always lies ready, so that the native recorder can go over to it between two blocks.
 * Of a ring the oldest part is deleted when all of it lies further back than the ring is long.
 */
import type { StudioError } from "../../../shared/errors.js";
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import { countedSeconds, paceHz } from "../../../shared/sigmf/seconds.js";
import type { Run } from "../streams/run.js";
import { FREE_FLOOR_BYTES, type ActiveRecording } from "./active.js";
import { beginRecording, type BeginDeps, type Creation } from "./begin.js";
import { ByteRate } from "./byte-rate.js";
import { endRecording, type Ended } from "./ending.js";
import type { FinishedRecording } from "./finished.js";
import {
  addDeleted,
  isDeleted,
  NONE_DELETED,
  type CountedPart,
  type DeletedParts,
  type Held,
} from "./held.js";
import { planParts, type PartsPlan } from "./parts-plan.js";
import { addStatus, joinResults, type StatusSum } from "./parts-sum.js";
import { writeParts, writePartsSoon } from "./parts-writer.js";
import { removeRecording } from "./remove.js";
import type { ResumePoint } from "./resume.js";
import { recordedScanBytes } from "./scan-bytes.js";

/** A next part that could not be made is tried again; until then the present one goes on past its length. */
const RETRY_MS = 1000;
/** So many are ended at a time, each with its files open; until one has, the present part goes on past its length. */
const MOST_ENDING = 16;

export interface PartsEvents {
  /** One that is whole and stays. */
  ended(ended: Ended): Promise<void>;
  warn(title: string, thrown: unknown): void;
}

interface DonePart {
  done: FinishedRecording;
  result: RecordingResult;
  status: RecordingStatus;
  firstScan: number;
  endScan: number;
  number: number;
  held: Held;
}

/** One of this run or an earlier one, that a ring may delete. */
interface PastPart extends CountedPart, Held {
  /** Through all parts. */
  endScan: number;
  remove(): Promise<void>;
}

/** null: it is to be whole. Throws what can't be. */
export async function partsOf(
  deps: BeginDeps,
  creation: Creation,
  run: Run,
  events: PartsEvents,
): Promise<Parts | null> {
  const { split, ring, captures, resume, raw } = creation.request;
  const each = captures?.each
    ? new Parts(deps, creation, run, { partScans: 1, ringScans: null }, events)
    : null;
  if (each || (!split && !ring && !resume)) return each;
  const { rateHz, plan } = run.resolved;
  const free = await deps.addon.freeBytes(creation.place.folder);
  const parts = planParts({
    split,
    ring,
    rateHz: paceHz(rateHz, plan.waitsForBlocks),
    scanBytes: recordedScanBytes(run, raw),
    roomBytes:
      Math.max(0, free - FREE_FLOOR_BYTES) + bytesToGo(creation.resumed, creation.place.name),
  });
  const whole = { partScans: null, ringScans: null };
  return new Parts(deps, creation, run, parts ?? whole, events);
}

/** Of the parts before, which a ring deletes as it goes on. */
function bytesToGo(resumed: ResumePoint | undefined, name: string): number {
  const kept = keptBefore(resumed, name);
  const going = resumed?.parts.filter((part) => !kept.has(part.name)) ?? [];
  return going.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A recording that was made by itself is no part that a ring may delete. */
function keptBefore(resumed: ResumePoint | undefined, name: string): Set<string> {
  const lone = resumed?.parts.find((part) => part.name === name);
  return new Set([...(resumed?.kept ?? []), ...(lone ? [name] : [])]);
}

export class Parts {
  private waiting: ActiveRecording | null = null;
  private making: Promise<void> | null = null;
  private retryAtMs = 0;
  private warned = false;
  private number: number;
  private concluding: Promise<void> = Promise.resolve();
  private leaving = false;
  private done: DonePart[] = [];
  /** Of those; null: there is none. */
  private sum: StatusSum | null = null;
  private readonly kept: Set<string>;
  /** Of earlier runs, oldest first, as far as they lie there. */
  private earlier: ResumePoint["parts"];
  /** What the ring has deleted, in earlier runs too. */
  private deleted: DeletedParts;
  /** Makes scans through all parts of those of this run. */
  private readonly scanOffset: number;
  private readonly creation: Creation;
  /** Scans of all parts that have ended, those deleted too. */
  private scansBefore = 0;
  private bytesBefore = 0;
  /** They take no more blocks, and are not done. */
  private readonly ending = new Set<ActiveRecording>();
  /** Of all parts: one may be too short to be measured. */
  private readonly rate = new ByteRate();
  private clockSecondsBefore = 0;

  constructor(
    private readonly deps: BeginDeps,
    asked: Creation,
    private readonly run: Run,
    private readonly plan: PartsPlan,
    private readonly events: PartsEvents,
  ) {
    const { resumed } = asked;
    // Of a stream that runs already the first scan to come has a number.
    this.scanOffset = resumed?.last ? resumed.scanOffset - run.counters().historyToScan : 0;
    this.creation = resumed
      ? { ...asked, resumed: { ...resumed, scanOffset: this.scanOffset } }
      : asked;
    this.number = (resumed?.highestNumber ?? 0) + 1;
    this.kept = keptBefore(resumed, asked.place.name);
    this.earlier = [...(resumed?.parts ?? [])];
    this.deleted = resumed?.deleted ?? NONE_DELETED;
  }

  get name(): string {
    return this.creation.place.name;
  }

  /** Of all parts that have ended, those deleted too. */
  get over(): { scans: number; clockSeconds: number } {
    return { scans: this.scansBefore, clockSeconds: this.clockSecondsBefore };
  }

  begin(): Promise<ActiveRecording> {
    const { creation } = this;
    const from = creation.resumed?.last?.name;
    const part = { number: this.number, partScans: this.plan.partScans, before: null };
    return beginRecording(
      this.deps,
      { ...creation, part, continues: from ?? creation.continues },
      this.run,
    );
  }

  /** That is written next: what happens from now on concerns it too. */
  get next(): ActiveRecording | null {
    return this.waiting;
  }

  /** Whether the next one is being made, and may take blocks before that is known here. */
  get isMaking(): boolean {
    return this.making !== null;
  }

  /** To be called a few times a second: answers the part that takes blocks by now. */
  look(current: ActiveRecording): ActiveRecording {
    const { waiting } = this;
    if (waiting && !waiting.waits()) {
      this.waiting = null;
      if (waiting.failedWaiting()) {
        this.retryAtMs = performance.now() + RETRY_MS;
        // Gives back its thread. The present part goes on until the next attempt.
        void waiting.withdrawn().catch(() => undefined);
      } else {
        this.number++;
        waiting.takeOver(current);
        // Before those of the next part, which has them from now on.
        current.noteCaptures();
        if (waiting.noteNow !== current.noteNow) waiting.setNote(current.noteNow);
        this.conclude(current);
        return this.look(waiting);
      }
    }
    if (!this.waiting) this.prepare(current);
    const going = [current, ...this.ending];
    this.rate.look(going.reduce((sum, { bytes }) => sum + bytes, this.bytesBefore));
    this.trim(current);
    return current;
  }

  status(current: ActiveRecording): RecordingStatus {
    const own = current.status();
    const { seconds, ...sum } = addStatus(this.sum, own);
    const perSecond = own.state.kind === "recording" ? this.rate.perSecond : 0;
    const roomBytes = Math.max(0, own.freeBytes - FREE_FLOOR_BYTES);
    return {
      ...own,
      ...sum,
      name: this.name,
      startedAtMs: current.begun.atMs,
      seconds: own.captures ? own.seconds : seconds,
      bytesPerSecond: perSecond,
      secondsLeft: this.plan.ringScans === null && perSecond > 0 ? roomBytes / perSecond : null,
      parts: {
        name: current.facts.name,
        number: this.number,
        count: this.earlier.length + this.done.length + 1,
        kept: this.kept.size,
        ring: this.plan.ringScans !== null,
      },
    };
  }

  /** Of a ring: parts that reach into the last scans stay. */
  async keep(scans: number, current: ActiveRecording): Promise<void> {
    const fromScan = current.endScan - scans;
    this.kept.add(current.facts.name);
    // Those that ended a moment ago are known by then.
    await this.concluding;
    for (const { done, endScan } of this.done) if (endScan > fromScan) this.kept.add(done.name);
    for (const { name, endScan } of this.earlier) {
      if (endScan > fromScan + this.scanOffset) this.kept.add(name);
    }
    await this.afterwards(
      () => this.collect(current.noteNow),
      `What is kept of “${this.name}” is not in its collection`,
    );
  }

  /** Ends all. Never rejects: what went wrong stands in the result, or is warned of. */
  async end(current: ActiveRecording, cause: StudioError | null): Promise<Ended> {
    this.leaving = true;
    await this.making;
    let last = await endRecording(current, cause, this.events.warn);
    this.add(current, last);
    const { waiting } = this;
    // It may have taken over just now; else it is withdrawn with what went before.
    if (waiting && !(await this.withdrawn(waiting))) {
      waiting.takeOver(current);
      last = await endRecording(waiting, cause, this.events.warn);
      this.number++;
      this.add(waiting, last);
    }
    await this.concluding;
    await this.collect(last.status.note);
    return this.whole(current, last);
  }

  private async withdrawn(part: ActiveRecording): Promise<boolean> {
    try {
      return await part.withdrawn();
    } catch (error) {
      this.events.warn(`The next part of “${this.name}” could not be taken away`, error);
      return true;
    }
  }

  private whole(current: ActiveRecording, last: Ended): Ended {
    const results = this.done.map(({ result }) => result);
    // That nothing came is no fault of a part that had just begun.
    const begun = last.result.error?.code === "EMPTY" && results.length > 0;
    const error = begun ? null : last.result.error;
    const result = joinResults(this.name, results, { ...last.result, error });
    const status: RecordingStatus = {
      ...this.status(current),
      state: error ? last.status.state : { kind: "done" },
      scans: results.length > 0 ? result.samples : 0,
      bytes: results.length > 0 ? result.bytes : 0,
      seconds: results.length > 0 ? result.seconds : 0,
      ...(this.sum && { continuity: this.sum.continuity }),
      hashing: null,
    };
    return { done: null, result, status };
  }

  /** Makes the next part, unless it is being made, or could not be made just now. */
  private prepare(current: ActiveRecording): void {
    const { partScans } = this.plan;
    if (this.leaving || this.making || performance.now() < this.retryAtMs) return;
    if (partScans === null || this.ending.size >= MOST_ENDING || current.ended()) return;
    const part = { number: this.number + 1, partScans, before: current };
    const { request, stream, place, captures, resumed } = this.creation;
    const creation = { request, stream, place, continues: undefined, captures, resumed };
    this.making = beginRecording(this.deps, { ...creation, part }, this.run)
      .then((next) => {
        this.waiting = next;
        this.warned = false;
      })
      .catch((error: unknown) => {
        this.retryAtMs = performance.now() + RETRY_MS;
        // One that has ended needs no next part.
        if (!this.warned && !current.ended()) {
          this.events.warn("The next part could not be made; this one goes on", error);
        }
        this.warned = true;
      })
      .finally(() => (this.making = null));
  }

  /** Its metadata are made whole while the next part is being written. */
  private conclude(part: ActiveRecording): void {
    this.ending.add(part);
    void this.afterwards(async () => {
      const ended = await endRecording(part, null, this.events.warn);
      this.add(part, ended);
      this.collectSoon(ended.status.note);
    }, `The part “${part.name}” did not end as it should`);
  }

  /** One step after another. None rejects: what goes wrong in one is told, and keeps neither the next nor the end. */
  private afterwards(step: () => Promise<void>, title: string): Promise<void> {
    this.concluding = this.concluding
      .then(step)
      .catch((error: unknown) => this.events.warn(title, error));
    return this.concluding;
  }

  private add(part: ActiveRecording, { done, result, status }: Ended): void {
    this.ending.delete(part);
    if (!done) return;
    this.bytesBefore += status.bytes;
    const { firstScan, endScan, facts, clockSeconds } = part;
    const { samples, captures } = result;
    const seconds = countedSeconds(facts, samples, clockSeconds);
    const held: Held = { samples, seconds, captures: captures?.count ?? 0 };
    const number = facts.part?.number ?? 0;
    this.done.push({ done, result, status, firstScan, endScan, number, held });
    // The last one may be whole before the one that it followed.
    this.done.sort((a, b) => a.firstScan - b.firstScan);
    this.sum = addStatus(this.sum, status);
    this.scansBefore += part.scansOfLength;
    this.clockSecondsBefore += clockSeconds;
    if (this.plan.ringScans === null) {
      void this.events
        .ended({ done, result, status })
        .catch((error: unknown) =>
          this.events.warn(`The part “${part.name}” is not in the list`, error),
        );
    }
  }

  /** Deletes what lies further back than the ring reaches, the oldest first. */
  private trim(current: ActiveRecording): void {
    const { ringScans } = this.plan;
    if (ringScans === null) return;
    const fromScan = current.endScan - ringScans + this.scanOffset;
    const { kept, deleted } = this;
    const past = this.past().filter(({ name }) => !kept.has(name));
    const stays = past.findIndex(
      (part) => part.endScan > fromScan && !isDeleted(part, { kept, deleted }),
    );
    const going = stays < 0 ? past : past.slice(0, stays);
    if (going.length === 0) return;
    const names = new Set(going.map(({ name }) => name));
    this.earlier = this.earlier.filter(({ name }) => !names.has(name));
    this.done = this.done.filter(({ done }) => !names.has(done.name));
    this.sum = this.done.reduce<StatusSum | null>((sum, one) => addStatus(sum, one.status), null);
    this.deleted = going.reduce(addDeleted, deleted);
    // Told first: what is cut off between the two is neither counted twice nor taken for a part.
    void this.afterwards(() => this.collect(current.noteNow), "The collection is not up to date");
    for (const { name, remove } of going) {
      void this.afterwards(remove, `The part “${name}” could not be deleted`);
    }
  }

  private past(): PastPart[] {
    const { folder } = this.creation.place;
    const earlier = this.earlier.map((part) => {
      const files = part.files.map(({ name }) => name);
      return { ...part, remove: () => removeRecording(folder, part.name, files) };
    });
    const done = this.done.map(({ done: one, endScan, number, held }) => ({
      ...{ name: one.name, number, ...held, endScan: endScan + this.scanOffset },
      remove: () => one.remove(),
    }));
    return [...earlier, ...done];
  }

  private async collect(note: string): Promise<void> {
    const { folder, name } = this.creation.place;
    await writeParts(folder, name, { note, ring: this.ring }).catch(this.notCollected);
  }

  private collectSoon(note: string): void {
    const { folder, name } = this.creation.place;
    writePartsSoon(folder, name, { note, ring: this.ring }, this.notCollected);
  }

  private readonly ring = () => ({ kept: [...this.kept], deleted: this.deleted });

  private readonly notCollected = (error: unknown): void =>
    this.events.warn(`The collection of “${this.name}” could not be written`, error);
}
