/**
 * The device model both sides agree on. Everything here is a plain value: it crosses ports as it is.
 * Ids name things; sysfs paths never leave the host.
 */
import type { StudioError } from "./errors.js";
import type { ScanFormat } from "./scan-format.js";

/** `local`, `sim` or `rec`; the part of a device id before the first colon. */
export type ContextId = string;
/** `local:iio:device0`, `sim:adc`, `rec:2026-11-20_12-41-07_adc`. */
export type DeviceId = string;

export interface ContextInfo {
  id: ContextId;
  kind: "local" | "simulator" | "recordings";
  label: string;
  /** Quiet text beside the label: `Linux 6.12`, `~/Recordings`. */
  detail: string;
  /** Recordings: room left where they go. */
  freeBytes?: number;
  state: { kind: "ready" } | { kind: "unavailable"; error: StudioError };
}

/** Where an attribute lives. `buffer` is Y of `bufferY`; a trigger's attributes hang on the device that uses it. */
export type AttributeScope =
  | { kind: "device" }
  | { kind: "channel"; channel: string }
  | { kind: "buffer"; buffer: number }
  | { kind: "trigger"; trigger: string };

export interface AttributeAddress {
  device: DeviceId;
  scope: AttributeScope;
  name: string;
}

/** What values a driver says it takes (`*_available`). Numbers as text, so that no digit is lost. */
export type AttributeAvailable =
  | { kind: "any" }
  | { kind: "list"; values: string[] }
  | { kind: "range"; min: string; step: string; max: string };

/** How an attribute is edited. `number` takes SI prefixes; `boolean` is the kernel's 0/1 (or Y/N). */
export type AttributeControl = "boolean" | "list" | "range" | "number" | "text";

export type AttributeValue =
  | { state: "unread" }
  | { state: "ok"; raw: string; readAtMs: number }
  | { state: "failed"; error: StudioError; /** last value that could be read */ raw?: string };

export interface AttributeInfo {
  scope: AttributeScope;
  name: string;
  access: "read" | "write" | "read-write";
  control: AttributeControl;
  available: AttributeAvailable;
  /** Unit of the number as the ABI states it (`Hz`, `dB`, `mV`), or "". */
  unit: string;
  value: AttributeValue;
}

/** One scan element of a buffer. A channel may be in several buffers. */
export interface ScanElement {
  buffer: number;
  /** `_index`: order within a scan. */
  index: number;
  format: ScanFormat;
  enabled: boolean;
}

export interface ChannelInfo {
  /** As in the ABI without direction: `voltage0`, `accel_x`, `timestamp`. */
  id: string;
  direction: "in" | "out";
  /** `voltage`, `accel`, `timestamp`, … */
  type: string;
  modifier: string;
  /** The driver's `_label`, or the user's. */
  label: string;
  scan: ScanElement[];
  /** physical = (raw + offset) × scale × unitFactor, in `unit`. Text keeps every digit of the driver. */
  scale: string;
  offset: string;
  /** From the ABI's unit to the one people read (mV → V: 0.001). */
  unitFactor: number;
  unit: string;
  /** Whether scale and offset were found: without, only raw is honest. */
  scaled: boolean;
}

/** Two channels seen as one complex channel. */
export interface ChannelPair {
  /** `voltage0+voltage1`: I then Q. Used wherever a channel id is. */
  id: string;
  i: string;
  q: string;
  label: string;
  origin: "modifier" | "user";
}

export type TransportKind = "dmabuf" | "read" | "simulator" | "replay";

/** One answer of the probe, asked once per buffer and kept. */
export type ProbeAnswer =
  { state: "yes" } | { state: "no"; error: StudioError } | { state: "unknown"; reason: string };

export interface HeapInfo {
  /** File name in `/dev/dma_heap`, or `udmabuf`, or `pages`. */
  name: string;
  usable: ProbeAnswer;
  /** Whether blocks of this memory can be written to disk without a copy. */
  directWrites: boolean;
}

export interface BufferInfo {
  index: number;
  direction: "in" | "out";
  /** What `auto` would take now, and the sentence that says why not the better one. */
  transport: TransportKind;
  why: string;
  fix?: string;
  dmabuf: ProbeAnswer;
  read: ProbeAnswer;
  heaps: HeapInfo[];
  lengthAlignBytes: number;
  needsTrigger: boolean;
  /** Where the sampling rate of this buffer is set, if anywhere. */
  rate: AttributeAddress | null;
  rateHz: number | null;
}

export interface DeviceTriggerInfo {
  /** Exact name as it goes into current_trigger. */
  name: string;
  /** null if the trigger has no settable rate. */
  rateHz: number | null;
  kind: "hrtimer" | "sysfs" | "device" | "simulator";
}

export interface DeviceLink {
  device: DeviceId;
  role: "control" | "receiver" | "transmitter" | "other";
  origin: "name" | "parent" | "user";
}

export interface DeviceInfo {
  id: DeviceId;
  context: ContextId;
  /** The driver's `name`. */
  name: string;
  label: string;
  /** Quiet text beside the name: `16-bit, 4 ch`. */
  detail: string;
  /** Where it is plugged in, as its bus calls that: `spi0.0`, `1-0048`. Absent: not known. */
  place?: string;
  presence: "present" | "gone";
  /** When it went, wall clock. */
  goneAtMs?: number;
  channels: ChannelInfo[];
  pairs: ChannelPair[];
  buffers: BufferInfo[];
  attributes: AttributeInfo[];
  links: DeviceLink[];
  /** Triggers this device could use; empty if it needs none. */
  triggers: DeviceTriggerInfo[];
  currentTrigger: string | null;
}

/** What the explorer needs without opening anything. */
export interface Inventory {
  contexts: ContextInfo[];
  devices: DeviceInfo[];
}

/** `voltage0/scale`, `sampling_frequency`, `buffer0/length`, `trigger:NAME/sampling_frequency`: the command line's form. */
export function formatAttributeName(scope: AttributeScope, name: string): string {
  switch (scope.kind) {
    case "device":
      return name;
    case "channel":
      return `${scope.channel}/${name}`;
    case "buffer":
      return `buffer${scope.buffer}/${name}`;
    case "trigger":
      return `trigger:${scope.trigger}/${name}`;
  }
}

export function sameScope(a: AttributeScope, b: AttributeScope): boolean {
  return formatAttributeName(a, "") === formatAttributeName(b, "");
}
