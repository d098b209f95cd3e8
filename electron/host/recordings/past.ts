/** What a recording has of the time before it was started. */
import type { RecordingMark } from "../../../shared/sigmf/types.js";
import type { LiveStream } from "../streams/live-stream.js";
import type { Run } from "../streams/run.js";
import type { StartRequest } from "./begin.js";
import { markOf, scheduledSpan, spanBefore, type AskedSpan } from "./moment.js";
import type { Lateness, SetFor } from "./schedule.js";

/** Made before anything that takes time: what is asked of the past of a stream that runs is held by nobody yet. */
export class Past {
  private readonly madeMs = performance.now();
  private readonly known: { run: Run; span: AskedSpan } | null;
  /** Of the moment it was set for and behind it: so much is not in the history any more. */
  private goneSeconds = 0;

  constructor(
    stream: LiveStream,
    private readonly request: StartRequest,
    private readonly scheduled: SetFor | undefined,
    /** CLOCK_REALTIME. */
    private readonly nowNs: bigint,
  ) {
    const run = stream.isRunning() ? stream.currentRun() : null;
    const span = run && this.asked(run);
    this.known = run && span ? { run, span } : null;
  }

  /** For a recording of this run, which may have begun since, or is still to begin. */
  of(run: Run): { span?: AskedSpan; marks?: RecordingMark[] } {
    const later = this.scheduled ? this.asked(run) : null;
    const span = this.known?.run === run ? this.known.span : later;
    if (!span) return {};
    if (span.scheduled && span.pressScan !== undefined) {
      const { historyFromScan } = run.counters();
      const gone = historyFromScan > 0 ? historyFromScan - span.pressScan : 0;
      this.goneSeconds = Math.max(0, gone) / span.rateHz;
    }
    return { span, marks: [markOf(span, this.scheduled?.timeNs ?? this.nowNs)] };
  }

  /** Of a recording that goes on by now: whether its first scan lies behind the moment it was set for. */
  lateness(run: Run): Lateness | null {
    if (!this.scheduled) return null;
    const { nowNs, startTimeNs } = run.counters();
    const beforeRun = this.agoSeconds(this.scheduled) - Number(nowNs - startTimeNs) / 1e9;
    if (beforeRun > 0) {
      return {
        seconds: beforeRun,
        why: "the stream did not run yet. Run it before the time comes.",
      };
    }
    if (this.goneSeconds === 0) return null;
    return {
      seconds: this.goneSeconds,
      why: "the samples before were not in the history any more. Give the stream more memory to keep more.",
    };
  }

  private asked(run: Run): AskedSpan | null {
    const { preSeconds = 0, captures } = this.request;
    const { scheduled } = this;
    if (!scheduled || captures) return preSeconds > 0 ? spanBefore(run, preSeconds) : null;
    const span = scheduledSpan(run, preSeconds, this.agoSeconds(scheduled));
    return span && scheduled.timeNs === null ? { ...span, late: true } : span;
  }

  private agoSeconds({ agoSeconds }: SetFor): number {
    return agoSeconds + (performance.now() - this.madeMs) / 1000;
  }
}
