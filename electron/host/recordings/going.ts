/** Recordings that run: begun, followed a few times a second, named, and ended. */
import { fail, StudioFailure, toStudioError, type StudioError } from "../../../shared/errors.js";
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import type { Disposable } from "../disposable.js";
import type { LiveStream } from "../streams/live-stream.js";
import type { Run } from "../streams/run.js";
import type { ActiveRecording } from "./active.js";
import {
  beginRecording,
  restOf,
  type BeginDeps,
  type Creation,
  type StartRequest,
} from "./begin.js";
import { endedBadly, endRecording, type Ended } from "./ending.js";
import { overdue } from "./overdue.js";
import { partsOf, type Parts } from "./parts.js";
import { partsKeepNames } from "./parts-plan.js";
import type { PromisedNames } from "./promised-names.js";

/** Status events a second: five … */
const POLL_MS = 200;
/** … but where each capture is to have its recording, the next one must be made soon. */
const EACH_POLL_MS = 40;

export interface Going {
  /** Of one in parts: the part that takes blocks. */
  recording: ActiveRecording;
  parts: Parts | null;
  stream: LiveStream;
  request: StartRequest;
  listening: Disposable;
  /** The name it is to get at its end. */
  promised: Disposable | null;
  ending: Promise<RecordingResult> | null;
  /** The user knows that it has no side index. */
  indexTold?: boolean;
}

export interface GoingEvents {
  status(going: Going): void;
  ended(going: Going, end: Ended): Promise<void>;
  /** Of one in parts that goes on. */
  partEnded(end: Ended): Promise<void>;
  warn(title: string, thrown: unknown): void;
}

export class GoingRecordings {
  private readonly going = new Map<string, Going>();
  /** What was left to do when the last recording of a stream ended; null: nothing. */
  private readonly rests = new Map<string, StartRequest | null>();
  private timer: NodeJS.Timeout | null = null;
  private pollMs = 0;

  constructor(
    private readonly deps: BeginDeps,
    private readonly promised: PromisedNames,
    private readonly events: GoingEvents,
  ) {}

  of(stream: string): Going | undefined {
    return this.going.get(stream);
  }

  named(name: string): Going | undefined {
    return this.all().find((going) => nameOf(going) === name);
  }

  all(): Going[] {
    return [...this.going.values()];
  }

  /** What is left of what was asked of a stream's last recording; null: nothing. */
  restOf(stream: string): StartRequest | null {
    return this.rests.get(stream) ?? null;
  }

  async begin(creation: Creation, run: Run): Promise<void> {
    const { request, stream } = creation;
    // The run may end while the files are made.
    const early: { error: StudioError | null }[] = [];
    let going: Going | null = null;
    const listening = stream.runEnded.on((end) => {
      if (going) this.finishUnasked(going, end.error);
      else early.push(end);
    });
    try {
      const parts = await partsOf(this.deps, creation, run, {
        ended: (ended) => this.events.partEnded(ended),
        warn: (title, thrown) => this.events.warn(title, thrown),
      });
      const recording = await (parts?.begin() ?? beginRecording(this.deps, creation, run));
      const promised = parts && this.promised.keep([parts.name]);
      going = { recording, parts, stream, request, listening, promised, ending: null };
    } catch (error) {
      listening.dispose();
      throw error;
    }
    this.going.set(stream.id, going);
    going.parts?.look(going.recording);
    this.pace();
    this.events.status(going);
    for (const { error } of early) this.finishUnasked(going, error);
  }

  /** A name that nobody else gets until the recording ends and takes it. Does nothing to one that ended meanwhile. */
  async promiseName(going: Going, newName: string): Promise<void> {
    const { recording, parts } = going;
    const { name, outputs } = recording.facts;
    if (newName === nameOf(going)) return;
    if (parts) throw partsKeepNames(parts.name);
    const { folder } = recording.request;
    const held =
      newName === name ? null : await this.promised.hold(folder, newName, outputs, "newName");
    if (going.ending) {
      held?.dispose();
      return;
    }
    going.promised?.dispose();
    going.promised = held;
    recording.rename(newName);
  }

