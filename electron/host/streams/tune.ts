/**
 * Find my settings: runs a stream with one setting after the other (tune-search.ts says which) and watches its queue.
 * Whatever happens, it is given back as it was: its settings, and running or not. What was found is only answered.
 */
import type { NativeCounters } from "../../../native/addon.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { formatCount } from "../../../shared/figures.js";
import type { StreamSettings } from "../../../shared/stream.js";
import type { TuneFound, TuneStatus, TuneTry } from "../../../shared/tune.js";
import type { Disposable } from "../disposable.js";
import { busyRecording } from "./faults.js";
import type { LiveStream } from "./live-stream.js";
import type { Run } from "./run.js";
import { isCancelled } from "./starting.js";
import {
  countLadder,
  leastAllowed,
  queueOf,
  searchSettings,
  sizeLadder,
  TRIES_AT_MOST,
  type TuneCandidate,
  type TuneSize,
} from "./tune-search.js";

export interface TuneRequest {
  seconds: number;
  marginPercent: number;
}

/** A search that goes on; disposing of it cancels it. */
export interface Tuning extends Disposable {
  /** Resolves when the stream is as it was before. */
  readonly ended: Promise<TuneStatus>;
}

const LOOK_MS = 50;
/** However slow the stream: a try sees so many blocks. */
const LEAST_BLOCKS = 8;
const PATIENCE_BLOCKS = 10;
const PATIENCE_SECONDS = 3;

export class Tunings {
  private readonly going = new Map<string, { cancel: AbortController; ended: Promise<unknown> }>();

  constructor(
    private readonly deps: {
      recordingOf(stream: string): string | null;
      tell(status: TuneStatus): void;
    },
  ) {}

  /** Throws where a stream can't be tuned. */
  begin(stream: LiveStream, request: TuneRequest): Tuning {
    const recording = this.deps.recordingOf(stream.id);
    if (recording !== null) throw busyRecording(recording);
    const rateHz = pacedRate(stream);
    const hold = stream.occupy("Settings are being looked for. Wait for the end, or cancel that.");
    const cancel = new AbortController();
    const search = new Search(stream, rateHz, request, cancel.signal, this.deps.tell);
    const ended = search.run().finally(() => {
      this.going.delete(stream.id);
      hold.dispose();
      stream.tellChanged();
    });
    ended.catch(() => {});
    this.going.set(stream.id, { cancel, ended });
    return { ended, dispose: () => cancel.abort() };
  }

  /** Nothing happens if none goes on. */
  cancel(stream: string): void {
    this.going.get(stream)?.cancel.abort();
  }

  /** Cancels all; resolves when every stream is as it was. */
  async close(): Promise<void> {
    const going = [...this.going.values()];
    for (const { cancel } of going) cancel.abort();
    await Promise.allSettled(going.map(({ ended }) => ended));
  }
}

/** Scans per second at which a stream's queue can run dry. Throws where that can't be seen. */
function pacedRate(stream: LiveStream): number {
  const { settings, transport, rateSetHz, geometryError } = stream.info();
  if (settings.rateMax) {
    throw fail(
      "CANNOT_TUNE",
      "As fast as possible, the source waits for free blocks: its queue never runs dry, so there is nothing to find. Give it a rate in Hz.",
      { field: "rateMax" },
    );
  }
  if (!transport && geometryError)
    throw fail(geometryError.code, geometryError.message, geometryError);
  if (transport?.kind === "read") {
    throw fail(
      "CANNOT_TUNE",
      "With read() the queue is inside the kernel, which does not tell how full it gets. Choose DMABUF as the transport if the device has it.",
      { field: "transport" },
    );
  }
  const [missing] = stream.missing();
  if (missing !== undefined) throw fail("CANNOT_TUNE", missing, { field: "deviceTrigger" });
  const rateHz = rateSetHz ?? (stream.isRunning() ? stream.counters().rateHz : null);
  if (rateHz !== null && rateHz > 0) return rateHz;
  throw fail(
    "CANNOT_TUNE",
    "The sampling rate is not known, so nobody can say how long a block lasts. Set it, or run the stream first: then it is measured.",
  );
}

