/** Recordings: starts, follows and ends them, lists what there is, and completes what was cut off. */
import type { CaptureList } from "../../../shared/capture.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import type { DiskCheck } from "../../../shared/disk-check.js";
import type { Events, RequestParams } from "../../../shared/messages.js";
import type {
  RecordingEntry,
  RecordingResult,
  RecordingStatus,
} from "../../../shared/recording.js";
import type { ScheduleStatus } from "../../../shared/schedule.js";
import type { ScopeTrigger } from "../../../shared/stream.js";
import { momentFault } from "../../../shared/wall-time.js";
import { DisposableStore } from "../disposable.js";
import { resolveFolder } from "../settings-store.js";
import type { LiveStream, RecordingControl } from "../streams/live-stream.js";
import type { StreamRegistry } from "../streams/registry.js";
import type { Run } from "../streams/run.js";
import { noteChange } from "./attribute-notes.js";
import { beingRecorded, findPlace, type BeginDeps, type StartRequest } from "./begin.js";
import { goingIn, whyBusy } from "./busy.js";
import { CaptureLogs } from "./capture-logs.js";
import { checkCaptures } from "./capture-plan.js";
import { Catalogue } from "./catalogue.js";
import { DiskChecks } from "./check.js";
import type { Ended } from "./ending.js";
import type { FinishedRecording } from "./finished.js";
import { FinishedList } from "./finished-list.js";
import { folderFault } from "./folder-fault.js";
import { GoingRecordings, nameOf, statusOf, written, type Going } from "./going.js";
import { heldIn } from "./held.js";
import { Keeps, type KeepRequest } from "./keep.js";
import { momentNow } from "./moment.js";
import { checkName } from "./names.js";
import { Past } from "./past.js";
import { isHashedElsewhere, PendingHash } from "./pending-hash.js";
import { PromisedNames } from "./promised-names.js";
import { Recoveries } from "./recoveries.js";
import { checkResume, findResumePoint, leftOf, type ResumePoint } from "./resume.js";
import { Schedules, SYSTEM_CLOCK, type Lateness, type SetFor } from "./schedule.js";
import { StoredRecordings } from "./stored.js";

type Told =
  | "recording"
  | "recording.schedule"
  | "recording.ended"
  | "recording.list"
  | "recording.hash"
  | "notice";

export interface RecordingDeps extends BeginDeps {
  streams(): StreamRegistry;
  /** Instead of the folder set. */
  folder: string | undefined;
  tell<N extends Told>(name: N, key: string, data: Events[N]): void;
}

/** For one of a group, or one that was set for a time. */
export interface StartMore {
  group?: string;
  /** Resolves when all of them may begin. */
  ready?: () => Promise<void>;
  scheduled?: SetFor;
  began?: (late: Lateness | null) => void;
}

export class Recordings implements RecordingControl {
  private readonly going: GoingRecordings;
  private readonly starting = new Set<string>();
  private readonly promised = new PromisedNames();
  /** Those that lie in the folder. */
  readonly stored: StoredRecordings;
  private readonly catalogue = new Catalogue();
  private readonly finished: FinishedList;
  private readonly keeps: Keeps;
  private readonly checks: DiskChecks;
  /** Those that wait for their time. */
  readonly schedules: Schedules;
  private readonly owned = new DisposableStore();
  private readonly captures: CaptureLogs;
  private readonly recoveries: Recoveries;

