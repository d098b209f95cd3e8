/** What a recording is made of: facts the host knows at its start, the planned files, and the metadata as they are. */
import type {
  AttributeScope,
  ChannelInfo,
  ChannelPair,
  DeviceId,
  TransportKind,
} from "../device.js";
import type { CaptureTrigger } from "../capture.js";
import type { ScanLayout } from "../scan-format.js";

export const SIGMF_VERSION = "1.2.5";
/** Of the `iio:` namespace, docs/iio.sigmf-ext.md. */
export const IIO_EXTENSION_VERSION = "1.1.0";

/** A number type that values are converted to. */
export type NumberType =
  "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "f32" | "f64" | "i64-as-2u32";
/** How the recorder writes a value: the addon's NativeOutput. `stored`: the word as the device stores it. */
export type WrittenAs = NumberType | "stored";

/** What one SigMF channel of a file (or one part of a complex or a 64-bit one) holds. */
export interface PlannedChannel {
  /** Channel id of the device. */
  id: string;
  /** Index into the layout's elements. */
  element: number;
  /** Which of the element's repeated values. */
  repeat: number;
  /** SigMF channel within the file. */
  channel: number;
  /** `low` and `high`: the 32-bit halves of a 64-bit value, in two SigMF channels. */
  component: "real" | "i" | "q" | "low" | "high";
}

/** One SigMF Recording: a data file and its metadata. */
export interface PlannedOutput {
  /** Added to the recording's name: "" or `-timestamp`, `-voltage0`, `-i32`. */
  suffix: string;
  datatype: string;
  complex: boolean;
  numChannels: number;
  /** Bytes a scan takes in this file. */
  scanBytes: number;
  /** Scans go out as they are. `elements` is empty then. */
  verbatim: boolean;
  elements: { element: number; as: WrittenAs }[];
  channels: PlannedChannel[];
  /** It holds words as the device stores them, some of which have shifted or fewer bits. */
  stored?: true;
  /** `timestamps`: the device's time of each scan, 64 bits as two u32. */
  role: "samples" | "timestamps";
}

export interface RecordingPlan {
  outputs: PlannedOutput[];
  /** More than one output: a SigMF Collection ties them together. */
  collection: boolean;
  /** One sentence for each thing that is not written as it comes. */
  notes: string[];
}

export interface RecordedAttribute {
  device: DeviceId;
  deviceName: string;
  scope: AttributeScope;
  name: string;
  state: "ok" | "failed" | "unread";
  raw: string;
  unit: string;
  /** Why it could not be read. */
  error?: string;
}

/** A moment or a span that was asked for, which a recording of whole blocks begins before and ends after. */
export interface RecordingMark {
  /** `kept`: this span was kept after it had happened. `pressed`: the recording was started at `fromScan`. `scheduled`: it was set for it. */
  kind: "kept" | "pressed" | "scheduled";
  /** Scan indices of the stream, lost ones counted. Below 0: before the stream ran. */
  fromScan: number;
  /** End, exclusive; null: a moment, or until stopped. */
  toScan: number | null;
  /** When it was asked for, decimal nanoseconds of CLOCK_REALTIME. */
  timeNs: string;
  /** Of `scheduled`: the clock went over the time that was set, and it began here instead. */
  late?: boolean;
}