class Search {
  private readonly before: StreamSettings;
  private readonly ranBefore: boolean;
  private readonly status: TuneStatus;

  constructor(
    private readonly stream: LiveStream,
    private readonly rateHz: number,
    request: TuneRequest,
    private readonly cancelled: AbortSignal,
    private readonly tell: (status: TuneStatus) => void,
  ) {
    this.before = stream.currentSettings();
    this.ranBefore = stream.isRunning();
    this.status = {
      stream: stream.id,
      ...request,
      rateHz,
      state: { kind: "running" },
      tries: [],
      triesAtMost: TRIES_AT_MOST,
    };
  }

  async run(): Promise<TuneStatus> {
    try {
      this.tellNow();
      const found = await this.search();
      await this.restore();
      this.status.state = this.cancelled.aborted ? { kind: "cancelled" } : { kind: "done", found };
    } catch (thrown) {
      await this.restore().catch(() => {});
      this.status.state = { kind: "failed", error: toStudioError(thrown) };
      this.tellNow();
      throw thrown;
    }
    this.tellNow();
    return this.status;
  }

  private restore(): Promise<unknown> {
    return this.stream.rerun(this.before, this.ranBefore);
  }

  private async search(): Promise<TuneFound | null> {
    const steps = searchSettings(await this.sizes());
    let step = steps.next();
    while (!step.done && !this.cancelled.aborted) {
      const { verdict } = await this.attempt(step.value);
      if (verdict.kind === "running") break;
      step = steps.next(verdict.kind === "good");
    }
    return step.done && step.value ? this.foundOf(step.value) : null;
  }

  /** As the settings are rounded, and as far as memory and open files go. */
  private async sizes(): Promise<TuneSize[]> {
    const { geometry } = this.stream.info();
    const scanBytes = geometry?.scanBytes ?? 1;
    const sizes: TuneSize[] = [];
    for (const asked of sizeLadder(scanBytes, this.rateHz, this.status.seconds)) {
      const found = await this.affordable(asked, scanBytes);
      if (found && found.bytes > (sizes.at(-1)?.bytes ?? 0)) sizes.push(found);
    }
    if (sizes.length > 0) return sizes;
    throw fail("BUDGET", "No size of block can be had now. Free some memory, then try again.");
  }

  private async affordable(asked: number, scanBytes: number): Promise<TuneSize | null> {
    let counts = countLadder(asked / scanBytes / this.rateHz);
    while (counts.length > 0 && !this.cancelled.aborted) {
      const count = counts.at(-1) as number;
      const { geometry } = await this.stream.preview(patchOf({ bytes: asked, count }));
      if (geometry) return { bytes: geometry.payloadBytes, counts };
      counts = counts.slice(0, -2);
    }
    return null;
  }

  private async attempt(candidate: TuneCandidate): Promise<TuneTry> {
    const secondsPerBlock = this.secondsPerBlock(candidate.bytes);
    const queueDepth = queueOf(candidate.count);
    const one: TuneTry = {
      blockBytes: candidate.bytes,
      blockCount: candidate.count,
      queueDepth,
      secondsPerBlock,
      reserveSeconds: secondsPerBlock * queueDepth,
      seconds: 0,
      queuedLeast: null,
      dryRuns: 0,
      verdict: { kind: "running" },
    };
    this.status.tries.push(one);
    this.tellNow();
    const cancelStart = (): void => this.stream.cancelStart();
    this.cancelled.addEventListener("abort", cancelStart);
    try {
      const run = await this.stream.rerun({ ...this.before, ...patchOf(candidate) }, true);
      if (run) await this.watch(run, one);
    } catch (thrown) {
      const error = toStudioError(thrown);
      if (isOfTheTry(error.code)) one.verdict = { kind: "bad", why: error.message };
      else if (!this.cancelled.aborted || !isCancelled(thrown)) throw thrown;
    } finally {
      this.cancelled.removeEventListener("abort", cancelStart);
    }
    this.tellNow();
    return one;
  }

