/** Recordings: starts, follows and ends them, lists what there is, and completes what was cut off. */
import { basename } from "node:path";
import { fail, toStudioError, type StudioError } from "../../../shared/errors.js";
import { formatCount } from "../../../shared/figures.js";
import type { Events, RequestParams } from "../../../shared/messages.js";
import type {
  RecordingEntry,
  RecordingResult,
  RecordingStatus,
} from "../../../shared/recording.js";
import { scalingNumber } from "../../../shared/units.js";
import { DisposableStore, type Disposable } from "../disposable.js";
import type { InventoryChange } from "../inventory.js";
import { resolveFolder } from "../settings-store.js";
import type { LiveStream, RecordingControl } from "../streams/live-stream.js";
import type { StreamRegistry } from "../streams/registry.js";
import type { Run } from "../streams/run.js";
import type { ActiveRecording } from "./active.js";
import {
  beginRecording,
  findPlace,
  restOf,
  type BeginDeps,
  type Creation,
  type StartRequest,
} from "./begin.js";
import { Catalogue } from "./catalogue.js";
import { isLoFrequency } from "./facts.js";
import { FinishedRecording } from "./finished.js";
import { FinishedList } from "./finished-list.js";
import { folderFault } from "./folder-fault.js";
import { checkName } from "./names.js";
import { isHashedElsewhere, PendingHash } from "./pending-hash.js";
import { overdue } from "./overdue.js";
import { PromisedNames } from "./promised-names.js";
import { recoverRecordings, type Recovered } from "./recovery.js";

/** Status events a second: five. */
const POLL_MS = 200;

type Told = "recording" | "recording.ended" | "recording.list" | "notice";

export interface RecordingDeps extends BeginDeps {
  streams(): StreamRegistry;
  /** Instead of the folder set. */
  folder: string | undefined;
  tell<N extends Told>(name: N, key: string, data: Events[N]): void;
}

interface Going {
  recording: ActiveRecording;
  stream: LiveStream;
  request: StartRequest;
  listening: Disposable;
  /** The name it is to get at its end. */
  promised: Disposable | null;
  ending: Promise<RecordingResult> | null;
}

