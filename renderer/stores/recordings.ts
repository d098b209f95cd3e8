/** Recordings that run and recordings that lie in the folder. */
import { defineStore } from "pinia";
import { computed, ref, shallowReactive, shallowRef } from "vue";

import type { DiskCheck } from "../../shared/disk-check.js";
import type {
  FolderLook,
  RecordingEntry,
  RecordingResult,
  RecordingStatus,
} from "../../shared/recording.js";
import type { ScheduleStatus } from "../../shared/schedule.js";
import type { StreamId, StreamInfo } from "../../shared/stream.js";
import { recordParams } from "../lib/record-options.js";
import { goingForSeconds } from "../lib/record-words.js";
import { withWritten, writtenParts, type WrittenPart } from "../lib/recording-rows.js";
import { useConnection } from "./connection.js";
import type { EventSource } from "./event-gate.js";
import { useInventory } from "./inventory.js";
import { useSettings } from "./settings.js";
import { useStreams } from "./streams.js";

/** From here on R asks once before it stops a recording. */
export const ASK_AFTER_SECONDS = 10;

/** What is kept of what has happened: the last seconds, or a span of scans. */
export type KeptSpan = { seconds: number } | { fromScan: number; toScan: number };

export const useRecordings = defineStore("recordings", () => {
  const connection = useConnection();
  const running = shallowReactive(new Map<StreamId, RecordingStatus>());
  /** Of what had just happened, beside what `running` says of the stream; by name. */
  const keeping = shallowReactive(new Map<string, RecordingStatus>());
  const list = shallowRef<RecordingEntry[]>([]);
  /** The same while only the figures of what runs change. */
  const written = computed<WrittenPart[]>((before) => {
    const now = writtenParts(running.values());
    return before && JSON.stringify(before) === JSON.stringify(now) ? before : now;
  });
  /** Those of the folder, and the parts that are being written. */
  const rows = computed(() => withWritten(list.value, written.value));
  /** How far the SHA-512 of a recording is, 0 … 1; by name. */
  const hashing = shallowReactive(new Map<string, number>());
  /** Streams whose recordings wait for a second "stop". */
  const asking = shallowReactive(new Set<StreamId>());
  /** A note written before anything records; the next recording takes it. */
  const nextNote = ref("");
  /** Those that wait for their time. */
  const scheduled = shallowReactive(new Map<StreamId, ScheduleStatus>());
  /** For the next recording only: when it begins, and ends, in milliseconds since 1970. */
  const startAtMs = ref<number | null>(null);
  const untilMs = ref<number | null>(null);
  /** For the next recording only: it ends after so long. */
  const forSeconds = ref<number | null>(null);
  const endedListeners = new Set<(status: RecordingStatus, result: RecordingResult) => void>();

  function listen(host: EventSource): void {
    host.on("recording", ({ status }) => put(status));
    host.on("recording.ended", ({ status, result }) => {
      drop(status);
      for (const listener of endedListeners) listener(status, result);
    });
    host.on("recording.schedule", ({ schedule }) => putSchedule(schedule));
    host.on("recording.list", (event) => (list.value = event.list));
    host.on("recording.hash", ({ name, done }) => {
      if (done === null) hashing.delete(name);
      else hashing.set(name, done);
    });
  }

  function putSchedule(schedule: ScheduleStatus): void {
    if (schedule.state.kind === "waiting") scheduled.set(schedule.stream, schedule);
    else scheduled.delete(schedule.stream);
  }

  function load(known: {
    running: RecordingStatus[];
    list: RecordingEntry[];
    scheduled?: ScheduleStatus[];
  }): void {
    scheduled.clear();
    for (const schedule of known.scheduled ?? []) putSchedule(schedule);
    running.clear();
    keeping.clear();
    for (const status of known.running) put(status);
    list.value = known.list;
  }

  function put(status: RecordingStatus): void {
    useInventory().noteFree(status.freeBytes);
    const active = status.state.kind === "recording" || status.state.kind === "finishing";
    if (!active) drop(status);
    else if (status.kept) keeping.set(status.name, status);
    else running.set(status.stream, status);
  }

  function drop(status: RecordingStatus): void {
    if (status.kept) {
      keeping.delete(status.name);
      return;
    }
    if (running.get(status.stream)?.name === status.name) running.delete(status.stream);
    asking.delete(status.stream);
  }

  /**
   * Records at once, or at the time set; streams that do not run are started by the host. The times hold for these alone:
   * they are forgotten once one of them took them. Rejects with what was refused first.
   */
  async function start(of: readonly StreamId[]): Promise<void> {
    const all = await Promise.allSettled(of.map((stream) => startOne(stream)));
    if (all.some(({ status }) => status === "fulfilled")) {
      nextNote.value = "";
      startAtMs.value = null;
      untilMs.value = null;
      forSeconds.value = null;
    }
    const refused = all.find((one) => one.status === "rejected");
    if (refused) throw refused.reason;
  }

  async function startOne(stream: StreamId): Promise<void> {
    const note = nextNote.value.trim();
    const request = {
      stream,
      ...(note ? { note } : {}),
      ...recordParams(useSettings().layout.record),
      ...(untilMs.value === null ? {} : { untilMs: untilMs.value }),
      ...(forSeconds.value === null ? {} : { seconds: forSeconds.value }),
    };
    if (startAtMs.value === null) put(await connection.request("recording.start", request));
    else {
      const at = { startAtMs: startAtMs.value };
      putSchedule(await connection.request("recording.schedule", { ...request, ...at }));
    }
  }

  /** What waits for its time does not begin. */
  async function unschedule(stream: StreamId): Promise<void> {
    await connection.request("recording.unschedule", { stream });
  }

  /** Saves what has happened already; answers when it is on the disk. */
  function keep(stream: StreamId, span: KeptSpan): Promise<RecordingResult> {
    const { raw } = recordParams(useSettings().layout.record);
    return connection.request("recording.keep", { stream, ...span, ...(raw && { raw }) });
  }

  /** Of a ring that is recorded: what holds the last seconds stays. */
  async function ringKeep(name: string, seconds: number): Promise<RecordingStatus> {
    const status = await connection.request("recording.ringKeep", { name, seconds });
    put(status);
    return status;
  }

  /** What a folder would be to recordings. */
  function lookAtFolder(folder: string): Promise<FolderLook> {
    return connection.request("recording.folder", { folder });
  }

  /** What the disk takes, against what the stream gives. */
  function check(stream: StreamId): Promise<DiskCheck> {
    return connection.request("recording.check", { stream });
  }

  async function stop(stream: StreamId): Promise<RecordingResult> {
    asking.delete(stream);
    return connection.request("recording.stop", { stream });
  }

  /** Stops young recordings; with an older one among them it asks once for all, and a second call answers. */
  async function stopOrAsk(of: readonly StreamId[]): Promise<void> {
    const active = of.flatMap((stream) => running.get(stream) ?? []);
    const unasked = active.filter(
      (one) => goingForSeconds(one, Date.now()) >= ASK_AFTER_SECONDS && !asking.has(one.stream),
    );
    if (unasked.length > 0) for (const { stream } of active) asking.add(stream);
    else await Promise.all(active.map(({ stream }) => stop(stream)));
  }

  async function annotate(
    name: string,
    change: { newName?: string; note?: string },
  ): Promise<RecordingStatus> {
    const status = await connection.request("recording.annotate", { name, ...change });
    const known = running.get(status.stream);
    if (known?.name === name) put(status);
    return status;
  }

  /** Opens a recording as a device of the Recordings context; answers its stream. */
  async function open(name: string): Promise<StreamInfo> {
    const info = await connection.request("recording.open", { name });
    useStreams().load([info]);
    return info;
  }

  async function close(name: string): Promise<void> {
    await connection.request("recording.close", { name });
  }

  async function rename(name: string, newName: string): Promise<void> {
    await connection.request("recording.rename", { name, newName });
  }

  /** All of its files; the question comes before. */
  async function remove(name: string): Promise<void> {
    await connection.request("recording.delete", { name });
  }

  /** In the file manager; where none can be asked, only the path is answered. */
  function show(name: string): Promise<{ path: string; shown: boolean }> {
    return connection.request("recording.show", { name });
  }

  function onEnded(
    listener: (status: RecordingStatus, result: RecordingResult) => void,
  ): () => void {
    endedListeners.add(listener);
    return () => endedListeners.delete(listener);
  }

  return {
    running,
    keeping,
    hashing,
    keep,
    check,
    lookAtFolder,
    ringKeep,
    list,
    rows,
    asking,
    nextNote,
    scheduled,
    startAtMs,
    untilMs,
    forSeconds,
    unschedule,
    listen,
    load,
    start,
    stop,
    stopOrAsk,
    annotate,
    open,
    close,
    rename,
    remove,
    show,
    onEnded,
  };
});
