/** Recordings: starts, follows and ends them, lists what there is, and completes what was cut off. */
import { mkdir } from "node:fs/promises";
import type { Addon } from "../../../native/addon.js";
import { fail, toStudioError, type StudioError } from "../../../shared/errors.js";
import { formatBytes, formatCount } from "../../../shared/figures.js";
import type { Events, RequestParams } from "../../../shared/messages.js";
import type {
  RecordingEntry,
  RecordingResult,
  RecordingStatus,
} from "../../../shared/recording.js";
import { scalingNumber } from "../../../shared/units.js";
import { DisposableStore } from "../disposable.js";
import type { Inventory, InventoryChange } from "../inventory.js";
import { resolveFolder, type SettingsStore } from "../settings-store.js";
import type { LiveStream, RecordingControl } from "../streams/live-stream.js";
import type { StreamRegistry } from "../streams/registry.js";
import type { Run } from "../streams/run.js";
import { ActiveRecording, FREE_FLOOR_BYTES } from "./active.js";
import { Catalogue } from "./catalogue.js";
import { isLoFrequency, recordingFacts } from "./facts.js";
import { FinishedRecording } from "./finished.js";
import { FinishedList } from "./finished-list.js";
import { folderFault } from "./folder-fault.js";
import { checkFree, checkName, nameFromPattern } from "./names.js";
import { recoverRecordings } from "./recovery.js";
import { ownIdentity } from "./writer-identity.js";

/** Status events a second: five. */
const POLL_MS = 200;

type StartRequest = RequestParams<"recording.start">;
type Told = "recording" | "recording.ended" | "recording.list" | "notice";

export interface RecordingDeps {
  addon: Addon;
  inventory: Inventory;
  settings: SettingsStore;
  streams(): StreamRegistry;
  version: string;
  /** Instead of the folder set. */
  folder: string | undefined;
  tell<N extends Told>(name: N, key: string, data: Events[N]): void;
}

interface Going {
  recording: ActiveRecording;
  stream: LiveStream;
  listening: DisposableStore;
  ending: Promise<RecordingResult> | null;
}

