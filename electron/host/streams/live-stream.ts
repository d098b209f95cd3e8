/** A buffer of a device as a stream: its settings, its state, and the runs it makes. */
import type { DeviceInfo } from "../../../shared/device.js";
import { fail, toStudioError, type StudioError } from "../../../shared/errors.js";
import { streamId } from "../../../shared/stream.js";
import type { Events } from "../../../shared/messages.js";
import type {
  ScopeTrigger,
  StreamCounters,
  StreamInfo,
  StreamSettings,
  StreamState,
} from "../../../shared/stream.js";
import type { Frame, FrameRequest, SamplesReply } from "../../../shared/view.js";
import { Emitter, toDisposable, type Disposable } from "../disposable.js";
import { busyRecording, endTitle, failureOf, goneFailure } from "./faults.js";
import { keepLast, NOT_PLANNED, plannedInfo, planSettings, type Planned } from "./planner.js";
import type { ClockOffset } from "./progress.js";
import { Run, type RunServices } from "./run.js";
import { RunProgress } from "./run-progress.js";
import { RunView } from "./run-view.js";
import { Serial } from "./serial.js";
import { isCancelled, Starting } from "./starting.js";
import { defaultSettings, patchSettings, sameSettings, type SettingsPatch } from "./settings.js";
import type { Stream } from "./stream.js";
import { Ticker } from "./ticker.js";

/** What a stream asks of recordings: they know which of them runs on it. */
export interface RecordingControl {
  nameOf(stream: string): string | null;
  /** Ends it as the user would, and answers the base name of what is there now; null if it left nothing. */
  stop(stream: string): Promise<string | null>;
  /** A new one with the same note and options, which goes on from the one of this base name. */
  startAgain(stream: string, continues: string | null): Promise<void>;
  /** Resolves when one that is ending on this stream has given its blocks back. */
  settled(stream: string): Promise<void>;
}

export interface StreamServices extends RunServices {
  clock(): ClockOffset;
  recordings: RecordingControl;
}

export interface StartOptions {
  /** The pool holds at least so many scans of history. */
  historyScans?: number;
  /** After all is open, before the first sample: a recorder that is to miss none. */
  beforeStart?: (run: Run) => Promise<void>;
}

export class LiveStream implements Stream {
  readonly id: string;
  readonly changed = new Emitter<StreamInfo>();
  /** A run ended; `error` if nobody stopped it. */
  readonly runEnded = new Emitter<{ error: StudioError | null }>();
  /** What the user should read and did not ask for. */
  readonly noticed = new Emitter<Events["notice"]>();
  readonly view: RunView;
  readonly progress: RunProgress;
  private settings: StreamSettings;
  private state: StreamState = { kind: "idle" };
  private planned: Planned = NOT_PLANNED;
  private run: Run | null = null;
  private runs = 0;
  /** The last that came to run. */
  private ran = 0;
  private lastDevice: DeviceInfo;
  private markRestart = false;
  private occupied: string | null = null;
  private closed = false;
  private starting: Starting | null = null;
  private readonly serial = new Serial();
  private readonly ticker = new Ticker(
    () => this.tick(),
    (error) => this.tickFailed(error),
  );

  constructor(
    device: DeviceInfo,
    readonly buffer: number,
    private readonly services: StreamServices,
    /** Settings of the same device before it was plugged in again. */
    earlier: StreamSettings | null,
  ) {
    this.id = streamId(device.id, buffer);
    this.lastDevice = device;
    this.settings = this.usable(earlier) ?? defaultSettings(device, buffer);
    this.view = new RunView({
      id: this.id,
      run: () => this.run,
      running: () => this.isRunning(),
      starting: () => this.state.kind === "starting",
      device: () => this.deviceInfo(),
      clock: () => services.clock(),
    });
    this.progress = new RunProgress({
      id: this.id,
      buffer,
      device: () => this.deviceInfo(),
      scopeTrigger: () => this.view.scopeTrigger(),
      frameLatency: () => this.view.frameLatency(),
      clock: () => services.clock(),
    });
  }

  get device(): string {
    return this.lastDevice.id;
  }

  info(): StreamInfo {
    const shown = this.isUp() && this.run ? this.run.resolved : this.planned.resolved;
    return this.infoOf(this.settings, { resolved: shown, error: this.planned.error });
  }

  /** A sentence each for what keeps it from starting. */
  readonly missing = (): string[] => this.planned.resolved?.plan.missing ?? [];

  currentSettings(): StreamSettings {
    return this.settings;
  }

  currentRun(): Run | null {
    return this.run;
  }

  isRunning(): boolean {
    return this.state.kind === "running";
  }

  /** Works out anew what the settings mean, after the device or its rate changed. */
  async refresh(): Promise<void> {
    const before = JSON.stringify(this.planned);
    this.planned = keepLast(await this.plan(this.settings), this.planned);
    const dropped = this.view.apply();
    if (dropped || JSON.stringify(this.planned) !== before) this.tellChanged();
  }

