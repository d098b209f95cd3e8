/** A recording that runs: its status, its metadata as it goes, and its end. */
import type {
  NativeRecording,
  NativeRecordingOptions,
  NativeRecordingStatus,
} from "../../../native/addon.js";
import { formatAttributeName, type AttributeAddress } from "../../../shared/device.js";
import { fail, toStudioError, type StudioError } from "../../../shared/errors.js";
import {
  fitSummary,
  JournalSummaryBuilder,
  type JournalSummary,
} from "../../../shared/journal-summary.js";
import { movedEvent } from "../../../shared/journal-resumed.js";
import type {
  RecordedAttribute,
  RecordingEvent,
  RecordingFacts,
} from "../../../shared/sigmf/types.js";
import type {
  RecordingResult,
  RecordingState,
  RecordingStatus,
} from "../../../shared/recording.js";
import type { Run } from "../streams/run.js";
import { sameAddress } from "../inventory.js";
import { resultOf } from "./active-result.js";
import { ByteRate } from "./byte-rate.js";
import { CaptureTeller, type CaptureLog } from "./capture-log.js";
import { writeMetadata } from "./complete.js";
import { JournalFollower } from "./journal-follower.js";
import type { AskedSpan, Beginning } from "./moment.js";
import { recordingPaths } from "./names.js";
import {
  continuityOfNative,
  nativeError,
  toNativeFault,
  withHole,
  writeWayOf,
} from "./native-words.js";

/** Metadata are written anew at each gap, and this often without … */
const METADATA_EVERY_MS = 2000;
/** … but never for more than a tenth of the time: many gaps make them long. */
const METADATA_REST = 9;
/** Free space below which a recording stops cleanly: room for its own metadata, and for the machine to go on. */
export const FREE_FLOOR_BYTES = 64 * 1024 * 1024;

export interface ActiveRequest {
  folder: string;
  facts: RecordingFacts;
  stream: string;
  /** Stop by itself; 0: until stopped. */
  scans: number;
  /** Stop by the clock, where no rate says how many scans that is. */
  stopAfterSeconds: number | null;
  /** It has the whole blocks around this; without: from the next block on. */
  span?: AskedSpan;
  /** When all of it began; of a part, the first of them. */
  begun: Beginning;
  /** It is full when it holds so many. */
  partScans?: number;
  /** Only what is around the scope trigger. */
  captures?: CaptureLog | undefined;
}

export class ActiveRecording {
  private state: RecordingState = { kind: "recording" };
  private last: NativeRecordingStatus;
  private note: string;
  private shownName: string;
  private before: string;
  /** Of `performance.now()`, as all below. */
  private metadataAtMs = performance.now();
  private tookOverAtMs: number | null = null;
  private leftAtMs: number | null = null;
  private restUntilMs = 0;
  private metadataGaps = 0;
  private writing: Promise<void> = Promise.resolve();
  private busy = false;
  private fault: StudioError | null = null;
  private readonly rate = new ByteRate();
  /** Values noted since the start. */
  private readonly attributes = new Map<string, string>();
  private journal: JournalSummary = new JournalSummaryBuilder().summary();
  private readonly follower: JournalFollower;
  private readonly startCpuSeconds: number;
  private readonly captures: CaptureTeller | null;

  private constructor(
    readonly request: ActiveRequest,
    private readonly native: NativeRecording,
    readonly run: Run,
  ) {
    this.note = request.facts.note;
    this.shownName = request.facts.name;
    this.before = request.facts.continues ?? "";
    this.last = native.status();
    this.follower = new JournalFollower(this.paths().journal);
    this.startCpuSeconds = run.counters().cpuSeconds;
    const { captures, facts } = request;
    this.captures = captures ? new CaptureTeller(native, facts, captures) : null;
  }

  /** Creates the files; rejects if one is there already or the disk refuses, and then leaves nothing behind. */
  static async start(
    request: ActiveRequest,
    run: Run,
    /** The part it goes on from, once that is full. */
    before: ActiveRecording | null = null,
  ): Promise<ActiveRecording> {
    const { facts, folder, captures } = request;
    const paths = recordingPaths(folder, facts.name);
    const native = await makeNative(before?.native ?? null, run, {
      outputs: facts.outputs.map((output) => ({
        path: paths.data(output),
        verbatim: output.verbatim,
        elements: output.elements,
      })),
      journalPath: paths.journal,
      journalHeader: new TextEncoder().encode(JSON.stringify(facts)),
      scans: request.scans,
      fromScan: request.span ? Math.max(0, request.span.fromScan) : -1,
      toScan: request.span?.toScan ?? captures?.plan.toScan ?? -1,
      captures: captures?.plan.native ?? null,
      partScans: request.partScans ?? 0,
      freeFloorBytes: FREE_FLOOR_BYTES,
      indexPaths: facts.outputs.map((output) => paths.index(output)),
    });
    const recording = new ActiveRecording(request, native, run);
    // One that is never gone over to leaves nothing.
    if (!before) await recording.writeNow();
    return recording;
  }

