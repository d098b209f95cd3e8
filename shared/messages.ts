/**
 * The one typed map of messages. A request, what it takes (checked where it enters the host) and what it answers are
 * one entry; events go the other way, to sessions that subscribed.
 *
 * On the wire: `Envelope`. A request carries an id that its reply repeats. Nothing else crosses a port.
 */
import * as v from "valibot";
import { CAPTURE_MOST_SECONDS, type CaptureList } from "./capture.js";
import { CPU_LIMIT } from "./cpus.js";
import type {
  AttributeInfo,
  AttributeValue,
  ContextInfo,
  DeviceInfo,
  Inventory,
} from "./device.js";
import type { StudioError } from "./errors.js";
import type { DiskCheck } from "./disk-check.js";
import type { DoctorReport } from "./doctor.js";
import type { GroupResult, GroupStatus } from "./group.js";
import type { FolderLook, RecordingEntry, RecordingResult, RecordingStatus } from "./recording.js";
import type { ScheduleStatus } from "./schedule.js";
import { LAYOUT_CHARS, type StudioSettings } from "./settings.js";
import type { HeaderBatch, StreamCounters, StreamInfo } from "./stream.js";
import type { TuneStatus } from "./tune.js";
import type { Frame, SamplesReply } from "./view.js";

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(512));
const finite = v.pipe(v.number(), v.finite());
const positive = v.pipe(finite, v.gtValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const scanIndex = v.pipe(
  finite,
  v.minValue(-Number.MAX_SAFE_INTEGER),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);

const scope = v.variant("kind", [
  v.strictObject({ kind: v.literal("device") }),
  v.strictObject({ kind: v.literal("channel"), channel: name }),
  v.strictObject({ kind: v.literal("buffer"), buffer: count }),
  v.strictObject({ kind: v.literal("trigger"), trigger: name }),
]);
const address = v.strictObject({ device: name, scope, name });

const blockSize = v.variant("kind", [
  v.strictObject({ kind: v.literal("auto") }),
  v.strictObject({ kind: v.literal("bytes"), bytes: v.pipe(count, v.minValue(1)) }),
  v.strictObject({ kind: v.literal("scans"), scans: v.pipe(count, v.minValue(1)) }),
  v.strictObject({ kind: v.literal("seconds"), seconds: positive }),
]);

/** Any subset of StreamSettings. */
export const streamSettingsPatch = v.partial(
  v.strictObject({
    channels: v.pipe(v.array(name), v.maxLength(1024)),
    blockCount: v.nullable(v.pipe(count, v.minValue(2))),
    blockSize,
    queueDepth: v.nullable(v.pipe(count, v.minValue(1))),
    memoryBudgetBytes: v.nullable(v.pipe(count, v.minValue(4096))),
    transport: v.picklist(["auto", "dmabuf", "read"]),
    heap: name,
    rateMax: v.boolean(),
    deviceTrigger: v.nullable(v.strictObject({ name, rateHz: v.nullable(positive) })),
    counter: v.pipe(v.array(name), v.maxLength(8)),
    realtime: v.nullable(
      v.strictObject({
        priority: v.pipe(count, v.maxValue(99)),
        cpus: v.pipe(v.array(v.pipe(count, v.maxValue(CPU_LIMIT - 1))), v.maxLength(CPU_LIMIT)),
      }),
    ),
  }),
);

const trace = v.strictObject({ channel: name, part: v.picklist(["value", "magnitude", "phase"]) });
const scopeTrigger = v.strictObject({
  trace,
  edge: v.picklist(["rising", "falling"]),
  level: finite,
  hysteresis: v.pipe(finite, v.minValue(0)),
  physical: v.boolean(),
});
const range = v.variant("kind", [
  v.strictObject({ kind: v.literal("follow"), scans: positive }),
  v.strictObject({
    kind: v.literal("trigger"),
    preScans: v.pipe(finite, v.minValue(0)),
    postScans: v.pipe(finite, v.minValue(0)),
    mode: v.picklist(["auto", "normal"]),
  }),
  v.strictObject({ kind: v.literal("range"), fromScan: scanIndex, toScan: scanIndex }),
  v.strictObject({ kind: v.literal("all") }),
]);
export const frameRequest = v.strictObject({
  stream: name,
  traces: v.pipe(v.array(trace), v.maxLength(16)),
  range,
  columns: v.pipe(count, v.minValue(16), v.maxValue(8192)),
  physical: v.boolean(),
  keep: v.optional(name),
});

const amount = v.variant("kind", [
  v.strictObject({ kind: v.literal("bytes"), bytes: v.pipe(count, v.minValue(1)) }),
  v.strictObject({ kind: v.literal("seconds"), seconds: positive }),
]);

const span = v.pipe(finite, v.minValue(0), v.maxValue(CAPTURE_MOST_SECONDS));
const captures = v.pipe(
  v.strictObject({
    beforeSeconds: span,
    afterSeconds: span,
    count: v.optional(v.pipe(count, v.minValue(1))),
    each: v.optional(v.boolean()),
  }),
  v.check(
    ({ beforeSeconds, afterSeconds }) => beforeSeconds + afterSeconds > 0,
    "something before the trigger, after it, or both",
  ),
);

const nothing = v.strictObject({});
const onStream = v.strictObject({ stream: name });

function request<S extends v.GenericSchema>(params: S) {
  return <R>(): { params: S; result: R } => ({ params, result: undefined as R });
}

const recordingStart = v.strictObject({
  stream: name,
  name: v.optional(name),
  note: v.optional(v.pipe(v.string(), v.maxLength(65_536))),
  seconds: v.optional(positive),
  scans: v.optional(v.pipe(count, v.minValue(1))),
  /**
   * So much of what came before the request, as far as the history holds it; the moment of the request is marked, and
   * `seconds` and `scans` count from there, up to a block's end. Nothing of a stream that does not run yet.
   */
  preSeconds: v.optional(v.pipe(finite, v.minValue(0))),
  /** In parts NAME-part0001, …, each a recording of its own; nothing is lost or written twice between them. */
  split: v.optional(amount),
  /** Keeps the last so much: parts that lie further back are deleted as a whole. */
  ring: v.optional(amount),
  /**
   * Records only what is around each trigger of the stream's scope trigger, which stays as it is until the recording
   * ends. `seconds` is how long it waits for them, from the request on. Without `scans`, `preSeconds` and `ring`.
   */
  captures: v.optional(captures),
  /** It ends at this time, in milliseconds since 1970 by the host's clock, however that is set meanwhile. */
  untilMs: v.optional(count),
  /** Words stay as the device stores them, shifted, where SigMF has a type of their size; else values are converted. */
  raw: v.optional(v.boolean()),
  /**
   * Goes on where the recording of this name ended, in its next part, with the hole between marked; `seconds`, `scans` and
   * the number of captures count all parts, those too that a ring has deleted. Where there is none it begins, in parts.
   * Without `preSeconds`.
   */
  resume: v.optional(v.boolean()),
  hash: v.optional(v.boolean()),
});

/** Everything a door may ask of the host. */
export const requests = {
  /** Subscribes this session to events and answers what there is now. */
  hello: request(v.strictObject({ protocol: v.number() }))<{
    protocol: number;
    version: string;
    inventory: Inventory;
    streams: StreamInfo[];
    recordings: {
      running: RecordingStatus[];
      list: RecordingEntry[];
      groups?: GroupStatus[];
      scheduled?: ScheduleStatus[];
    };
    settings: StudioSettings;
    shell: "electron" | "loopback" | "cli";
    /** The studio ends when this window is closed, and nobody but the window asks before that. */
    endsWithWindow?: boolean;
    /** What a user of this installation types to open the studio. */
    start?: string;
  }>(),

  "inventory.get": request(nothing)<Inventory>(),
  "device.get": request(v.strictObject({ device: name }))<DeviceInfo>(),
  /** Reads every attribute of a device (through its control thread) and answers them with values. */
  "device.readAttributes": request(v.strictObject({ device: name }))<AttributeInfo[]>(),
  "device.link": request(
    v.strictObject({ device: name, to: name, linked: v.boolean() }),
  )<DeviceInfo>(),
  "device.label": request(
    v.strictObject({
      device: name,
      channel: v.nullable(name),
      label: v.pipe(v.string(), v.maxLength(64)),
    }),
  )<DeviceInfo>(),
  /** Joins two channels to a pair (I then Q), parts it, or swaps I and Q. */
  "device.pair": request(
    v.strictObject({
      device: name,
      i: name,
      q: name,
      action: v.picklist(["join", "part", "swap"]),
    }),
  )<DeviceInfo>(),
  "attribute.read": request(address)<AttributeValue>(),
  /**
   * Writes, reads back, and answers what the device kept; a refusal is an error with `kept`. The rate of a running
   * stream: restarts it cleanly. Of one that records: refused (`BUSY_RECORDING`) unless `continueRecording`.
   */
  "attribute.write": request(
    v.strictObject({
      ...address.entries,
      value: v.pipe(v.string(), v.maxLength(4096)),
      continueRecording: v.optional(v.boolean()),
    }),
  )<AttributeValue>(),

  "stream.get": request(onStream)<StreamInfo>(),
  /** Works out what settings would mean without applying them. */
  "stream.preview": request(
    v.strictObject({ stream: name, patch: streamSettingsPatch }),
  )<StreamInfo>(),
  /** Applies settings. Running: restarts cleanly. Recording: refused (`BUSY_RECORDING`) unless `continueRecording`. */
  "stream.configure": request(
    v.strictObject({
      stream: name,
      patch: streamSettingsPatch,
      continueRecording: v.optional(v.boolean()),
    }),
  )<StreamInfo>(),
  "stream.start": request(onStream)<StreamInfo>(),
  /** One that starts is cancelled: its memory is given back, and what started it rejects with `CANCELLED`. */
  "stream.stop": request(onStream)<StreamInfo>(),
  /** One acquisition of `scans` (waits for the scope trigger if one is set), then stops; answers its span. */
  "stream.single": request(
    v.strictObject({ stream: name, scans: positive, preScans: v.pipe(finite, v.minValue(0)) }),
  )<{ fromScan: number; toScan: number; trigger: { scan: number; fraction: number } | null }>(),
  "stream.trigger": request(
    v.strictObject({ stream: name, trigger: v.nullable(scopeTrigger) }),
  )<StreamInfo>(),
  "stream.counters": request(onStream)<StreamCounters>(),
  /**
   * Looks for the smallest blocks, and the fewest of them, that run `seconds` each without a dry queue and with a margin:
   * tells each try as an event, gives the stream back as it was, and answers when it is over. Applies nothing.
   */
  "stream.tune": request(
    v.strictObject({
      stream: name,
      seconds: v.pipe(finite, v.minValue(0.1), v.maxValue(600)),
      marginPercent: v.pipe(finite, v.minValue(0), v.maxValue(90)),
    }),
  )<TuneStatus>(),
  /** Cancels the search; `stream.tune` then answers with what was tried. */
  "stream.tuneStop": request(onStream)<null>(),
  /** Keeps the blocks of a span as long as memory allows; a later pin of the same key replaces it. */
  "stream.pin": request(
    v.strictObject({ stream: name, key: name, fromScan: scanIndex, toScan: scanIndex }),
  )<{ fromScan: number; toScan: number }>(),
  /** Also of the pictures that the view of that name was shown last (`keep` of a frame). */
  "stream.unpin": request(v.strictObject({ stream: name, key: name }))<null>(),
  /** Faults on demand; the simulator's only. */
  "stream.fault": request(
    v.strictObject({
      stream: name,
      fault: v.picklist(["stall", "lost-blocks", "transfer-error", "vanish", "none"]),
    }),
  )<null>(),

  "view.frame": request(frameRequest)<Frame>(),
  "view.samples": request(
    v.strictObject({
      stream: name,
      channel: name,
      fromScan: scanIndex,
      count: v.pipe(count, v.minValue(1), v.maxValue(65_536)),
    }),
  )<SamplesReply>(),
  /** Whole blocks are forwarded as `blocks` events, at most `creditBytes` beyond what was sent; `view.credit` adds to it. */
  "view.blocks": request(
    v.strictObject({ stream: name, on: v.boolean(), creditBytes: count }),
  )<null>(),
  "view.credit": request(v.strictObject({ stream: name, bytes: count }))<null>(),

  "recording.start": request(recordingStart)<RecordingStatus>(),
  /**
   * Begins a recording at a time, in milliseconds since 1970 by the host's clock, which may be set meanwhile; what comes
   * from before is as with `preSeconds`. One per stream. A stream that does not run is run a little ahead.
   */
  "recording.schedule": request(
    v.strictObject({ ...recordingStart.entries, startAtMs: count }),
  )<ScheduleStatus>(),
  /** Cancels what waits for its time. */
  "recording.unschedule": request(onStream)<null>(),
  /**
   * Captures of the stream's recording that goes on or ended last, or of the recording that is opened: from the index
   * `from` on, at most CAPTURES_PER_ANSWER.
   */
  "recording.captures": request(
    v.strictObject({ stream: name, from: v.optional(count) }),
  )<CaptureList>(),
  /** What a folder would be to recordings, before it is set. Makes nothing. */
  "recording.folder": request(v.strictObject({ folder: name }))<FolderLook>(),
  /** A short test of the disk (at most a second), free space, and how long it lasts at the stream's rate. */
  "recording.check": request(onStream)<DiskCheck>(),
  /** Of a ring that is recorded: what holds the last seconds will not be deleted. Answers how it stands. */
  "recording.ringKeep": request(v.strictObject({ name, seconds: positive }))<RecordingStatus>(),
  "recording.stop": request(onStream)<RecordingResult>(),
  /**
   * Saves what has happened already: the last `seconds`, or the span `fromScan` … `toScan`, as far as the history holds
   * it; whole blocks, with what was asked marked. Also while the stream is recorded. Answers when it is on the disk.
   */
  "recording.keep": request(
    v.pipe(
      v.strictObject({
        stream: name,
        seconds: v.optional(positive),
        fromScan: v.optional(scanIndex),
        toScan: v.optional(scanIndex),
        name: v.optional(name),
        note: v.optional(v.pipe(v.string(), v.maxLength(65_536))),
        hash: v.optional(v.boolean()),
        raw: v.optional(v.boolean()),
      }),
      v.check(
        ({ seconds, fromScan, toScan }) =>
          (seconds === undefined) !== (fromScan === undefined) &&
          (fromScan === undefined) === (toScan === undefined),
        "either seconds, or fromScan and toScan",
      ),
    ),
  )<RecordingResult>(),
  "recording.annotate": request(
    v.strictObject({
      name,
      newName: v.optional(name),
      note: v.optional(v.pipe(v.string(), v.maxLength(65_536))),
    }),
  )<RecordingStatus>(),
  "recording.list": request(nothing)<RecordingEntry[]>(),
  /** Opens a recording as a device of the Recordings context and answers its stream id. */
  "recording.open": request(v.strictObject({ name }))<StreamInfo>(),
  "recording.close": request(v.strictObject({ name }))<null>(),
  /** Of one that goes on, or that lies in the folder and is tied to no other. */
  "recording.rename": request(v.strictObject({ name, newName: name }))<null>(),
  /** Deletes all of its files, and none of another; what is opened is closed first. Refused while it is recorded. */
  "recording.delete": request(v.strictObject({ name }))<null>(),
  /** Shows it in the desktop's file manager, where there is one to ask; answers its path. */
  "recording.show": request(v.strictObject({ name }))<{ path: string; shown: boolean }>(),

  /**
   * Records several streams together, each by itself: NAME-DEVICE, …, and a collection NAME that says how they lie in
   * time. None begins before all are ready. `sharedClock`: the user says that one clock drives all of them.
   */
  "group.start": request(
    v.strictObject({
      streams: v.pipe(v.array(name), v.minLength(2), v.maxLength(64)),
      name: v.optional(name),
      note: v.optional(v.pipe(v.string(), v.maxLength(65_536))),
      seconds: v.optional(positive),
      scans: v.optional(v.pipe(count, v.minValue(1))),
      hash: v.optional(v.boolean()),
      raw: v.optional(v.boolean()),
      sharedClock: v.boolean(),
    }),
  )<GroupStatus>(),
  /** Ends all of its recordings; answers when its collection is written. */
  "group.stop": request(v.strictObject({ name }))<GroupResult>(),

  "settings.get": request(nothing)<StudioSettings>(),
  "settings.set": request(
    v.partial(
      v.strictObject({
        theme: v.picklist(["dark", "light", "system"]),
        recordings: v.partial(
          v.strictObject({
            folder: name,
            namePattern: name,
            hash: v.boolean(),
          }),
        ),
        simulator: v.boolean(),
        layout: v.pipe(v.string(), v.maxLength(LAYOUT_CHARS)),
      }),
    ),
  )<StudioSettings>(),
  doctor: request(nothing)<DoctorReport>(),
} as const;

export type RequestName = keyof typeof requests;
export type RequestParams<N extends RequestName> = v.InferInput<(typeof requests)[N]["params"]>;
export type RequestResult<N extends RequestName> = (typeof requests)[N]["result"];

/** What the host tells sessions unasked. */
export interface Events {
  context: { context: ContextInfo };
  /** A device came, changed or went; the whole device, or its removal. */
  device: { device: DeviceInfo };
  "device.removed": { device: string };
  attribute: { address: v.InferOutput<typeof address>; value: AttributeValue };
  stream: { stream: StreamInfo };
  /** At display rate while running: counters and headers of all completed blocks. */
  "stream.progress": { stream: string; counters: StreamCounters; headers: HeaderBatch };
  /** A search for settings, whole, at each try. */
  "stream.tune": { tune: TuneStatus };
  recording: { status: RecordingStatus };
  /** One that waits for its time, about once a second; and that it is over. */
  "recording.schedule": { schedule: ScheduleStatus };
  "recording.ended": { status: RecordingStatus; result: RecordingResult };
  "recording.list": { list: RecordingEntry[] };
  /** The SHA-512 of a recording that has ended, of an earlier session too: 0 … 1 while it is worked out, null when over. */
  "recording.hash": { name: string; done: number | null };
  /** A group that records, ends, or is done. */
  group: { group: GroupStatus };
  settings: { settings: StudioSettings };
  /** Whole blocks within the credit budget; `skipped` counts those that did not fit since the last event. */
  blocks: {
    stream: string;
    run: number;
    sequence: number;
    firstScan: number;
    scanCount: number;
    data: Uint8Array<ArrayBuffer>;
    skippedBlocks: number;
    skippedBytes: number;
  };
  /** Something the user should read that belongs to no field: a device that went, a recovered recording. */
  notice: {
    level: "info" | "warning" | "error";
    title: string;
    error: StudioError;
    stream?: string;
  };
}
export type EventName = keyof Events;

export const PROTOCOL = 1;

/**
 * What crosses a port. `ack` tells how many events this side has taken in so far (all of them, from the first on). The
 * host sends at most EVENT_WINDOW events beyond that: what comes later is kept as the newest state per thing, and
 * progress is merged, so a slow window gets less, not later. StudioClient acknowledges by itself.
 */
export type Envelope =
  | { kind: "request"; id: number; name: string; params: unknown }
  | { kind: "ack"; events: number }
  | { kind: "reply"; id: number; result: unknown }
  | { kind: "error"; id: number; error: StudioError }
  | { kind: "event"; name: EventName; data: unknown };