  /** Looks until the time is over, something went wrong, or somebody cancels. */
  private async watch(run: Run, one: TuneTry): Promise<void> {
    const { seconds, marginPercent } = this.status;
    const least = leastAllowed(one.queueDepth, marginPercent);
    while (!this.cancelled.aborted) {
      const counters = run.counters();
      this.checkAlive(run, counters, one);
      const elapsed = Number(counters.nowNs - counters.startTimeNs) / 1e9;
      if (counters.blocks > 0) one.queuedLeast = counters.queuedLeast;
      one.dryRuns = counters.dryRuns;
      one.seconds = elapsed;
      const why = troubleOf(counters, one.queueDepth, least);
      if (why !== null) one.verdict = { kind: "bad", why };
      else if (elapsed >= seconds && counters.blocks >= LEAST_BLOCKS)
        one.verdict = { kind: "good" };
      if (one.verdict.kind !== "running") return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  private checkAlive(run: Run, counters: NativeCounters, one: TuneTry): void {
    const failure = this.stream.failureOfRun(run);
    if (failure) throw fail(failure.code, failure.message, failure);
    if (counters.state !== "running") {
      throw fail("STOPPED", "The stream was stopped while settings were looked for. Start again.");
    }
    const newest = counters.blocks > 0 ? counters.newestTimeNs : counters.startTimeNs;
    const silent = Number(counters.nowNs - newest) / 1e9;
    if (silent <= Math.max(PATIENCE_SECONDS, PATIENCE_BLOCKS * one.secondsPerBlock)) return;
    const waiting = this.stream.counters().waitingFor;
    throw fail(
      "NO_SAMPLES",
      waiting ?? "No samples come, so nothing can be measured. Look at what clocks the device.",
    );
  }

  private async foundOf(candidate: TuneCandidate): Promise<TuneFound | null> {
    const { blockCount: tried, ...sizes } = patchOf(candidate);
    const { geometry } = await this.stream.preview({ ...sizes, blockCount: tried });
    if (!geometry) return null;
    const { payloadBytes, blockCount, queueDepth, poolBytes } = geometry;
    const budgeted = this.before.memoryBudgetBytes !== null && this.before.blockCount === null;
    const patch = budgeted ? sizes : { ...sizes, blockCount };
    const secondsPerBlock = this.secondsPerBlock(payloadBytes);
    return {
      blockBytes: payloadBytes,
      blockCount,
      queueDepth,
      secondsPerBlock,
      reserveSeconds: secondsPerBlock * queueDepth,
      poolBytes,
      patch,
    };
  }

  private secondsPerBlock(bytes: number): number {
    const scanBytes = this.stream.info().geometry?.scanBytes ?? 1;
    return bytes / scanBytes / this.rateHz;
  }

  private tellNow(): void {
    this.tell({ ...this.status, tries: this.status.tries.map((one) => ({ ...one })) });
  }
}

function patchOf({ bytes, count }: TuneCandidate): Required<TuneFound["patch"]> {
  return {
    blockSize: { kind: "bytes", bytes },
    blockCount: count,
    queueDepth: queueOf(count),
  };
}

/** What speaks against this setting and not against the stream: a smaller one may still be had. */
function isOfTheTry(code: string): boolean {
  return ["BUDGET", "ENOMEM", "EMFILE", "ENFILE", "BAD_REQUEST"].includes(code);
}

function troubleOf(counters: NativeCounters, queueDepth: number, least: number): string | null {
  if (counters.dryRuns > 0) return "the queue ran dry";
  if (counters.failedBlocks > 0) return "a transfer failed";
  if (counters.gaps > 0) return "samples were lost";
  if (counters.blocks > 0 && counters.queuedLeast < least) {
    return `the queue fell to ${formatCount(counters.queuedLeast)} of ${formatCount(queueDepth)}`;
  }
  return null;
}