export class Recordings implements RecordingControl {
  private readonly going = new Map<string, Going>();
  private readonly starting = new Set<string>();
  /** What was left to do when the last recording of a stream ended; null: nothing. */
  private readonly rests = new Map<string, StartRequest | null>();
  private readonly promised = new PromisedNames();
  private readonly catalogue = new Catalogue();
  private readonly finished: FinishedList;
  private readonly owned = new DisposableStore();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly deps: RecordingDeps) {
    this.finished = new FinishedList(this.promised, {
      status: ({ facts }, status) => deps.tell("recording", `recording:${facts.name}`, { status }),
      changed: () => void this.catalogue.refresh(),
      fault: ({ name }, error) => this.warn(`The hash of “${name}” could not be worked out`, error),
    });
    this.owned.add(
      this.catalogue.changed.on((list) => deps.tell("recording.list", "recording.list", { list })),
    );
    this.owned.add(deps.inventory.changed.on((change) => this.noteChange(change)));
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
    if (recover) await this.recover();
    for (const { name, members } of pending) {
      if (await isHashedElsewhere(this.folder(), name)) continue;
      this.finished.resumeHash(new PendingHash(this.folder(), name, members));
    }
  }

  private async recover(): Promise<void> {
    const busy = new Set([...this.going.values()].map(({ recording }) => recording.facts.name));
    const recovered = await recoverRecordings(this.folder(), busy, (name, error) =>
      this.warn(`“${name}” could not be completed`, error),
    );
    for (const one of recovered) {
      const { recording } = one;
      this.deps.tell("notice", "notice", {
        level: "warning",
        title: "A recording was recovered",
        error: { code: "RECOVERED", message: recoveredWords(one) },
      });
      this.finished.add(recording, null);
    }
    if (recovered.length > 0) await this.catalogue.refresh();
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
    return this.going.get(stream)?.recording.name ?? null;
  }

  running(): RecordingStatus[] {
    return [...this.going.values()].map(({ recording }) => recording.status());
  }

  list(): RecordingEntry[] {
    return this.catalogue.list();
  }

  /** Looks into the folder first. */
  async listNow(): Promise<RecordingEntry[]> {
    await this.catalogue.refresh();
    return this.catalogue.list();
  }

  async start(request: StartRequest, continues?: string): Promise<RecordingStatus> {
    const stream = this.deps.streams().live(request.stream);
    stream.checkFree();
    if (this.going.has(stream.id) || this.starting.has(stream.id)) {
      throw fail("BUSY_RECORDING", "This stream is being recorded already. Stop that first.");
    }
    this.starting.add(stream.id);
    try {
      const folder = { path: this.folder(), shown: this.folderShown() };
      const place = await findPlace(this.deps, this.promised, request, stream, folder);
      const create = (run: Run): Promise<void> =>
        this.create({ request, stream, place, continues }, run);
      const run = stream.isRunning() ? stream.currentRun() : null;
      const begun = run ? create(run) : stream.start({ beforeStart: create });
      await begun.finally(() => place.held.dispose());
    } catch (error) {
      throw folderFault(error, this.folder(), this.folderShown());
    } finally {
      this.starting.delete(stream.id);
    }
    const going = this.going.get(stream.id);
    if (!going) throw fail("STOPPED", "The recording ended as soon as it began. See its result.");
    stream.tellChanged();
    return going.recording.status();
  }

  async stop(stream: string): Promise<string | null> {
    const before = this.going.get(stream)?.recording.continues ?? "";
    const { name, files } = await this.end(stream);
    return files.length > 0 ? name : before || null;
  }

  /** Ends it and answers what there is. */
  end(stream: string): Promise<RecordingResult> {
    const going = this.going.get(stream);
    if (going) return this.finish(going, null);
    return Promise.reject(
      fail("NOT_FOUND", "This stream is not being recorded. Start a recording first."),
    );
  }

  /** What is left of what was asked, with the note as it was last, under a new name, on the running stream. */
  async startAgain(stream: string, continues: string | null): Promise<void> {
    if (!this.deps.streams().live(stream).isRunning()) {
      throw fail("STOPPED", "The stream ended, so no new recording was begun. Run it again.");
    }
    const rest = this.rests.get(stream);
    if (rest) await this.start(rest, continues ?? undefined);
  }

  async settled(stream: string): Promise<void> {
    await this.going.get(stream)?.ending;
  }

  async annotate(request: RequestParams<"recording.annotate">): Promise<RecordingStatus> {
    const { name, newName, note } = request;
    if (newName !== undefined) checkName(newName, "newName");
    const going = [...this.going.values()].find(({ recording }) => recording.name === name);
    if (going?.ending) await going.ending;
    if (!going || going.ending) {
      const status = await this.finished.annotate(request);
      if (status.name !== name) await this.followRename(name, status.name);
      return status;
    }
    const { recording, stream } = going;
    if (newName !== undefined) await this.promiseName(going, newName);
    if (note !== undefined) recording.setNote(note);
    this.tellStatus(going);
    stream.tellChanged();
    return recording.status();
  }

  /** Ends all that go on; their hashes are still being worked out. */
  async endAll(): Promise<void> {
    await Promise.all([...this.going.values()].map((going) => this.finish(going, null)));
  }

  /** `finishHashes`: wait for them; otherwise they are left for a later start. */
  async close(finishHashes: boolean): Promise<void> {
    await this.endAll();
    if (this.timer) clearInterval(this.timer);
    await this.finished.close(finishHashes);
    this.catalogue.close();
    this.owned.dispose();
  }

  /** Those that go on from a recording name it: they learn its new name. */
  private async followRename(from: string, to: string): Promise<void> {
    for (const { recording } of this.going.values()) {
      if (recording.continues === from) recording.setContinues(to);
    }
    await this.finished.followRename(from, to);
  }

  /** A name that nobody else gets until the recording ends and takes it. */
  private async promiseName(going: Going, newName: string): Promise<void> {
    const { recording } = going;
    const { name, outputs } = recording.facts;
    if (newName === recording.name) return;
    const { folder } = recording.request;
    const held =
      newName === name ? null : await this.promised.hold(folder, newName, outputs, "newName");
    going.promised?.dispose();
    going.promised = held;
    recording.rename(newName);
  }

  private async create(creation: Creation, run: Run): Promise<void> {
    const { request, stream } = creation;
    // The run may end while the files are made.
    const early: { error: StudioError | null }[] = [];
    let going: Going | null = null;
    const listening = stream.runEnded.on((end) => {
      if (going) this.finishUnasked(going, end.error);
      else early.push(end);
    });
    try {
      const recording = await beginRecording(this.deps, creation, run);
      going = { recording, stream, request, listening, promised: null, ending: null };
    } catch (error) {
      listening.dispose();
      throw error;
    }
    this.going.set(stream.id, going);
    this.timer ??= setInterval(() => this.poll(), POLL_MS);
    this.tellStatus(going);
    void this.catalogue.refresh();
    for (const { error } of early) this.finishUnasked(going, error);
  }

  private poll(): void {
    for (const going of this.going.values()) {
      const { recording, stream, request, ending } = going;
      if (ending) continue;
      try {
        const late = overdue(recording, stream, request.seconds);
        if (late || recording.timeIsUp()) this.finishUnasked(going, late);
        else if (recording.ended()) this.finishUnasked(going, this.causeOf(going));
        else {
          recording.poll();
          this.tellStatus(going);
        }
      } catch (error) {
        this.finishUnasked(going, toStudioError(error));
      }
    }
  }

  /** Why it ended before its goal, where the stream knows and has not told yet. */
  private causeOf({ recording, stream }: Going): StudioError | null {
    return recording.reachedGoal() ? null : stream.failureOfRun(recording.run);
  }

  private finishUnasked(going: Going, cause: StudioError | null): void {
    this.finish(going, cause).catch((error: unknown) =>
      this.warn(`“${going.recording.name}” did not end as it should`, error),
    );
  }

  private finish(going: Going, cause: StudioError | null): Promise<RecordingResult> {
    going.ending ??= this.finishNow(going, cause);
    return going.ending;
  }

  /** Never rejects: what went wrong stands in the result. */
  private async finishNow(going: Going, cause: StudioError | null): Promise<RecordingResult> {
    const { recording, stream } = going;
    const { facts, request } = recording;
    going.listening.dispose();
    const { journal, error } = await recording.finish(cause);
    const done = new FinishedRecording(
      request.folder,
      facts,
      journal,
      "complete",
      error,
      facts.name,
    );
    const empty = recording.status().scans === 0;
    if (empty) await done.remove();
    else if (recording.name !== facts.name) {
      await done
        .rename(recording.name)
        .catch((fault: unknown) => this.warn("The recording kept its name", fault));
      recording.rename(done.name);
    }
    going.promised?.dispose();
    this.rests.set(stream.id, restOf(going.request, recording));
    this.going.delete(stream.id);
    if (this.going.size === 0 && this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    }
    const result = recording.result(journal, error, empty ? [] : done.files());
    const status = recording.status(facts.hash && !empty ? 0 : null);
    stream.tellChanged();
    this.deps.tell("recording.ended", `recording.ended:${done.name}`, { status, result });
    if (!empty) this.finished.add(done, status);
    await this.catalogue.refresh();
    return result;
  }

  private tellStatus({ recording }: Going): void {
    const status = recording.status();
    this.deps.tell("recording", `recording:${recording.facts.name}`, { status });
  }

  private noteChange(change: InventoryChange): void {
    if (change.kind !== "attribute" || change.value.state !== "ok" || this.going.size === 0) return;
    const { address, value } = change;
    for (const { recording } of this.going.values()) {
      const noted = recording.noteAttribute(address, value.raw);
      const hz = scalingNumber(value.raw, NaN);
      if (!noted || !Number.isFinite(hz)) continue;
      const { devices } = this.deps.inventory.list();
      if (isLoFrequency(devices, recording.facts.linked, address))
        recording.append({ kind: "frequency", hz });
    }
  }

  private warn(title: string, thrown: unknown): void {
    this.deps.tell("notice", "notice", { level: "error", title, error: toStudioError(thrown) });
  }
}

function recoveredWords({ recording, samples, unjournaled, asides }: Recovered): string {
  const whole = `“${recording.name}” was cut off when the program or the machine stopped. Its ${formatCount(samples)} scans are whole; open it as any other.`;
  const last =
    unjournaled > 0
      ? ` Of the last ${formatCount(unjournaled)} nothing is known but themselves: what was lost before them can't be told.`
      : "";
  const aside =
    asides.length > 0
      ? ` The bytes of a scan that was being written are kept in ${asides.map((path) => basename(path)).join(", ")}.`
      : "";
  return whole + last + aside;
}
