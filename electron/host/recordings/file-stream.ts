/** An opened recording as a stream: looked at like a live one, never run. */
import type { NativeFrame, NativeQuery } from "../../../native/addon.js";
import { CAPTURES_PER_ANSWER, NO_CAPTURES, type CaptureList } from "../../../shared/capture.js";
import type { DeviceInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import {
  automaticSettings,
  streamId,
  type StreamCounters,
  type StreamInfo,
} from "../../../shared/stream.js";
import type { Frame, FrameRequest, SamplesReply } from "../../../shared/view.js";
import { NO_COUNTERS } from "../streams/counters.js";
import type { ClockOffset } from "../streams/progress.js";
import { emptyFrame, nativeQuery, toFrame, toSamples } from "../streams/queries.js";
import type { Stream } from "../streams/stream.js";
import type { OpenedFile, OpenedSet } from "./opened.js";

export class FileStream implements Stream {
  readonly id: string;
  readonly device: string;

  constructor(
    private readonly set: OpenedSet,
    private readonly openedAs: DeviceInfo,
    /** With the user's labels and pairs. */
    private readonly deviceNow: () => DeviceInfo | undefined,
    private readonly clock: () => ClockOffset,
  ) {
    this.device = openedAs.id;
    this.id = streamId(openedAs.id, 0);
  }

  info(): StreamInfo {
    const [buffer] = this.openedAs.buffers;
    return {
      id: this.id,
      device: this.device,
      buffer: 0,
      settings: automaticSettings(this.openedAs.channels.map((channel) => channel.id)),
      geometry: null,
      geometryError: null,
      rateSetHz: buffer?.rateHz ?? null,
      rate: null,
      state: { kind: "idle" },
      transport: {
        kind: "replay",
        heap: "",
        directWrites: false,
        why: [buffer?.why ?? "", ...this.indexNotes()].join(" "),
      },
      recording: null,
      trigger: null,
      run: 1,
      ...this.file(),
    };
  }

  /** Where a side index did not serve as it was found. */
  private indexNotes(): string[] {
    const notes = this.set.files.map(({ store }) => store.status().indexNote ?? "");
    return notes.filter((note) => note !== "");
  }

  private file(): Pick<StreamInfo, "file"> {
    const { files } = this.set;
    const first = this.shortest();
    if (!first) return {};
    const { scans, toScan } = first.store.status();
    const { captures, continuity, how, rateHz } = first.recording;
    return {
      file: {
        scans,
        seconds: rateHz === null ? null : (toScan - (captures[0]?.scan ?? 0)) / rateHz,
        bytes: files.reduce((sum, { recording }) => sum + scans * recording.layout.scanBytes, 0),
        continuity,
        how,
      },
    };
  }

  counters(): StreamCounters {
    const first = this.shortest();
    if (!first) return NO_COUNTERS;
    const { scans, toScan } = first.store.status();
    const { continuity, captures, layout } = first.recording;
    const from = captures[0]?.scan ?? 0;
    return {
      ...NO_COUNTERS,
      scans,
      bytes: scans * layout.scanBytes,
      ...(continuity ? { continuity } : {}),
      historyFromScan: from,
      historyToScan: toScan,
      pyramidFromScan: from,
    };
  }

  captureList(from: number): CaptureList {
    const { name, files } = this.set;
    const told = files.find(({ recording }) => recording.triggered)?.recording.triggered;
    if (!told) return { ...NO_CAPTURES, from };
    const { captures, ...rest } = told;
    return {
      ...rest,
      recording: name,
      run: 1,
      from,
      captures: captures
        .slice(from, from + CAPTURES_PER_ANSWER)
        .map((one) => ({ ...one, recording: name })),
    };
  }

  async frame(asked: FrameRequest): Promise<Frame> {
    const request = { ...asked, range: this.within(asked.range) };
    const groups = this.groupTraces(request);
    const [firstFile, ...others] = groups.keys();
    if (!firstFile) return emptyFrame(request, 1);
    const first = await firstFile.store.query(this.query(firstFile, groups, request));
    // All files share scan indices; the others show what the first resolved.
    const fixed: FrameRequest = {
      ...request,
      range: { kind: "range", fromScan: first.fromScan, toScan: first.toScan },
    };
    const frames = new Map<OpenedFile, NativeFrame>([[firstFile, first]]);
    if (first.toScan > first.fromScan) {
      for (const file of others) {
        frames.set(file, await file.store.query(this.query(file, groups, fixed)));
      }
    }
    const merged = mergeTraces(request, groups, frames, first);
    await this.addTimes(merged, fixed);
    return toFrame(merged, {
      stream: this.id,
      run: 1,
      rateHz: this.openedAs.buffers[0]?.rateHz ?? null,
      running: false,
      clock: merged.zeroTimeFromTimestamp ? this.clock() : { realtimeMinusMonotonicNs: 0n },
      timestampClock: this.set.timestampClock,
      wallTimes: true,
    });
  }

  async samples(channel: string, fromScan: number, count: number): Promise<SamplesReply> {
    for (const { recording, store } of this.set.files) {
      const element = recording.layout.elements.findIndex((one) => one.channel === channel);
      if (element >= 0) return toSamples(await store.samples(element, Math.floor(fromScan), count));
    }
    throw fail("NOT_FOUND", `The recording has no channel ${channel}. Choose one of its own.`, {
      field: "channel",
    });
  }

  async close(): Promise<void> {
    for (const { store } of this.set.files) await store.close();
  }

  /** The files of a recording that was cut off may differ by what was written last. */
  private shortest(): OpenedFile | undefined {
    const [first, ...others] = this.set.files;
    const end = (file: OpenedFile): number => file.store.status().toScan;
    return others.reduce((least, file) => (least && end(file) < end(least) ? file : least), first);
  }

  /** Drawn is what all files hold, so that their columns are the same. */
  private within(range: FrameRequest["range"]): FrameRequest["range"] {
    const shortest = this.shortest();
    const end = shortest?.store.status().toScan ?? 0;
    if (this.set.files.every(({ store }) => store.status().toScan === end)) return range;
    const start = shortest?.recording.captures[0]?.scan ?? 0;
    switch (range.kind) {
      case "range":
        return { ...range, toScan: Math.max(range.fromScan, Math.min(range.toScan, end)) };
      case "all":
        return { kind: "range", fromScan: start, toScan: end };
      case "follow":
        return { kind: "range", fromScan: Math.max(start, end - range.scans), toScan: end };
      case "trigger":
        return range;
    }
  }

  /** Which file holds which of the traces asked, by index into the request. */
  private groupTraces(request: FrameRequest): Map<OpenedFile, number[]> {
    const groups = new Map<OpenedFile, number[]>();
    request.traces.forEach(({ channel }, index) => {
      const pair = this.pairs().find((one) => one.id === channel);
      const file = this.fileOf(pair?.i ?? channel);
      if (!file) {
        throw fail("NOT_FOUND", `The recording has no channel ${channel}. Choose one of its own.`, {
          field: "traces",
        });
      }
      groups.set(file, [...(groups.get(file) ?? []), index]);
    });
    return groups;
  }

  private fileOf(channel: string): OpenedFile | undefined {
    return this.set.files.find(({ recording }) =>
      recording.layout.elements.some((element) => element.channel === channel),
    );
  }

  private query(
    file: OpenedFile,
    groups: Map<OpenedFile, number[]>,
    request: FrameRequest,
  ): NativeQuery {
    const traces = (groups.get(file) ?? []).map((index) => request.traces[index]!);
    const space = {
      layout: file.recording.layout,
      channels: (this.deviceNow() ?? this.openedAs).channels,
      pairs: this.pairs(),
    };
    return nativeQuery(space, { ...request, traces });
  }

  private pairs(): DeviceInfo["pairs"] {
    const now = this.deviceNow()?.pairs ?? [];
    return now.length > 0 ? now : this.openedAs.pairs;
  }

  /** From the file of timestamps, where its columns are the same as those drawn. */
  private async addTimes(frame: NativeFrame, request: FrameRequest): Promise<void> {
    const file = this.set.files.find((one) => one.timestamps);
    if (!file || frame.t.length > 0 || frame.x.length === 0) return;
    const times = await file.store.query({
      traces: [],
      range: request.range,
      columns: request.columns,
    });
    const same =
      times.t.length === frame.x.length &&
      times.originScan === frame.originScan &&
      times.x.every((x, index) => x === frame.x[index]);
    if (!same) return;
    frame.t = times.t;
    frame.zeroTimeNs = times.zeroTimeNs;
    frame.zeroTimeFromTimestamp = times.zeroTimeFromTimestamp;
  }
}

/** Traces in the order asked. Of a file whose columns fall otherwise nothing can be drawn on the same axis. */
function mergeTraces(
  request: FrameRequest,
  groups: Map<OpenedFile, number[]>,
  frames: Map<OpenedFile, NativeFrame>,
  first: NativeFrame,
): NativeFrame {
  const perPoint = first.form === "columns" ? 2 : 1;
  const values = first.form === "columns" ? 4 : 1;
  const traces: NativeFrame["traces"] = request.traces.map(() => ({
    y: new Float64Array((first.x.length / perPoint) * values).fill(NaN),
    touchesTop: 0,
    touchesBottom: 0,
    hasNaN: false,
  }));
  for (const [file, indices] of groups) {
    const frame = frames.get(file);
    if (!frame || frame.form !== first.form || frame.x.length !== first.x.length) continue;
    indices.forEach((at, index) => (traces[at] = frame.traces[index]!));
  }
  const summarised = Math.min(...[...frames.values()].map((frame) => frame.summarised));
  return { ...first, traces, summarised };
}
