/** Captures of the fake host: a trigger each quarter of a second, every fifth of them a higher and shorter one. */
import type { CaptureInfo, CaptureList, CaptureOptions } from "../../shared/capture.js";
import { CAPTURES_PER_ANSWER } from "../../shared/capture.js";
import type { FakeStream } from "./fake-stream.js";

const PERIOD_SECONDS = 0.25;

export class FakeCaptures {
  private readonly run: number;

  constructor(
    private readonly stream: FakeStream,
    private readonly options: CaptureOptions,
    private readonly firstScan: number,
    private readonly startedAtMs: number,
  ) {
    this.run = stream.run;
  }

  /** Of the triggers up to `scan`. */
  status(scan: number) {
    return {
      count: this.count(scan),
      missed: 0,
      limit: this.options.count ?? null,
    };
  }

  list(recording: string, scan: number, from: number): CaptureList {
    const status = this.status(scan);
    const all = Array.from({ length: status.count }, (_, at) => this.capture(recording, at));
    const channel = this.stream.settings.channels[0] ?? "";
    return {
      ...status,
      recording,
      run: this.run,
      trigger: this.stream.trigger
        ? { ...this.stream.trigger, unit: "V" }
        : {
            ...{ trace: { channel, part: "value" }, edge: "rising", level: 0.2 },
            ...{ hysteresis: 0.02, unit: "V" },
          },
      from,
      captures: all.slice(from, from + CAPTURES_PER_ANSWER),
    };
  }

  private count(scan: number): number {
    const { count = Infinity, afterSeconds } = this.options;
    const seconds = (scan - this.firstScan) / this.stream.rateHz() - afterSeconds;
    return Math.max(0, Math.min(count, Math.floor(seconds / PERIOD_SECONDS)));
  }

  private capture(recording: string, at: number): CaptureInfo {
    const rate = this.stream.rateHz();
    const { beforeSeconds, afterSeconds } = this.options;
    const seconds = (at + 1) * PERIOD_SECONDS;
    const scan = Math.floor(this.firstScan + seconds * rate);
    const glitch = at % 5 === 4;
    const widthSeconds = glitch ? 1.6e-6 : 20.1e-6 + at * 4e-8;
    return {
      number: at + 1,
      recording,
      scan,
      fraction: 0.25,
      fromScan: Math.max(0, Math.floor(scan - beforeSeconds * rate)),
      toScan: Math.ceil(scan + afterSeconds * rate) + 1,
      peak: glitch ? 0.914 : 0.3 + (at % 7) * 1.1e-3,
      widthSeconds,
      widthScans: widthSeconds * rate,
      cut: false,
      datetime: new Date(this.startedAtMs + seconds * 1000).toISOString(),
    };
  }
}