  /** Ends it as the user asked, and answers what there is. */
  end(stream: string): Promise<RecordingResult> {
    const going = this.going.get(stream);
    if (going) return this.finish(going, null);
    return Promise.reject(
      fail("NOT_FOUND", "This stream is not being recorded. Start a recording first."),
    );
  }

  async endAll(): Promise<void> {
    await Promise.all(this.all().map((going) => this.finish(going, null)));
  }

  private poll(): void {
    for (const going of this.going.values()) {
      const { stream, request, ending } = going;
      if (ending) continue;
      try {
        if (going.parts) going.recording = going.parts.look(going.recording);
        const { recording } = going;
        const late = overdue(recording, stream, request.seconds);
        const until = Date.now() >= (request.untilMs ?? Infinity);
        if (late || until || recording.timeIsUp()) this.finishUnasked(going, late);
        else if (recording.ended() && !this.goneOver(going)) {
          this.finishUnasked(going, causeOf(going));
        } else {
          going.recording.poll();
          this.tellIndex(going);
          this.events.status(going);
        }
      } catch (error) {
        this.finishUnasked(going, toStudioError(error));
      }
    }
  }

  /**
   * Whether a part that has ended did so since the last look because the next one took over, which comes first. One that is
   * still being made may have: that is known once it is.
   */
  private goneOver(going: Going): boolean {
    const { recording, parts } = going;
    if (!parts) return false;
    if (parts.isMaking) return true;
    going.recording = parts.look(recording);
    return going.recording !== recording;
  }

  /** Once: a recording that goes on without its index loses nothing. */
  private tellIndex(going: Going): void {
    const fault = going.recording.indexFault();
    if (!fault || going.indexTold) return;
    going.indexTold = true;
    this.events.warn(
      `“${going.recording.name}” goes on without its side index`,
      new StudioFailure(fault),
    );
  }

  private finishUnasked(going: Going, cause: StudioError | null): void {
    this.finish(going, cause).catch((error: unknown) =>
      this.events.warn(`“${going.recording.name}” did not end as it should`, error),
    );
  }

  private finish(going: Going, cause: StudioError | null): Promise<RecordingResult> {
    going.ending ??= this.finishNow(going, cause);
    return going.ending;
  }

  /** Never rejects: what went wrong stands in the result. */
  private async finishNow(going: Going, cause: StudioError | null): Promise<RecordingResult> {
    const { recording, stream } = going;
    going.listening.dispose();
    const warn: GoingEvents["warn"] = (title, fault) => this.events.warn(title, fault);
    const end = going.parts?.end(recording, cause) ?? endRecording(recording, cause, warn);
    const ended = await end.catch((thrown) => endedBadly(recording, nameOf(going), thrown));
    going.promised?.dispose();
    this.rests.set(stream.id, restOf(going.request, recording, going.parts?.over));
    this.forget(stream.id);
    await this.events.ended(going, ended);
    return ended.result;
  }

  private forget(stream: string): void {
    this.going.delete(stream);
    this.pace();
  }

  /** Looks as often as the recordings that go on need; not at all without one. */
  private pace(): void {
    const each = this.all().some(({ request }) => request.captures?.each);
    const ms = this.going.size === 0 ? 0 : each ? EACH_POLL_MS : POLL_MS;
    if (ms === this.pollMs) return;
    this.pollMs = ms;
    if (this.timer) clearInterval(this.timer);
    this.timer = ms > 0 ? setInterval(() => this.poll(), ms) : null;
  }
}

/** Base name: of one in parts that of all together. */
export function nameOf({ recording, parts }: Going): string {
  return parts?.name ?? recording.name;
}

export function statusOf({ recording, parts }: Going): RecordingStatus {
  return parts?.status(recording) ?? recording.status();
}

/** What is written now, and what lies ready to be written next. */
export function written({ recording, parts }: Going): ActiveRecording[] {
  return parts?.next ? [recording, parts.next] : [recording];
}

/** Why it ended before its goal, where the stream knows and has not told yet. */
function causeOf({ recording, stream }: Going): StudioError | null {
  return recording.reachedGoal() ? null : stream.failureOfRun(recording.run);
}