  async preview(patch: SettingsPatch): Promise<StreamInfo> {
    const next = patchSettings(this.settings, patch, this.deviceInfo(), this.buffer);
    return this.infoOf(next, await this.plan(next));
  }

  configure(patch: SettingsPatch, continueRecording: boolean): Promise<StreamInfo> {
    return this.serial.run(async () => {
      this.checkFree();
      const next = patchSettings(this.settings, patch, this.deviceInfo(), this.buffer);
      if (sameSettings(next, this.settings)) return this.info();
      const planned = await this.plan(next);
      const { error } = planned;
      // What is wrong elsewhere (the device has gone) doesn't keep settings from being changed.
      if (error && (this.isRunning() || (error.field ?? "") in patch)) {
        throw fail(error.code, error.message, error);
      }
      await this.restartAround(continueRecording, async () => {
        this.settings = next;
        this.planned = keepLast(planned, this.planned);
      });
      this.tellChanged();
      return this.info();
    });
  }

  /** Does `change` with the stream stopped: restarts what ran, in a new recording if one was going on. */
  changeStopped(continueRecording: boolean, change: () => Promise<void>): Promise<void> {
    return this.serial.run(async () => {
      this.checkFree();
      await this.restartAround(continueRecording, change);
    });
  }

  /** Until it is disposed of nobody changes, starts, stops or records this stream, but through `rerun`: they read why. */
  occupy(why: string): Disposable {
    this.checkFree();
    this.occupied = why;
    return toDisposable(() => (this.occupied = null));
  }

  /** Throws BUSY while somebody has the stream for himself. */
  checkFree(): void {
    if (this.occupied !== null) throw fail("BUSY", this.occupied);
  }

  /** For who occupies the stream: stops what runs, takes settings over as they are, and runs again if it is to. */
  rerun(settings: StreamSettings, run: boolean): Promise<Run | null> {
    return this.serial.run(async () => {
      if (this.closed) throw fail("STOPPED", "The stream has gone. Choose its device again.");
      await this.stopRun();
      this.settings = settings;
      this.planned = keepLast(await this.plan(settings), this.planned);
      if (run) await this.startRun({});
      else this.tellChanged();
      return this.run;
    });
  }

  start(options: StartOptions = {}): Promise<StreamInfo> {
    return this.serial.run(async () => {
      this.checkFree();
      if (this.isRunning() && options.historyScans !== undefined) {
        await this.stopRun();
        this.markRestart = true;
      }
      if (!this.isRunning()) await this.startRun(options);
      // Somebody else started it in the meantime: what runs is what was asked for.
      else if (this.run) await options.beforeStart?.(this.run);
      return this.info();
    });
  }

  /** One that starts is cancelled. */
  async stop(): Promise<StreamInfo> {
    this.checkFree();
    this.cancelStart();
    return this.serial.run(async () => {
      this.checkFree();
      const recording = this.services.recordings.nameOf(this.id);
      if (recording !== null && this.isRunning()) throw busyRecording(recording);
      await this.stopRun();
      return this.info();
    });
  }

  /** Memory that it is about to take, and that the machine still counts as available. */
  pendingBytes(): number {
    if (this.state.kind !== "starting" || !this.run) return 0;
    return this.run.resolved.geometry.poolBytes - this.run.native.allocation().bytes;
  }

  /** What waits for the start rejects with CANCELLED. Nothing happens if none goes on. */
  cancelStart(): void {
    this.starting?.cancel();
  }

  /** Rejects with CANCELLED when the start that goes on is cancelled; never resolves. */
  startUnwanted(): Promise<never> {
    return this.starting?.unwanted ?? new Promise<never>(() => {});
  }

  /** Why a run failed, even before the stream has told; null if it has not. */
  failureOfRun(run: Run): StudioError | null {
    const native = run.counters();
    return native.state === "failed" ? failureOf(native, this.deviceInfo()) : null;
  }

  setTrigger(trigger: ScopeTrigger | null): StreamInfo {
    this.view.setTrigger(trigger);
    this.tellChanged();
    return this.info();
  }

  counters(): StreamCounters {
    return this.progress.counters(this.run);
  }

  frame(request: FrameRequest): Promise<Frame> {
    return this.view.frame(request);
  }

  samples(channel: string, fromScan: number, count: number): Promise<SamplesReply> {
    return this.view.samples(channel, fromScan, count);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelStart();
    await this.serial.settled();
    await this.stopRun();
    await this.closeRun();
    this.ticker.dispose();
    this.changed.dispose();
    this.progress.dispose();
    this.runEnded.dispose();
    this.noticed.dispose();
  }

  tellChanged(): void {
    this.changed.fire(this.info());
  }

  private async restartAround(
    continueRecording: boolean,
    change: () => Promise<void>,
  ): Promise<void> {
    const { recordings } = this.services;
    if (!this.isRunning()) return change();
    const recording = recordings.nameOf(this.id);
    if (recording !== null && !continueRecording) throw busyRecording(recording);
    const before = recording === null ? null : await recordings.stop(this.id);
    await this.stopRun();
    this.markRestart = true;
    try {
      await change();
    } catch (error) {
      // A refused change must not end what ran.
      await this.startRun({}).catch(() => {});
      throw error;
    }
    try {
      await this.startRun({});
    } catch (error) {
      // The change was made, and the user did not want to wait for what it takes.
      if (isCancelled(error)) return;
      throw error;
    }
    if (recording !== null) await recordings.startAgain(this.id, before);
  }