export class Recordings implements RecordingControl {
  private readonly going = new Map<string, Going>();
  private readonly starting = new Set<string>();
  private readonly lastRequests = new Map<string, StartRequest>();
  private readonly catalogue = new Catalogue();
  private readonly finished: FinishedList;
  private readonly owned = new DisposableStore();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly deps: RecordingDeps) {
    this.finished = new FinishedList({
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

  /** Looks into the folder, and completes what was cut off if it is to `recover`. */
  async open(recover: boolean): Promise<void> {
    await this.catalogue.setFolder(this.folder());
    if (!recover) return;
    const busy = new Set([...this.going.values()].map(({ recording }) => recording.facts.name));
    const recovered = await recoverRecordings(this.folder(), busy, (name, error) =>
      this.warn(`“${name}” could not be completed`, error),
    );
    for (const { recording, samples } of recovered) {
      this.deps.tell("notice", "notice", {
        level: "warning",
        title: "A recording was recovered",
        error: {
          code: "RECOVERED",
          message: `“${recording.name}” was cut off when the program or the machine stopped. Its ${formatCount(samples)} scans are whole; open it as any other.`,
        },
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

  async start(request: StartRequest): Promise<RecordingStatus> {
    const stream = this.deps.streams().live(request.stream);
    if (this.going.has(stream.id) || this.starting.has(stream.id)) {
      throw fail("BUSY_RECORDING", "This stream is being recorded already. Stop that first.");
    }
    this.starting.add(stream.id);
    try {
      const folder = await this.readyFolder();
      const name = await this.nameFor(request, stream, folder);
      const create = (run: Run): Promise<void> => this.create(request, stream, run, folder, name);
      const run = stream.isRunning() ? stream.currentRun() : null;
      if (run) await create(run);
      else await stream.start({ beforeStart: create });
    } catch (error) {
      throw folderFault(error, this.folderShown());
    } finally {
      this.starting.delete(stream.id);
    }
    const going = this.going.get(stream.id);
    if (!going) throw fail("STOPPED", "The recording ended as soon as it began. See its result.");
    stream.tellChanged();
    return going.recording.status();
  }

  async stop(stream: string): Promise<void> {
    await this.end(stream);
  }

  /** Ends it and answers what there is. */
  end(stream: string): Promise<RecordingResult> {
    const going = this.going.get(stream);
    if (going) return this.finish(going, null);
    return Promise.reject(
      fail("NOT_FOUND", "This stream is not being recorded. Start a recording first."),
    );
  }

  /** With the same note and options, under a new name, on the running stream. */
  async startAgain(stream: string): Promise<void> {
    if (!this.deps.streams().live(stream).isRunning()) {
      throw fail("STOPPED", "The stream ended, so no new recording was begun. Run it again.");
    }
    const again = { ...(this.lastRequests.get(stream) ?? { stream }) };
    delete again.name;
    await this.start(again);
  }

  async settled(stream: string): Promise<void> {
    await this.going.get(stream)?.ending;
  }

  async annotate(request: RequestParams<"recording.annotate">): Promise<RecordingStatus> {
    const { name, newName, note } = request;
    if (newName !== undefined) checkName(newName, "newName");
    const going = [...this.going.values()].find(({ recording }) => recording.name === name);
    if (!going || going.ending) return this.finished.annotate(request);
    const { recording, stream } = going;
    if (newName !== undefined) {
      if (newName !== recording.facts.name) {
        await checkFree(recording.request.folder, newName, "newName");
      }
      recording.rename(newName);
    }
    if (note !== undefined) recording.setNote(note);
    this.tellStatus(going);
    stream.tellChanged();
    return recording.status();
  }

  /** Ends all that go on; their hashes are still being worked out. */
  async endAll(): Promise<void> {
    await Promise.all([...this.going.values()].map((going) => this.finish(going, null)));
  }

  /** `finishHashes`: wait for them; otherwise they are left out. */
  async close(finishHashes: boolean): Promise<void> {
    await this.endAll();
    if (this.timer) clearInterval(this.timer);
    await this.finished.close(finishHashes);
    this.catalogue.close();
    this.owned.dispose();
  }

  private async create(
    request: StartRequest,
    stream: LiveStream,
    run: Run,
    folder: string,
    name: string,
  ): Promise<void> {
    const { inventory, settings, addon, version } = this.deps;
    const facts = recordingFacts({
      name,
      note: request.note ?? "",
      hash: request.hash ?? settings.get().recordings.hash,
      version,
      run,
      buffer: stream.buffer,
      device: inventory.device(stream.device),
      devices: inventory.list().devices,
      clocks: addon.clocks(),
      writer: await ownIdentity(),
      startedAtMs: Date.now(),
    });
    const { rateHz, plan } = run.resolved;
    const { seconds } = request;
    const paced = rateHz !== null && !plan.waitsForBlocks;
    const bySeconds = seconds !== undefined && paced ? Math.ceil(seconds * rateHz) : 0;
    const recording = await ActiveRecording.start(
      {
        folder,
        facts,
        stream: stream.id,
        scans: request.scans ?? bySeconds,
        stopAfterSeconds: seconds !== undefined && !paced ? seconds : null,
      },
      run,
    );
    const listening = new DisposableStore();
    const going: Going = { recording, stream, listening, ending: null };
    listening.add(stream.runEnded.on(({ error }) => this.finishUnasked(going, error)));
    this.going.set(stream.id, going);
    this.lastRequests.set(stream.id, request);
    this.timer ??= setInterval(() => this.poll(), POLL_MS);
    this.tellStatus(going);
    void this.catalogue.refresh();
  }

  private poll(): void {
    for (const going of this.going.values()) {
      const { recording, ending } = going;
      if (ending) continue;
      try {
        if (recording.ended() || recording.timeIsUp()) this.finishUnasked(going, null);
        else {
          recording.poll();
          this.tellStatus(going);
        }
      } catch (error) {
        this.finishUnasked(going, toStudioError(error));
      }
    }
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
      if (isLoFrequency(devices, address)) recording.append({ kind: "frequency", hz });
    }
  }

  private async nameFor(
    request: StartRequest,
    stream: LiveStream,
    folder: string,
  ): Promise<string> {
    if (request.name !== undefined) {
      const name = checkName(request.name);
      await checkFree(folder, name);
      return name;
    }
    const { namePattern } = this.deps.settings.get().recordings;
    const { name, label } = this.deps.inventory.device(stream.device);
    return nameFromPattern(namePattern, folder, label || name, new Date());
  }

  /** Creates the folder; refuses where there is no room to begin. */
  private async readyFolder(): Promise<string> {
    const folder = this.folder();
    await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      // A file stands where the folder should.
      throw error.code === "EEXIST" ? Object.assign(error, { code: "ENOTDIR" }) : error;
    });
    const free = await this.deps.addon.freeBytes(folder);
    if (free < FREE_FLOOR_BYTES * 2) {
      throw fail(
        "ENOSPC",
        `Only ${formatBytes(free)} are free in ${this.folderShown()}. Free some space, or choose another folder.`,
        { errno: 28 },
      );
    }
    return folder;
  }

  private warn(title: string, thrown: unknown): void {
    this.deps.tell("notice", "notice", { level: "error", title, error: toStudioError(thrown) });
  }
}
