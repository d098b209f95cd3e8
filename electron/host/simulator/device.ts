/** What a simulated device is made of; the context turns it into the device model and keeps it running. */
import type { SimulatorChannel } from "../../../native/addon.js";
import type {
  AttributeAddress,
  AttributeInfo,
  ChannelInfo,
  DeviceInfo,
  DeviceLink,
  DeviceTriggerInfo,
} from "../../../shared/device.js";
import { parseScanFormat } from "../../../shared/parse-format.js";
import type { ScanFormat } from "../../../shared/scan-format.js";
import { channelUnit } from "../../../shared/units.js";
import type { SimAttribute } from "./attribute.js";

export interface SimChannel {
  id: string;
  direction: "in" | "out";
  type: string;
  modifier?: string;
  label(): string;
  /** Without: no scan element (an LO). */
  scan?: { index: number; format: ScanFormat; enabled: boolean };
  /** ABI unit per count and counts added before; without, only raw is honest. */
  scale?: () => string;
  offset?: () => string;
}

export interface SimBuffer {
  needsTrigger: boolean;
  /** Where the rate is set, and what it is; `trigger` is the one chosen. */
  rate(trigger: string | null): { address: AttributeAddress; rateHz: number } | null;
  /** Waits for free blocks instead of letting the clock run on. */
  waits(): boolean;
  /** What an element holds, in counts. `timestamp` is not asked. */
  waveform(channel: string): SimulatorChannel;
}

export interface SimDevice {
  id: string;
  name: string;
  label: string;
  detail: string;
  driver: string;
  channels: SimChannel[];
  attributes: SimAttribute[];
  buffer: SimBuffer | null;
  links: DeviceLink[];
  triggers: () => DeviceTriggerInfo[];
}

/** What changes while the program runs. */
export interface SimState {
  goneAtMs: number | null;
  trigger: string | null;
  running: boolean;
}

export const WHY_CLOCK =
  "Behaves as hardware does: the clock runs on, and what no block was queued for is lost and counted.";
export const WHY_WAITS = "Waits for free blocks, as fast as they come, and loses nothing.";

/** `attributes`: with their values as they are now. */
export function deviceInfo(
  device: SimDevice,
  state: SimState,
  attributes: AttributeInfo[],
): DeviceInfo {
  const gone = state.goneAtMs !== null;
  return {
    id: device.id,
    context: "sim",
    name: device.name,
    label: device.label,
    detail: device.detail,
    presence: gone ? "gone" : "present",
    ...(state.goneAtMs === null ? {} : { goneAtMs: state.goneAtMs }),
    channels: device.channels.map(channelInfo),
    pairs: [],
    buffers: device.buffer ? [bufferInfo(device.buffer, state)] : [],
    attributes,
    links: device.links,
    triggers: device.triggers(),
    currentTrigger: state.trigger,
  };
}

function channelInfo(channel: SimChannel): ChannelInfo {
  const modifier = channel.modifier ?? "";
  const unit = channelUnit(channel.type, modifier);
  return {
    id: channel.id,
    direction: channel.direction,
    type: channel.type,
    modifier,
    label: channel.label(),
    scan: channel.scan ? [{ buffer: 0, ...channel.scan }] : [],
    scale: channel.scale?.() ?? "1",
    offset: channel.offset?.() ?? "0",
    unitFactor: unit.factor,
    unit: unit.display,
    scaled: channel.scale !== undefined,
  };
}

function bufferInfo(buffer: SimBuffer, state: SimState): DeviceInfo["buffers"][number] {
  const rate = buffer.rate(state.trigger);
  const never = { state: "unknown", reason: "A simulated device has no kernel buffer." } as const;
  return {
    index: 0,
    direction: "in",
    transport: "simulator",
    why: buffer.waits() ? WHY_WAITS : WHY_CLOCK,
    dmabuf: never,
    read: never,
    heaps: [{ name: "pages", usable: { state: "yes" }, directWrites: true }],
    lengthAlignBytes: 1,
    needsTrigger: buffer.needsTrigger,
    rate: rate?.address ?? null,
    rateHz: rate?.rateHz ?? null,
  };
}

/** A scan element from the text a driver would print. */
export function scanElement(
  index: number,
  type: string,
  enabled = true,
): NonNullable<SimChannel["scan"]> {
  return { index, format: parseScanFormat(type), enabled };
}

/** A waveform without anything: to be spread and filled. */
export const SILENT: SimulatorChannel = {
  waveform: "constant",
  frequencyHz: 0,
  frequencyEndHz: 0,
  sweepSeconds: 0,
  amplitude: 0,
  offset: 0,
  noise: 0,
  phase: 0,
  duty: 0.5,
  glitchEvery: 0,
};