  constructor(private readonly deps: RecordingDeps) {
    this.going = new GoingRecordings(deps, this.promised, {
      status: (going) => this.tellStatus(going),
      ended: ({ stream }, end) => {
        stream.tellChanged();
        this.captures.rename(stream.id, end.result.name);
        return this.ended(end);
      },
      partEnded: async ({ done, status }) => {
        if (done) this.finished.add(done, status);
        this.catalogue.lookSoon();
      },
      warn: (title, thrown) => this.warn(title, thrown),
    });
    this.captures = new CaptureLogs(deps.inventory);
    this.checks = new DiskChecks(deps.addon, this.promised, () => this.running().length > 0);
    this.keeps = new Keeps({
      ...deps,
      promised: this.promised,
      folder: () => ({ path: this.folder(), shown: this.folderShown() }),
      status: (status) => deps.tell("recording", `recording:${status.name}`, { status }),
      ended: (end) => this.ended(end),
      warn: (title, thrown) => this.warn(title, thrown),
    });
    this.finished = new FinishedList(this.promised, {
      status: ({ facts }, status) => deps.tell("recording", `recording:${facts.name}`, { status }),
      hash: (name, done) => {
        deps.tell("recording.hash", `recording.hash:${name}`, { name, done });
        if (done === null) this.catalogue.lookSoon();
      },
      renamed: (recording, from) => this.followRename(recording, from),
      changed: () => void this.catalogue.refresh(),
      fault: ({ name }, error) => this.warn(`The hash of “${name}” could not be worked out`, error),
    });
    this.schedules = new Schedules({
      clock: SYSTEM_CLOCK,
      check: (request) => this.checkStart(request),
      run: async (id) => void (await deps.streams().live(id).start()),
      start: async (request, scheduled) => {
        let late: Lateness | null = null;
        await this.start(request, undefined, { scheduled, began: (how) => (late = how) });
        return late;
      },
      tell: (schedule) =>
        deps.tell("recording.schedule", `recording.schedule:${schedule.stream}`, { schedule }),
      notice: (notice) => deps.tell("notice", "notice", notice),
    });
    this.stored = new StoredRecordings({
      catalogue: this.catalogue,
      promised: this.promised,
      folder: () => this.folder(),
      busy: (name, partOf) => {
        const { going, keeps, finished } = this;
        return whyBusy(this.folder(), { name, partOf }, { going, keeps, finished });
      },
      forget: (name) => this.finished.forget(this.folder(), name),
    });
    this.recoveries = new Recoveries({
      folder: () => this.folder(),
      busy: () => new Set(this.going.all().map(({ recording }) => recording.facts.name)),
      recovered: ({ recording }) => this.finished.add(recording, null),
      changed: () => this.catalogue.refresh(),
      notice: (notice) => deps.tell("notice", "notice", notice),
    });
    this.owned.add(
      this.catalogue.changed.on((list) => deps.tell("recording.list", "recording.list", { list })),
    );
    this.owned.add(
      deps.inventory.changed.on((change) =>
        noteChange(change, this.going.all().flatMap(written), deps.inventory),
      ),
    );
    this.owned.add(deps.settings.changed.on(() => void this.catalogue.setFolder(this.folder())));
  }

  /**
   * Looks into the folder; completes what was cut off if it is to `recover`, and works out, in the background, what
   * hashes an earlier session left if it is to `resumeHashes`.
   */
  async open({
    recover,
    resumeHashes,
  }: {
    recover: boolean;
    resumeHashes: boolean;
  }): Promise<void> {
    await this.catalogue.setFolder(this.folder());
    const pending = resumeHashes ? this.catalogue.hashPending() : [];
    if (recover) await this.recoveries.look();
    for (const { name, members } of pending) {
      if (await isHashedElsewhere(this.folder(), name)) continue;
      this.finished.resumeHash(new PendingHash(this.folder(), name, members));
    }
  }

  /** Where recordings go, as the file system knows it. */
  folder(): string {
    return this.deps.folder ?? resolveFolder(this.deps.settings.get().recordings.folder);
  }

  /** As the user typed it. */
  folderShown(): string {
    return this.deps.folder ?? this.deps.settings.get().recordings.folder;
  }

  nameOf(stream: string): string | null {
    const going = this.going.of(stream);
    return going ? nameOf(going) : null;
  }

  running(): RecordingStatus[] {
    return [...this.going.all().map(statusOf), ...this.keeps.running()];
  }

  list(): RecordingEntry[] {
    return this.catalogue.list();
  }

  /** Looks into the folder first. */
  async listNow(): Promise<RecordingEntry[]> {
    await this.catalogue.refresh();
    return this.catalogue.list();
  }

