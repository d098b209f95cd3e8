/** Recordings of the fake host: those that lie in its folder, and those that run. */
import type { RecordingEntry, RecordingResult, RecordingStatus } from "../../shared/recording.js";
import type { StudioError } from "../../shared/errors.js";
import { NO_CAPTURES, type CaptureList, type CaptureOptions } from "../../shared/capture.js";
import { FakeCaptures } from "./fake-captures.js";
import type { FakeStream } from "./fake-stream.js";

export const FREE_BYTES = 2.81e12;

const entry = (
  name: string,
  label: string,
  at: string,
  bytes: number,
  gaps = 0,
  state: RecordingEntry["state"] = "complete",
): RecordingEntry => ({
  name,
  device: `rec:${name}`,
  label,
  startedAtMs: new Date(at).getTime(),
  bytes,
  gaps,
  state,
  note: "",
});

export function oldRecordings(): RecordingEntry[] {
  return [
    entry("2026-11-20_11-58-03_ad9361", "ad9361", "2026-11-20T11:58:03", 12.4e9),
    entry("2026-11-20_10-22-41_ad7768-4", "ad7768-4", "2026-11-20T10:22:41", 310e6),
    entry("2026-11-19_17-05-19_adxl355", "adxl355", "2026-11-19T17:05:19", 8.1e6, 1),
    entry("2026-11-19_16-40-55_ad9361", "ad9361", "2026-11-19T16:40:55", 61.0e9, 0, "recovered"),
  ];
}

export class FakeRecording {
  note: string;
  name: string;
  state: RecordingStatus["state"] = { kind: "recording" };
  private readonly startedAtMs: number;
  private readonly firstScan: number;
  private frozen: number | null = null;
  private readonly captures: FakeCaptures | null;

  constructor(
    readonly stream: FakeStream,
    name: string,
    note: string,
    agoSeconds = 0,
    captures?: CaptureOptions,
  ) {
    this.name = name;
    this.note = note;
    this.startedAtMs = Date.now() - agoSeconds * 1000;
    this.firstScan = stream.scans() - Math.round(agoSeconds * stream.rateHz());
    this.captures = captures
      ? new FakeCaptures(stream, captures, this.firstScan, this.startedAtMs)
      : null;
  }

  end(error: StudioError | null): void {
    this.frozen = this.stream.scans();
    this.state = error ? { kind: "stopped", error } : { kind: "done" };
  }

  status(): RecordingStatus {
    const counters = this.stream.counters();
    const { scanBytes } = this.stream.geometry();
    const scans = this.endScan() - this.firstScan;
    const perSecond = counters.bytesPerSecond;
    return {
      name: this.name,
      device: this.stream.device().id,
      stream: this.stream.id,
      state: this.state,
      note: this.note,
      startedAtMs: this.startedAtMs,
      seconds: scans / this.stream.rateHz(),
      scans,
      bytes: scans * scanBytes,
      bytesPerSecond: perSecond,
      backlogBlocks: 5,
      worstWriteMs: 9.1,
      freeBytes: FREE_BYTES,
      secondsLeft: perSecond ? FREE_BYTES / perSecond : null,
      continuity: counters.continuity,
      hashing: null,
      writePath: "direct",
      writePathWhy: "Blocks leave for the disk straight from their own memory, without a copy.",
      ...(this.captures && { captures: this.captures.status(this.endScan()) }),
    };
  }

  captureList(from: number): CaptureList {
    return this.captures?.list(this.name, this.endScan(), from) ?? { ...NO_CAPTURES, from };
  }

  private endScan(): number {
    return this.frozen ?? this.stream.scans();
  }

  asEntry(): RecordingEntry {
    const status = this.status();
    return {
      name: this.name,
      device: `rec:${this.name}`,
      label: this.stream.device().label || this.stream.device().name,
      startedAtMs: status.startedAtMs,
      bytes: status.bytes,
      gaps: status.continuity.gaps,
      state: this.state.kind === "recording" ? "recording" : "complete",
      note: this.note,
    };
  }

  result(error: StudioError | null): RecordingResult {
    const status = this.status();
    return {
      name: this.name,
      samples: status.scans,
      bytes: status.bytes,
      seconds: status.seconds,
      lostSamples: 0,
      continuity: status.continuity.grade,
      lostMin: 0,
      lostMax: status.continuity.lostMax,
      gaps: [],
      transport: this.stream.info().transport!.kind,
      heap: this.stream.info().transport!.heap,
      rateMeasuredHz: this.stream.rateHz(),
      cpuSeconds: 0.4,
      copiesPerByte: 0,
      files: [`${this.name}.sigmf-data`, `${this.name}.sigmf-meta`],
      error,
    };
  }
}
