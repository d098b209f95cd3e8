/** Streams as the host tells them: settings, state, counters, block states, gaps; and what the user asks of them. */
import { defineStore } from "pinia";
import { shallowReactive } from "vue";

import type { DeviceId } from "../../shared/device.js";
import type { Events, RequestParams, RequestResult } from "../../shared/messages.js";
import type {
  BlockState,
  GapInfo,
  ScopeTrigger,
  StreamCounters,
  StreamId,
  StreamInfo,
} from "../../shared/stream.js";
import { countStates } from "../lib/block-strip.js";
import { useConnection } from "./connection.js";
import type { EventSource } from "./event-gate.js";

export type StreamPatch = RequestParams<"stream.configure">["patch"];

/** A gap, and when this window heard of it. */
export interface SeenGap extends GapInfo {
  seenAtMs: number;
}

/** What changes while a stream runs. Every field is reactive by itself. */
export interface LiveStream {
  /** At most TEXT_HZ times a second: figures that a person reads. */
  counters: StreamCounters | null;
  /** At display rate: one byte per block of the pool, an index into BLOCK_STATES. */
  blockStates: Uint8Array | null;
  /** How many blocks are in each state, as often as the counters. */
  blockCounts: Record<BlockState, number> | null;
  /** The newest ones, oldest first. */
  gaps: SeenGap[];
  run: number;
}

const TEXT_HZ = 5;
/** Gaps kept here for the eye; the host and the recording have all of them. */
const GAPS_KEPT = 512;

export const useStreams = defineStore("streams", () => {
  const connection = useConnection();
  const infos = shallowReactive(new Map<StreamId, StreamInfo>());
  const lives = shallowReactive(new Map<StreamId, LiveStream>());
  const latest = new Map<StreamId, { counters: StreamCounters; shownAt: number }>();

  function listen(host: EventSource): void {
    host.on("stream", ({ stream }) => put(stream));
    host.on("stream.progress", progress);
  }

  function load(streams: StreamInfo[]): void {
    for (const stream of streams) {
      put(stream);
      // What ran before this window was opened tells nothing any more, though its history is there.
      if (stream.run > 0 && !isActive(stream)) void askFigures(stream.id);
    }
  }

  async function askFigures(stream: StreamId): Promise<void> {
    const counters = await connection.request("stream.counters", { stream }).catch(() => null);
    const entry = live(stream);
    if (counters && counters.scans > 0) entry.counters ??= counters;
  }

  function put(info: StreamInfo): StreamInfo {
    infos.set(info.id, info);
    const figures = latest.get(info.id);
    if (figures) showFigures(live(info.id), figures.counters);
    return info;
  }

  /** What is live of a stream; made when first asked for. */
  function live(stream: StreamId): LiveStream {
    let entry = lives.get(stream);
    if (!entry) {
      entry = shallowReactive<LiveStream>({
        counters: null,
        blockStates: null,
        blockCounts: null,
        gaps: [],
        run: 0,
      });
      lives.set(stream, entry);
    }
    return entry;
  }

  function progress({ stream, counters, headers }: Events["stream.progress"]): void {
    const entry = live(stream);
    if (headers.run !== entry.run) {
      entry.run = headers.run;
      entry.gaps = [];
      latest.delete(stream);
    }
    entry.blockStates = headers.blockStates;
    if (headers.gaps.length > 0) {
      const seenAtMs = Date.now();
      const seen = headers.gaps.map((gap) => ({ ...gap, seenAtMs }));
      entry.gaps = [...entry.gaps, ...seen].slice(-GAPS_KEPT);
    }
    const shownAt = latest.get(stream)?.shownAt ?? -Infinity;
    // The last figures of a run may come behind the news that it has ended.
    const ended = infos.get(stream)?.state.kind !== "running";
    const due = ended || performance.now() - shownAt >= 1000 / TEXT_HZ;
    latest.set(stream, { counters, shownAt: due ? performance.now() : shownAt });
    if (due) showFigures(entry, counters);
  }

  function showFigures(entry: LiveStream, counters: StreamCounters): void {
    entry.counters = counters;
    entry.blockCounts = entry.blockStates && countStates(entry.blockStates);
  }

  /** Whether a buffer of the device runs. */
  function runsOn(device: DeviceId): boolean {
    return [...infos.values()].some((info) => info.device === device && isActive(info));
  }

  /** Streams of a device that is no more. */
  function forget(device: DeviceId): StreamId[] {
    const gone = [...infos.values()].filter((info) => info.device === device).map(({ id }) => id);
    for (const id of gone) {
      infos.delete(id);
      lives.delete(id);
      latest.delete(id);
    }
    return gone;
  }

  /** The stream's info, asked for if it is not known yet. */
  async function ensure(stream: StreamId): Promise<StreamInfo> {
    return infos.get(stream) ?? put(await connection.request("stream.get", { stream }));
  }

  async function start(stream: StreamId): Promise<StreamInfo> {
    return put(await connection.request("stream.start", { stream }));
  }

  async function stop(stream: StreamId): Promise<StreamInfo> {
    return put(await connection.request("stream.stop", { stream }));
  }

  function single(
    stream: StreamId,
    scans: number,
    preScans: number,
  ): Promise<RequestResult<"stream.single">> {
    return connection.request("stream.single", { stream, scans, preScans });
  }

  /** Running streams restart cleanly. While recording: rejects with BUSY_RECORDING unless `continueRecording`. */
  async function configure(
    stream: StreamId,
    patch: StreamPatch,
    continueRecording = false,
  ): Promise<StreamInfo> {
    return put(
      await connection.request("stream.configure", {
        stream,
        patch,
        ...(continueRecording ? { continueRecording } : {}),
      }),
    );
  }

  function preview(stream: StreamId, patch: StreamPatch): Promise<StreamInfo> {
    return connection.request("stream.preview", { stream, patch });
  }

  async function setTrigger(stream: StreamId, trigger: ScopeTrigger | null): Promise<StreamInfo> {
    return put(await connection.request("stream.trigger", { stream, trigger }));
  }

  /** The simulator's faults; `none` brings a device back that vanished. */
  async function fault(
    stream: StreamId,
    kind: RequestParams<"stream.fault">["fault"],
  ): Promise<void> {
    await connection.request("stream.fault", { stream, fault: kind });
  }

  return {
    infos,
    live,
    listen,
    load,
    ensure,
    runsOn,
    forget,
    start,
    stop,
    single,
    configure,
    preview,
    setTrigger,
    fault,
  };
});

/** Running, or on its way to or from it. */
export function isActive(info: StreamInfo | undefined): boolean {
  const kind = info?.state.kind;
  return kind === "running" || kind === "starting" || kind === "stopping";
}