  async start(
    asked: StartRequest,
    continues?: string,
    { group, ready, scheduled, began }: StartMore = {},
  ): Promise<RecordingStatus> {
    const stream = this.checkStart(asked);
    const fault = momentFault(null, asked.untilMs ?? null, Date.now());
    if (fault) throw fail("BAD_VALUE", fault.message, { field: fault.field });
    if (this.going.of(stream.id) || this.starting.has(stream.id)) {
      throw fail("BUSY_RECORDING", "This stream is being recorded already. Stop that first.");
    }
    this.starting.add(stream.id);
    try {
      const resumed = asked.resume && asked.name ? await this.resumed(asked.name) : undefined;
      const request = resumed ? leftOf(asked, resumed) : asked;
      // Looked at first: what takes time below is not to cost anything of the past.
      const past = new Past(stream, request, scheduled, this.deps.addon.clocks().realtimeNs);
      const folder = { path: this.folder(), shown: this.folderShown() };
      const place = await findPlace(this.deps, this.promised, request, stream, folder);
      place.group = group;
      const create = async (run: Run): Promise<void> => {
        // So many triggers were numbered.
        const before = resumed ? heldIn(resumed).captures : 0;
        const captures = this.captures.make(request, stream, run, { name: place.name, before });
        const creation = { request, stream, place, continues, resumed, captures };
        // What goes on behind other parts has nothing of before.
        await this.going.begin({ ...creation, ...(!resumed?.last && past.of(run)) }, run);
        this.captures.put(stream.id, captures);
      };
      const run = stream.isRunning() ? stream.currentRun() : null;
      const beforeStart = async (fresh: Run): Promise<void> => {
        await create(fresh);
        await ready?.();
      };
      const now = async (running: Run): Promise<void> => {
        await ready?.();
        await create(running);
      };
      const begun = run ? now(run) : stream.start({ beforeStart });
      await begun.finally(() => place.held.dispose());
      const ran = stream.currentRun();
      if (ran) began?.(past.lateness(ran));
    } catch (error) {
      throw folderFault(error, this.folder(), this.folderShown());
    } finally {
      this.starting.delete(stream.id);
    }
    void this.catalogue.refresh();
    const going = this.going.of(stream.id);
    if (!going) throw fail("STOPPED", "The recording ended as soon as it began. See its result.");
    stream.tellChanged();
    return statusOf(going);
  }

  /** What of that name is there to go on from: what was cut off is completed first. */
  private resumed(name: string): Promise<ResumePoint> {
    if (this.going.named(checkName(name)) || this.promised.has(name)) {
      throw beingRecorded(name);
    }
    return findResumePoint(this.folder(), name, () => this.recoveries.look());
  }

  /** Throws what keeps a stream from being recorded so, now and later. */
  private checkStart(request: StartRequest): LiveStream {
    const stream = this.deps.streams().live(request.stream);
    stream.checkFree();
    checkCaptures(request);
    checkResume(request);
    if (request.name !== undefined) checkName(request.name);
    return stream;
  }

  /** Of the stream's recording of captures that goes on or ended last. */
  captureList(stream: string, from: number): CaptureList {
    return this.captures.list(stream, from);
  }

  /** Throws BUSY_RECORDING if captures are recorded around another scope trigger. */
  checkTrigger(stream: LiveStream, trigger: ScopeTrigger | null): void {
    const going = this.going.of(stream.id);
    const before = stream.view.scopeTrigger();
    if (!going?.request.captures || JSON.stringify(before) === JSON.stringify(trigger)) return;
    throw fail(
      "BUSY_RECORDING",
      `“${nameOf(going)}” records around this trigger. Stop it, then change the trigger.`,
      { field: "trigger" },
    );
  }

  /** What the disk takes, before something is recorded. */
  async check(stream: string): Promise<DiskCheck> {
    try {
      return await this.checks.check(this.deps.streams().live(stream), this.folder());
    } catch (error) {
      throw folderFault(error, this.folder(), this.folderShown());
    }
  }

  /** For a time by the clock; what would keep it from beginning then is refused now. */
  async schedule(request: RequestParams<"recording.schedule">): Promise<ScheduleStatus> {
    const folder = { path: this.folder(), shown: this.folderShown() };
    try {
      await this.checks.ahead(this.checkStart(request), request, folder);
    } catch (error) {
      throw folderFault(error, folder.path, folder.shown);
    }
    return this.schedules.add(request);
  }

  /** Saves what has happened already, and answers when it is on the disk. */
  async keep(request: KeepRequest): Promise<RecordingResult> {
    try {
      return await this.keeps.keep(this.deps.streams().live(request.stream), request);
    } catch (error) {
      throw folderFault(error, this.folder(), this.folderShown());
    }
  }