/** The journal's header: all that is needed to make the metadata, now or after a crash. Plain JSON. */
export interface RecordingFacts {
  formatVersion: 1;
  /** Base name at the start. */
  name: string;
  startedAtMs: number;
  note: string;
  /** Base name of the recording that this one goes on from after a restart; absent if it begins by itself. */
  continues?: string;
  /** Base name of the collection of the group it was recorded in. */
  group?: string;
  recorder: { name: string; version: string };
  device: { id: DeviceId; name: string; label: string };
  linked: { id: DeviceId; name: string; label: string; role: string }[];
  facts: {
    hardware: string;
    driver: string;
    kernel: string;
    uri: string;
    timestampClock: string;
  };
  buffer: number;
  layout: ScanLayout;
  /** Those that are enabled. */
  channels: ChannelInfo[];
  pairs: ChannelPair[];
  /** Channels that count scans, lowest first. */
  counter: string[];
  /** As set. */
  rateHz: number | null;
  /** The source waits for blocks: its rate spaces the values, and does not say how many come in a second. */
  waitsForBlocks?: true;
  /** Where it was found: `sampling_frequency`, `trigger:t0/sampling_frequency`, … or "". */
  rateSource: string;
  /** Of a local oscillator; null if the device has none. */
  frequencyHz: number | null;
  transport: { kind: TransportKind; heap: string; directWrites: boolean; why: string };
  geometry: { blockCount: number; queueDepth: number; payloadBytes: number };
  deviceTrigger: { name: string; rateHz: number | null } | null;
  /** Of the device and those linked to it, read before the buffer was enabled. */
  attributes: RecordedAttribute[];
  /** Read together at the start, decimal nanoseconds. */
  clocks: { monotonicNs: string; realtimeNs: string };
  outputs: PlannedOutput[];
  writer: { pid: number; startTicks: string; bootId: string };
  hash: boolean;
  /** It goes on from the part before and is gone on from in the next: `of` is the name of all together. */
  part?: { of: string; number: number };
  /** Of a part recorded by a later run, whose scans began anew. */
  resumed?: {
    /** Added to the scans of its stream: `core:global_index` counts through all parts. */
    scanOffset: number;
    /** In the first part behind it: nobody recorded between the last sample of the part before and its own first. */
    hole?: {
      /** When that last sample was taken, decimal nanoseconds; null: not known. `monotonicNs` only of the same boot. */
      endedRealtimeNs: string | null;
      endedMonotonicNs: string | null;
    };
  };
  /** What was asked of it that no block border says. */
  marks?: RecordingMark[];
  /** Only what is around the scope trigger is recorded. */
  captures?: {
    preScans: number;
    postScans: number;
    /** null: until it is stopped. */
    limit: number | null;
    trigger: CaptureTrigger;
  };
}

/** Journal events the metadata are made from. Others are passed over. */
export type RecordingEvent =
  | {
      kind: "attribute";
      device: DeviceId;
      deviceName: string;
      scope: AttributeScope;
      name: string;
      raw: string;
    }
  | { kind: "note"; note: string }
  /** The recording that this one continues got another base name. */
  | { kind: "continues"; name: string }
  /** The local oscillator was tuned. */
  | { kind: "frequency"; hz: number }
  /** A trigger, and what was recorded around it; `number` counts through all parts. */
  | CaptureEvent
  /** How many triggers were missed by now. */
  | { kind: "missed"; count: number }
  /** How many captures there are beyond those that are told one by one. */
  | { kind: "unlisted"; count: number }
  /** What was measured over the whole recording, known at its end. */
  | { kind: "measured"; jitterSeconds: number | null; clockSeconds?: number };

/** As the addon's NativeCapture; `timeNs` in decimal nanoseconds of CLOCK_MONOTONIC. */
export interface CaptureEvent {
  kind: "capture";
  number: number;
  scan: number;
  fraction: number;
  fromScan: number;
  toScan: number;
  /** null: it has none. */
  peak: number | null;
  widthScans: number;
  cut: boolean;
  timeNs: string;
}

/** Any JSON object with namespaced keys. */
export type SigmfObject = Record<string, unknown>;

export interface SigmfMetadata {
  global: SigmfObject;
  captures: SigmfObject[];
  annotations: SigmfObject[];
}

export interface SigmfCollection {
  collection: SigmfObject;
}

/** The base name of one output's files. */
export function outputBaseName(recording: string, output: Pick<PlannedOutput, "suffix">): string {
  return recording + output.suffix;
}
