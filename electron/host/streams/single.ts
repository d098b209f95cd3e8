/** One acquisition of a given length, around the scope trigger if one is set, then stop. */
import { fail } from "../../../shared/errors.js";
import { formatCount } from "../../../shared/figures.js";
import { spareBlocks } from "../../../shared/history-room.js";
import { DisposableStore } from "../disposable.js";
import { busyRecording } from "./faults.js";
import type { LiveStream } from "./live-stream.js";
import type { Run } from "./run.js";

export interface SingleRequest {
  /** Whole length, what stands before the trigger included. */
  scans: number;
  preScans: number;
}

export interface SingleResult {
  fromScan: number;
  toScan: number;
  trigger: { scan: number; fraction: number } | null;
}

const PIN = "single";

export class SingleAcquisitions {
  private readonly going = new Set<LiveStream>();

  constructor(private readonly recordingOf: (stream: string) => string | null) {}

  async acquire(stream: LiveStream, request: SingleRequest): Promise<SingleResult> {
    const recording = this.recordingOf(stream.id);
    if (recording !== null) throw busyRecording(recording);
    stream.checkFree();
    if (request.preScans > request.scans) {
      throw fail("BAD_REQUEST", "What stands before the trigger is longer than the whole.", {
        field: "preScans",
      });
    }
    if (this.going.has(stream)) {
      throw fail("BUSY", "A single acquisition waits already. Stop it first.");
    }
    this.going.add(stream);
    try {
      const { run, fromScan } = await begin(stream, request);
      const result = await waitForSpan(stream, run, fromScan, request);
      const held = run.native.pin(PIN, Math.floor(result.fromScan), Math.ceil(result.toScan));
      await stream.stop();
      if (held.fromScan > result.fromScan) throw startLost(run, held.fromScan - result.fromScan);
      return result;
    } finally {
      stream.progress.singleWaits = false;
      this.going.delete(stream);
    }
  }
}

/** Starts the stream, with a pool that holds the whole acquisition. */
async function begin(
  stream: LiveStream,
  { scans }: SingleRequest,
): Promise<{ run: Run; fromScan: number }> {
  const before = stream.currentRun();
  if (before && stream.isRunning() && capacity(before) >= scans + spare(before)) {
    return { run: before, fromScan: before.counters().historyToScan };
  }
  await stream.start({ historyScans: scans });
  const run = stream.currentRun();
  if (!run) throw stopped();
  if (capacity(run) < scans) {
    await stream.stop();
    throw fail(
      "BUDGET",
      `The blocks hold ${formatCount(capacity(run))} scans of history, less than the ${formatCount(scans)} asked. Take more or larger blocks, or a shorter acquisition.`,
      { field: "scans" },
    );
  }
  return { run, fromScan: 0 };
}

/** Scans that stay while the queue is refilled. */
function capacity(run: Run): number {
  const { blockCount, queueDepth, scansPerBlock } = run.resolved.geometry;
  return (blockCount - queueDepth) * scansPerBlock;
}

/** Scans that come between the end of an acquisition and its being held. */
function spare(run: Run): number {
  const { geometry } = run.resolved;
  return spareBlocks(geometry) * geometry.scansPerBlock;
}

function startLost(run: Run, scans: number): Error {
  return fail(
    "OVERWRITTEN",
    `The first ${formatCount(Math.ceil(scans))} scans were overwritten before the acquisition could be held: the blocks have room for ${formatCount(capacity(run))}. Take more or larger blocks, or a shorter acquisition.`,
    { field: "scans" },
  );
}

function waitForSpan(
  stream: LiveStream,
  run: Run,
  fromScan: number,
  { scans, preScans }: SingleRequest,
): Promise<SingleResult> {
  const triggered = stream.view.scopeTrigger() !== null;
  stream.progress.singleWaits = triggered;
  const look = (): SingleResult | null => {
    if (!triggered) {
      const there = run.counters().summarisedToScan >= fromScan + scans;
      return there ? { fromScan, toScan: fromScan + scans, trigger: null } : null;
    }
    const trigger = run.native.nextTrigger(fromScan + preScans, scans - preScans);
    if (!trigger) return null;
    const start = trigger.scan + trigger.fraction - preScans;
    return { fromScan: start, toScan: start + scans, trigger };
  };
  return new Promise((resolve, reject) => {
    const listening = new DisposableStore();
    const check = (): void => {
      const result = look();
      if (!result) return;
      listening.dispose();
      resolve(result);
    };
    listening.add(stream.progress.told.on(check));
    listening.add(
      stream.runEnded.on(({ error }) => {
        listening.dispose();
        reject(error ? fail(error.code, error.message, error) : stopped());
      }),
    );
    check();
  });
}

function stopped(): Error {
  return fail(
    "STOPPED",
    "The stream was stopped before the acquisition was whole. Start it again.",
  );
}