  /** Base name, as the user sees it; a new one is given to the files at the end. */
  get name(): string {
    return this.shownName;
  }

  get facts(): RecordingFacts {
    return this.request.facts;
  }

  /** What the native recorder says, without another look. */
  ended(): boolean {
    this.last = this.native.status();
    return this.last.state !== "recording" && this.last.state !== "waiting";
  }

  /** A part to which the one before has not gone over yet. */
  waits(): boolean {
    this.last = this.native.status();
    return this.last.state === "waiting";
  }

  /** It came to an end before it had anything: its files are gone again. */
  failedWaiting(): boolean {
    const { state, scans } = this.last;
    return state === "withdrawn" || (state === "failed" && scans === 0);
  }

  /** Ends a part that waits; false if it took over after all, and has what is to be ended as any other. */
  async withdrawn(): Promise<boolean> {
    this.last = await this.native.stop();
    return this.failedWaiting() || this.last.scans === 0;
  }

  get firstScan(): number {
    return this.last.firstScan;
  }

  /** Scan of the stream behind its last one. */
  get endScan(): number {
    return this.last.endScan ?? this.last.firstScan + this.last.scans;
  }

  /** As of the last look. */
  get bytes(): number {
    return this.last.bytes;
  }

  get begun(): Beginning {
    return this.request.begun;
  }

  /** Since all of it began. */
  get elapsedSeconds(): number {
    return (performance.now() - this.begun.monotonicMs) / 1000;
  }

  /** Why it goes on without its side index; null if it has one. */
  indexFault(): StudioError | null {
    const { indexError } = this.last;
    return indexError ? toNativeFault(indexError) : null;
  }

  /** So many scans as were asked for are there. */
  reachedGoal(): boolean {
    const { scans, span, captures } = this.request;
    if (captures) return captures.status().count === captures.plan.limit;
    if (span) return span.toScan !== null && (this.last.endScan ?? 0) >= span.toScan;
    return scans > 0 && this.last.scans >= scans;
  }

  /** Those that count as recorded: without what stands before the press. */
  get scansOfLength(): number {
    const { scans, firstScan } = this.last;
    const pressScan = this.request.span?.pressScan ?? firstScan;
    return scans - Math.min(scans, Math.max(0, pressScan - firstScan));
  }

  timeIsUp(): boolean {
    const limit = this.request.stopAfterSeconds;
    return limit !== null && this.elapsedSeconds >= limit;
  }

  get noteNow(): string {
    return this.note;
  }

  rename(name: string): void {
    this.shownName = name;
  }

  /** Base name of the recording that this one goes on from, or "". */
  get continues(): string {
    return this.before;
  }

  setContinues(name: string): void {
    this.before = name;
    this.append({ kind: "continues", name });
  }

  setNote(note: string): void {
    this.note = note;
    this.append({ kind: "note", note });
  }

  /** A change goes into the journal, at the present sample, if this recording tells of the device. */
  noteAttribute(address: AttributeAddress, raw: string): RecordedAttribute | null {
    const told = [this.facts.device, ...this.facts.linked].find((one) => one.id === address.device);
    const key = `${address.device} ${formatAttributeName(address.scope, address.name)}`;
    const atStart = this.facts.attributes.find(sameAddress(address))?.raw;
    if (!told || raw === (this.attributes.get(key) ?? atStart)) return null;
    this.attributes.set(key, raw);
    const { device, scope, name } = address;
    this.append({ kind: "attribute", device, deviceName: told.name, scope, name, raw });
    return { device, deviceName: told.name, scope, name, state: "ok", raw, unit: "" };
  }

  append(event: RecordingEvent): void {
    if (this.state.kind !== "recording") return;
    this.native.appendEvent(new TextEncoder().encode(JSON.stringify(event)));
  }

  /** Captures that ended since the last time go into journal and list, in the order of their parts. */
  noteCaptures(): void {
    for (const event of this.captures?.news() ?? []) this.append(event);
  }

  /** Looks at counters, and writes metadata when it is time. Cheap; called a few times a second. */
  poll(): void {
    this.last = this.native.status();
    this.noteCaptures();
    const now = performance.now();
    this.rate.look(this.bytes);
    const due =
      now - this.metadataAtMs >= METADATA_EVERY_MS || this.last.gaps !== this.metadataGaps;
    if (due && now >= this.restUntilMs && !this.busy && this.state.kind === "recording") {
      this.busy = true;
      this.writing = this.writeNow().finally(() => (this.busy = false));
    }
  }

  status(hashing: number | null = null): RecordingStatus {
    const { last } = this;
    const { perSecond } = this.rate;
    const flows = this.state.kind === "recording" && perSecond > 0;
    return {
      name: this.shownName,
      device: this.facts.device.id,
      stream: this.request.stream,
      state: this.state,
      note: this.note,
      startedAtMs: this.facts.startedAtMs,
      seconds: this.captures ? this.waitedSeconds() : last.seconds,
      scans: last.scans,
      bytes: last.bytes,
      bytesPerSecond: flows ? perSecond : 0,
      backlogBlocks: last.backlogBlocks,
      worstWriteMs: last.worstWriteMs,
      freeBytes: last.freeBytes,
      secondsLeft: flows ? Math.max(0, last.freeBytes - FREE_FLOOR_BYTES) / perSecond : null,
      continuity: withHole(continuityOfNative(last), this.facts),
      hashing,
      ...writeWayOf(last),
      ...(this.captures && { captures: this.captures.log.status() }),
    };
  }

