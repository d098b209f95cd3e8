/**
 * Recordings that begin at a time by the clock on the wall. The clock is looked at each second at least, as it may be set
 * meanwhile: one long timer would begin at another time than the one that was asked for.
 */
import { fail, toStudioError, type StudioError } from "../../../shared/errors.js";
import { formatDuration } from "../../../shared/figures.js";
import type { Events, RequestParams } from "../../../shared/messages.js";
import type { ScheduleStatus } from "../../../shared/schedule.js";
import { formatMoment, momentFault } from "../../../shared/wall-time.js";
import type { StartRequest } from "./begin.js";

export type ScheduleRequest = RequestParams<"recording.schedule">;

export interface ScheduleClock {
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Never set, only forward. */
  monotonicMs(): number;
  /** Calls back once; answers how to cancel that. */
  after(ms: number, call: () => void): () => void;
}

export const SYSTEM_CLOCK: ScheduleClock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** The moment for which a recording was set, or at which it begins if that can't be found any more. */
export interface SetFor {
  agoSeconds: number;
  /** CLOCK_REALTIME; null: now. */
  timeNs: bigint | null;
}

/** How long after the moment the first scan came that was recorded, and why: the end of a sentence, and the next step. */
export interface Lateness {
  seconds: number;
  why: string;
}

export interface ScheduleDeps {
  clock: ScheduleClock;
  /** Throws what keeps the stream from being recorded at any time. */
  check(request: StartRequest): void;
  /** Runs the stream, if it does not run. */
  run(stream: string): Promise<void>;
  /** null: nothing is missing from the moment on. */
  start(request: StartRequest, setFor: SetFor): Promise<Lateness | null>;
  tell(status: ScheduleStatus): void;
  notice(notice: Events["notice"]): void;
}

const LOOK_MS = 1000;
/** A stream that runs already has the moment in its history, whatever the start of a recording takes. */
const AHEAD_MS = 2000;
/** By which wall and monotonic clock may part between two looks: more, and the clock was set, or the machine slept. */
const STEP_MS = 500;

interface Waiting {
  request: ScheduleRequest;
  stopTimer: () => void;
  wallMs: number;
  monotonicMs: number;
  ranAhead: boolean;
  begins: boolean;
}

export class Schedules {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly deps: ScheduleDeps) {}

  add(request: ScheduleRequest): ScheduleStatus {
    const { clock } = this.deps;
    const { stream, startAtMs, untilMs = null } = request;
    const known = this.waiting.get(stream);
    if (known) {
      throw fail(
        "BUSY_RECORDING",
        `A recording of this stream is set for ${formatMoment(known.request.startAtMs)} already. Cancel that first.`,
      );
    }
    const wallMs = clock.wallMs();
    const fault = momentFault(startAtMs, untilMs, wallMs);
    if (fault) throw fail("BAD_VALUE", fault.message, { field: fault.field });
    this.deps.check(startRequest(request));
    const one: Waiting = {
      ...{ request, wallMs, ranAhead: false, begins: false },
      stopTimer: () => {},
      monotonicMs: clock.monotonicMs(),
    };
    this.waiting.set(stream, one);
    this.look(one);
    return this.status(one);
  }

  cancel(stream: string): void {
    const one = this.waiting.get(stream);
    if (!one) {
      throw fail("NOT_FOUND", "No recording of this stream is set for a time. It may have begun.");
    }
    if (one.begins) {
      throw fail("BUSY_RECORDING", "The recording begins just now. Stop it instead.");
    }
    this.over(
      one,
      fail("CANCELLED", "The recording that was set for a time was cancelled.").detail,
    );
  }

  list(): ScheduleStatus[] {
    return [...this.waiting.values()].map((one) => this.status(one));
  }

  /** None of them begins any more. */
  close(): void {
    for (const { stopTimer } of this.waiting.values()) stopTimer();
    this.waiting.clear();
  }

  private status({ request }: Waiting): ScheduleStatus {
    const { stream, startAtMs } = request;
    const untilMs = request.untilMs ?? null;
    const secondsLeft = Math.max(0, startAtMs - this.deps.clock.wallMs()) / 1000;
    return { stream, startAtMs, untilMs, secondsLeft, state: { kind: "waiting" } };
  }

  private look(one: Waiting): void {
    const { clock } = this.deps;
    const wallMs = clock.wallMs();
    const monotonicMs = clock.monotonicMs();
    const stepped = Math.abs(wallMs - one.wallMs - (monotonicMs - one.monotonicMs)) > STEP_MS;
    Object.assign(one, { wallMs, monotonicMs });
    const { startAtMs, stream, preSeconds = 0 } = one.request;
    const leftMs = startAtMs - wallMs;
    if (leftMs <= 0) {
      void this.begin(one, Math.max(0, -leftMs), stepped);
      return;
    }
    const aheadMs = AHEAD_MS + preSeconds * 1000;
    if (leftMs <= aheadMs && !one.ranAhead) {
      one.ranAhead = true;
      this.deps.run(stream).catch((error: unknown) => {
        // By then its own start tells how it went.
        if (!one.begins) this.failed(one, error);
      });
    }
    this.deps.tell(this.status(one));
    const untilNext = one.ranAhead ? leftMs : leftMs - aheadMs;
    one.stopTimer = clock.after(Math.max(1, Math.min(LOOK_MS, untilNext)), () => this.look(one));
  }

  private async begin(one: Waiting, lateMs: number, stepped: boolean): Promise<void> {
    const { request } = one;
    const { startAtMs, untilMs } = request;
    const at = formatMoment(startAtMs);
    if (untilMs !== undefined && one.wallMs >= untilMs) {
      this.failed(
        one,
        fail(
          "MISSED",
          `The clock went over all of the time from ${at} to ${formatMoment(untilMs)}, so nothing was recorded. Set another time.`,
        ),
      );
      return;
    }
    const isLate = stepped && lateMs > STEP_MS;
    one.begins = true;
    const setFor: SetFor = isLate
      ? { agoSeconds: 0, timeNs: null }
      : { agoSeconds: lateMs / 1000, timeNs: BigInt(startAtMs) * 1_000_000n };
    let late: Lateness | null;
    try {
      late = await this.deps.start(startRequest(request), setFor);
    } catch (error) {
      this.failed(one, error);
      return;
    }
    this.over(one, null);
    const message = isLate
      ? `The clock went over ${at}: it was set, or the machine slept. The recording began ${formatDuration(lateMs / 1000)} later by the clock.`
      : late && `The recording began ${formatDuration(late.seconds)} after ${at}: ${late.why}`;
    if (!message) return;
    const title = "A recording began late";
    const error = { code: "LATE", message };
    this.deps.notice({ level: "warning", title, error, stream: request.stream });
  }

  private failed(one: Waiting, thrown: unknown): void {
    // Somebody cancelled it meanwhile, or it failed before.
    if (this.waiting.get(one.request.stream) !== one) return;
    const error = toStudioError(thrown);
    const at = formatMoment(one.request.startAtMs);
    const title = `The recording set for ${at} did not begin`;
    this.over(one, error);
    this.deps.notice({ level: "error", title, error, stream: one.request.stream });
  }

  private over(one: Waiting, error: StudioError | null): void {
    const { stream } = one.request;
    one.stopTimer();
    if (this.waiting.get(stream) !== one) return;
    this.waiting.delete(stream);
    this.deps.tell({ ...this.status(one), secondsLeft: 0, state: { kind: "over", error } });
  }
}

function startRequest({ startAtMs: _, ...request }: ScheduleRequest): StartRequest {
  return request;
}
