/**
 * Keeps what has just happened: records a span of the past out of the pool's history, beside whatever else records the
 * stream, whether it runs or has stopped.
 */
import { fail, type StudioFailure } from "../../../shared/errors.js";
import type { RequestParams } from "../../../shared/messages.js";
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import type { LiveStream } from "../streams/live-stream.js";
import type { Run } from "../streams/run.js";
import type { ActiveRecording } from "./active.js";
import { beginRecording, findPlace, type BeginDeps, type StartRequest } from "./begin.js";
import { endRecording, type Ended } from "./ending.js";
import { markOf, momentNow, type AskedSpan, type Moment } from "./moment.js";
import { holdPast } from "./past-hold.js";
import type { PromisedNames } from "./promised-names.js";

export type KeepRequest = RequestParams<"recording.keep">;

export interface KeepDeps extends BeginDeps {
  promised: PromisedNames;
  /** Where recordings go, and as the user typed it. */
  folder(): { path: string; shown: string };
  status(status: RecordingStatus): void;
  ended(ended: Ended): Promise<void>;
  warn(title: string, thrown: unknown): void;
}

const LOOK_MS = 50;
/** The last block of a span was being filled when it was asked for; one that never fills is not waited for. */
const LEAST_WAIT_MS = 2000;
const WAIT_BLOCKS = 10;

export class Keeps {
  private readonly going = new Map<LiveStream, Set<Promise<unknown>>>();
  private readonly recordings = new Set<ActiveRecording>();

  constructor(private readonly deps: KeepDeps) {}

  /** Answers when it is on the disk. */
  keep(stream: LiveStream, request: KeepRequest): Promise<RecordingResult> {
    const work = this.keepNow(stream, request);
    const going = this.going.get(stream) ?? new Set();
    this.going.set(stream, going.add(work));
    const over = (): void => {
      going.delete(work);
      if (going.size === 0) this.going.delete(stream);
    };
    work.then(over, over);
    return work;
  }

  running(): RecordingStatus[] {
    return [...this.recordings].map(statusOf);
  }

  /** When those of a stream, or all, have given their blocks back. */
  async settled(stream?: string): Promise<void> {
    const works = [...this.going].flatMap(([{ id }, all]) =>
      stream === undefined || id === stream ? [...all] : [],
    );
    await Promise.allSettled(works);
  }

  private async keepNow(stream: LiveStream, request: KeepRequest): Promise<RecordingResult> {
    stream.checkFree();
    const run = stream.currentRun();
    if (!run) throw fail("EMPTY", "Nothing has come yet. Run the stream, then keep what came.");
    const now = momentNow(run);
    const span = spanOf(request, now);
    // Before all that takes time.
    const held = holdPast(run, span);
    const recording = await this.begun(stream, request, { run, span }).finally(() =>
      held.dispose(),
    );
    this.recordings.add(recording);
    try {
      await this.written(recording, stream, run);
      return await this.end(recording);
    } finally {
      this.recordings.delete(recording);
    }
  }

  private async begun(
    stream: LiveStream,
    request: KeepRequest,
    { run, span }: { run: Run; span: AskedSpan },
  ): Promise<ActiveRecording> {
    const { addon, promised, folder } = this.deps;
    const mark = markOf(span, addon.clocks().realtimeNs);
    const { name, note, hash, raw } = request;
    const rest: StartRequest = {
      stream: request.stream,
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
      ...(hash !== undefined && { hash }),
      ...(raw !== undefined && { raw }),
    };
    const place = await findPlace(this.deps, promised, rest, stream, folder());
    return beginRecording(
      this.deps,
      { request: rest, stream, place, continues: undefined, span, marks: [mark] },
      run,
    ).finally(() => place.held.dispose());
  }

  private async end(recording: ActiveRecording): Promise<RecordingResult> {
    const ended = await endRecording(recording, null, (title, fault) =>
      this.deps.warn(title, fault),
    );
    if (!ended.done) throw nothingLeft(ended);
    await this.deps.ended({ ...ended, status: { ...ended.status, kept: true } });
    return ended.result;
  }

  /** Until its last block is written, or will not come. */
  private written(recording: ActiveRecording, stream: LiveStream, run: Run): Promise<void> {
    const waitMs = Math.max(
      LEAST_WAIT_MS,
      WAIT_BLOCKS * 1000 * (run.resolved.geometry.secondsPerBlock ?? 0),
    );
    const startedMs = performance.now();
    return new Promise((resolve) => {
      const look = (): void => {
        const over = recording.ended();
        const runs = stream.isRunning() && stream.currentRun() === run;
        const late = performance.now() - startedMs > waitMs;
        const { backlogBlocks } = recording.status();
        if (over || !runs || (late && backlogBlocks === 0)) {
          clearInterval(timer);
          resolve();
        } else this.deps.status(statusOf(recording));
      };
      const timer = setInterval(look, LOOK_MS);
      look();
    });
  }
}

function statusOf(recording: ActiveRecording): RecordingStatus {
  return { ...recording.status(), kept: true };
}

/** In whole scans, up to now. Throws BAD_REQUEST for one that is empty, or lies ahead. */
function spanOf({ seconds, fromScan, toScan }: KeepRequest, now: Moment): AskedSpan {
  const { rateHz } = now;
  if (seconds !== undefined) {
    return { fromScan: Math.floor(now.scan - seconds * rateHz), toScan: now.scan, rateHz };
  }
  const from = Math.floor(fromScan as number);
  const to = Math.min(Math.ceil(toScan as number), now.scan);
  if (to > Math.max(0, from)) return { fromScan: from, toScan: to, rateHz };
  throw fail(
    "BAD_REQUEST",
    from >= now.scan
      ? "That span has not happened yet. Record it instead."
      : "The span to keep ends before it begins. Choose a later end.",
    { field: "toScan" },
  );
}

function nothingLeft({ result }: Ended): StudioFailure {
  if (result.error && result.error.code !== "EMPTY") {
    return fail(result.error.code, result.error.message, result.error);
  }
  return fail(
    "OVERWRITTEN",
    "Nothing of that span is in the history any more. Keep it sooner, or give the stream more memory.",
  );
}