  /** A part: from now on it has what comes, and not the one before. */
  takeOver(before: ActiveRecording): void {
    this.tookOverAtMs = before.leave();
  }

  private leave(): number {
    return (this.leftAtMs ??= performance.now());
  }

  /** That it has been recording by the clock; those of all parts add up to the time since the first began. */
  get clockSeconds(): number {
    return this.secondsFrom(this.tookOverAtMs ?? this.begun.monotonicMs);
  }

  private secondsFrom(ms: number): number {
    return Math.max(0, (this.leftAtMs ?? performance.now()) - ms) / 1000;
  }

  /** For captures, which may be far apart or not come at all. */
  private waitedSeconds(): number {
    return this.secondsFrom(this.begun.monotonicMs);
  }

  /** Ends it: everything on disk, metadata whole. `cause`: why, if the user did not ask. Never rejects. */
  async finish(
    cause: StudioError | null,
  ): Promise<{ journal: JournalSummary; error: StudioError | null }> {
    this.noteCaptures();
    this.leave();
    this.state = { kind: "finishing" };
    await this.writing;
    try {
      this.last = await this.native.stop();
    } catch (thrown) {
      this.fault = toStudioError(thrown);
    }
    const error = this.fault ?? nativeError(this.last) ?? cause ?? this.nothingCame();
    const journal = this.finalJournal(await this.lookAtJournal());
    try {
      await this.writeState(journal, "complete", error);
    } catch (thrown) {
      this.fault = toStudioError(thrown);
    }
    const said = error ?? this.fault;
    this.state = said ? { kind: "stopped", error: said } : { kind: "done" };
    return { journal, error: said };
  }

  result(journal: JournalSummary, error: StudioError | null, files: string[]): RecordingResult {
    const { facts, last, request } = this;
    return resultOf({
      ...{ facts, last, journal, error, files, span: request.span },
      name: this.shownName,
      blocksNotSearched: this.captures?.log.blocksNotSearched ?? 0,
      cpuSeconds: last.cpuSeconds + this.run.counters().cpuSeconds - this.startCpuSeconds,
    });
  }

  private paths() {
    return recordingPaths(this.request.folder, this.facts.name);
  }

  private nothingCame(): StudioError | null {
    if (this.last.scans > 0) return null;
    const why = this.captures
      ? "the trigger did not fire until it ended. Choose another level, or wait longer."
      : "no block came until it ended. Look at what the stream waits for.";
    return fail("EMPTY", `Nothing was recorded: ${why}`).detail;
  }

  /** As far as it can be read. */
  private async lookAtJournal(): Promise<JournalSummary> {
    try {
      this.journal = await this.follower.look();
    } catch (thrown) {
      this.fault ??= toStudioError(thrown);
    }
    return this.journal;
  }

  private finalJournal(whole: JournalSummary): JournalSummary {
    const journal = fitSummary(whole, this.last.scans);
    const jitter = this.run.counters().jitterSeconds;
    const { span, captures } = this.request;
    const measured: RecordingEvent = {
      kind: "measured",
      jitterSeconds: jitter >= 0 ? jitter : null,
      // Of what happened before, or now and then, the clock of the recorder knows nothing.
      ...(!span && !captures && { clockSeconds: this.clockSeconds }),
    };
    const timeNs = journal.lastTimeNs ?? 0n;
    this.captures?.news();
    const { scanOffset = 0 } = this.facts.resumed ?? {};
    for (const event of [...(this.captures?.lacking(journal) ?? []), measured]) {
      const json = movedEvent(event, scanOffset);
      journal.events.push({ sample: journal.samples, timeNs, json });
    }
    return journal;
  }

  /** A disk that takes no metadata now may take them later: what counts is the journal. */
  private async writeNow(): Promise<void> {
    const startedMs = performance.now();
    this.metadataAtMs = startedMs;
    this.metadataGaps = this.last.gaps;
    try {
      this.journal = await this.follower.look();
      await this.writeState(this.journal, "recording", null);
    } catch {
      return;
    } finally {
      const now = performance.now();
      this.restUntilMs = now + METADATA_REST * (now - startedMs);
    }
  }

  private writeState(
    journal: JournalSummary,
    status: "recording" | "complete",
    error: StudioError | null,
  ): Promise<void> {
    const { name } = this.facts;
    return writeMetadata(this.request.folder, this.facts, { journal, status, error, name });
  }
}

async function makeNative(
  before: NativeRecording | null,
  run: Run,
  options: NativeRecordingOptions,
): Promise<NativeRecording> {
  if (!before) return run.native.record(options);
  if (before.next) return before.next(options);
  throw fail("UNSUPPORTED", "This addon records no parts. Build it again: npm run build.");
}