  private async startRun(options: StartOptions): Promise<void> {
    const device = this.deviceInfo();
    if (device.presence === "gone") throw goneFailure(device);
    this.setState({ kind: "starting", allocation: null });
    const starting = new Starting((allocation) => this.setState({ kind: "starting", allocation }));
    this.starting = starting;
    let opened: Run | null = null;
    let fault: "stream" | "other" = "stream";
    try {
      await this.closeRun();
      opened = await Run.open(this.services, {
        device: this.device,
        buffer: this.buffer,
        settings: this.settings,
        run: ++this.runs,
        isRestart: this.markRestart,
        historyScans: options.historyScans,
      });
      this.markRestart = false;
      this.run = opened;
      starting.follow(opened.native);
      for (const note of opened.notes) this.tellNote(note);
      this.planned = { resolved: opened.resolved, error: null };
      this.view.apply();
      fault = "other";
      await options.beforeStart?.(opened);
      fault = "stream";
      opened.native.onNews(() => this.ticker.news());
      await opened.start();
      starting.checkWanted();
    } catch (thrown) {
      starting.dispose();
      await opened?.close().catch(() => {});
      this.run = null;
      const reason = starting.reason(thrown);
      const error = toStudioError(reason);
      const wanted = isCancelled(reason);
      this.setState(
        fault === "other" || wanted
          ? { kind: "idle" }
          : { kind: "failed", error, atMs: Date.now() },
      );
      this.runEnded.fire({ error: wanted ? null : error });
      throw reason;
    } finally {
      starting.dispose();
      this.starting = null;
    }
    this.ran = this.runs;
    this.setState({ kind: "running", sinceMs: Date.now() });
    this.ticker.start();
  }

  /** The history stays readable. */
  private async stopRun(): Promise<void> {
    if (!this.isRunning()) return;
    this.setState({ kind: "stopping" });
    this.ticker.stop();
    try {
      await this.run?.stop();
      if (this.run) this.progress.tell(this.run);
    } finally {
      this.setState({ kind: "idle" });
      this.runEnded.fire({ error: null });
    }
  }

  private async closeRun(): Promise<void> {
    await this.services.recordings.settled(this.id);
    await this.run?.close();
    this.run = null;
  }

  private tick(): void {
    const { run } = this;
    if (!run || !this.isRunning()) return;
    this.progress.tell(run);
    const native = run.counters();
    if (native.state === "failed") this.runFailed(run, failureOf(native, this.deviceInfo()));
  }

  /** A stream that can't tell of itself any more is ended rather than left running unseen. */
  private tickFailed(thrown: unknown): void {
    if (this.run) this.runFailed(this.run, toStudioError(thrown));
  }

  private runFailed(run: Run, error: StudioError): void {
    this.ticker.stop();
    this.setState({ kind: "failed", error, atMs: Date.now() });
    this.runEnded.fire({ error });
    const title = endTitle(this.deviceInfo(), error);
    this.noticed.fire({ level: "error", title, error, stream: this.id });
    this.serial.run(() => run.stop()).catch(() => {});
  }

  private tellNote(message: string): void {
    const title = `${this.deviceInfo().label} was mended first`;
    this.noticed.fire({ level: "info", title, error: { code: "NOTE", message }, stream: this.id });
  }

  private plan(settings: StreamSettings): Promise<Planned> {
    const own = this.isUp() ? (this.run?.resolved.geometry.poolBytes ?? 0) : 0;
    return planSettings(this.services, this.deviceInfo(), this.buffer, settings, own);
  }

  private infoOf(settings: StreamSettings, planned: Planned): StreamInfo {
    return {
      id: this.id,
      device: this.device,
      buffer: this.buffer,
      settings,
      ...plannedInfo(planned),
      state: this.state,
      recording: this.services.recordings.nameOf(this.id),
      trigger: this.view.scopeTrigger(),
      run: this.run?.number ?? this.ran,
      notes: this.isUp() ? [...(this.run?.systemNotes ?? [])] : [],
    };
  }

  private usable(earlier: StreamSettings | null): StreamSettings | null {
    try {
      return earlier && patchSettings(earlier, {}, this.lastDevice, this.buffer);
    } catch {
      return null;
    }
  }

  private isUp(): boolean {
    return this.state.kind === "running" || this.state.kind === "stopping";
  }

  private setState(state: StreamState): void {
    this.state = state;
    this.tellChanged();
  }

  /** As it is now; one that is not listed any more as it was last. */
  private deviceInfo(): DeviceInfo {
    this.lastDevice = this.services.findDevice(this.lastDevice.id) ?? this.lastDevice;
    return this.lastDevice;
  }
}