  /** Of a ring: what holds the last seconds is not deleted. */
  async ringKeep(request: RequestParams<"recording.ringKeep">): Promise<RecordingStatus> {
    const { name, seconds } = request;
    const going = this.going.named(name);
    if (!going?.parts) {
      throw fail("NOT_FOUND", `No ring named “${name}” is being recorded. Look at its name.`, {
        field: "name",
      });
    }
    await going.parts.keep(
      Math.ceil(seconds * momentNow(going.recording.run).rateHz),
      going.recording,
    );
    this.tellStatus(going);
    return statusOf(going);
  }

  async stop(stream: string): Promise<string | null> {
    const before = this.going.of(stream)?.recording.continues ?? "";
    const { name, files } = await this.end(stream);
    return files.length > 0 ? name : before || null;
  }

  /** Ends it and answers what there is. */
  end(stream: string): Promise<RecordingResult> {
    return this.going.end(stream);
  }

  /** What is left of what was asked, with the note as it was last, under a new name, on the running stream. */
  async startAgain(stream: string, continues: string | null): Promise<void> {
    if (!this.deps.streams().live(stream).isRunning()) {
      throw fail("STOPPED", "The stream ended, so no new recording was begun. Run it again.");
    }
    const rest = this.going.restOf(stream);
    if (rest) await this.start(rest, continues ?? undefined);
  }

  async settled(stream: string): Promise<void> {
    await this.going.of(stream)?.ending;
    await this.keeps.settled(stream);
  }

  async annotate(
    request: RequestParams<"recording.annotate">,
    beforeFiles?: () => Promise<void>,
  ): Promise<RecordingStatus> {
    const { name, newName, note } = request;
    if (newName !== undefined) checkName(newName, "newName");
    const going = this.going.named(name);
    if (going && !going.ending && newName !== undefined) {
      await this.going.promiseName(going, newName);
      await beforeFiles?.();
    }
    if (going?.ending) await going.ending;
    if (!going || going.ending) {
      const folder = going?.recording.request.folder ?? this.folder();
      return this.finished.annotate(request, folder, beforeFiles);
    }
    const { recording, stream } = going;
    if (note !== undefined) recording.setNote(note);
    this.tellStatus(going);
    stream.tellChanged();
    return statusOf(going);
  }

  /** One that lies in the folder, or is recorded into it. `beforeFiles`: when nothing refuses it any more. */
  async rename(name: string, newName: string, beforeFiles: () => Promise<void>): Promise<void> {
    const request = { name, newName: checkName(newName, "newName") };
    const folder = this.folder();
    if (goingIn(folder, this.going).includes(name)) await this.annotate(request, beforeFiles);
    else if (this.finished.has(folder, name)) {
      await this.finished.annotate(request, folder, beforeFiles);
    } else await this.stored.rename(name, newName, beforeFiles);
  }

  /** Ends all that go on; their hashes are still being worked out. */
  async endAll(): Promise<void> {
    this.schedules.close();
    await Promise.all([this.going.endAll(), this.keeps.settled()]);
  }

  /** `finishHashes`: wait for them; otherwise they are left for a later start. */
  async close(finishHashes: boolean): Promise<void> {
    await this.endAll();
    await this.finished.close(finishHashes);
    this.catalogue.close();
    this.owned.dispose();
  }

  /** Those that go on from a recording name it: they learn its new name. */
  private followRename({ folder, name }: FinishedRecording, from: string): void {
    this.captures.follow(from, name);
    for (const { recording } of this.going.all()) {
      const isHere = recording.request.folder === folder;
      if (isHere && recording.continues === from) recording.setContinues(name);
    }
  }

  private async ended({ done, status, result }: Ended): Promise<void> {
    this.deps.tell("recording.ended", `recording.ended:${result.name}`, { status, result });
    await this.listed({ done, status, result });
  }

  private async listed({ done, status }: Ended): Promise<void> {
    if (done) this.finished.add(done, status);
    await this.catalogue.refresh();
  }

  private tellStatus(going: Going): void {
    const status = statusOf(going);
    this.deps.tell("recording", `recording:${going.recording.facts.name}`, { status });
  }

  private warn(title: string, thrown: unknown): void {
    this.deps.tell("notice", "notice", { level: "error", title, error: toStudioError(thrown) });
  }
}
