/** What devices, streams and recordings are called in the window. */
import type { DeviceInfo } from "../../shared/device.js";
import { formatSi } from "../../shared/figures.js";
import type { RecordingEntry } from "../../shared/recording.js";
import type { StreamInfo } from "../../shared/stream.js";
import { isTriggerField, missingTrigger } from "./device-trigger.js";
import { bufferPairs, drawableChannels } from "./traces.js";

/** In a list under its context: the label, else the driver's name. */
export function deviceName(device: DeviceInfo): string {
  const name = device.label || device.name;
  return device.context === "rec" ? shortRecordingName(name) : name;
}

const BY_TIME = /^\d{4}-(\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)_(.+)$/;

/** `2026-11-20_12-41-07_ad9361` as `11-20 12:41:07 ad9361`; names of another pattern stay as they are. */
export function shortRecordingName(name: string): string {
  const match = BY_TIME.exec(name);
  return match ? `${match[1]} ${match[2]}:${match[3]}:${match[4]} ${match[5]}` : name;
}

/** By itself: the simulator's devices say that they are. */
export function standaloneName(device: DeviceInfo): string {
  return device.context === "sim" ? `sim ${deviceName(device)}` : deviceName(device);
}

/** The same of one of its buffers: where it has several that take in, which. */
export function streamName(device: DeviceInfo, stream: StreamInfo | undefined): string {
  const several = device.buffers.filter(({ direction }) => direction === "in").length > 1;
  return stream && several
    ? `${standaloneName(device)} buffer${stream.buffer}`
    : standaloneName(device);
}

/** Why a stream failed, while that still holds: a device that came back, or got its trigger, is no failure any more. */
export function failureOf(device: DeviceInfo | undefined, stream: StreamInfo | undefined) {
  if (stream?.state.kind !== "failed") return null;
  const { error } = stream.state;
  if (error.code === "ENODEV" && device?.presence === "present") return null;
  const mended = isTriggerField(error.field) && missingTrigger(device, stream) === null;
  return mended && device?.presence === "present" ? null : error;
}

/** How a device that is gone comes back. Of a simulated one nobody can pull or push a plug: its switch is the plug. */
export function returnWords(device: DeviceInfo): string {
  return device.context === "sim"
    ? "Switch its fault “vanish” off to bring it back."
    : "Plug it in again: it returns here by itself.";
}

/** `61.44 MS/s` */
export function formatRate(rateHz: number | null | undefined): string {
  return formatSi(rateHz, "S/s", 6);
}

/** What flows, in a few words: `256 kS/s · 4 ch`, `61.44 MS/s · I/Q`. */
export function streamSummary(device: DeviceInfo, stream: StreamInfo | undefined): string {
  if (device.presence === "gone") return "gone";
  if (!stream) return "no buffer";
  const on = new Set(stream.settings.channels);
  const channels = drawableChannels(device, stream.buffer).filter(({ id }) => on.has(id));
  const pair = bufferPairs(device, stream.buffer).some(({ i, q }) => on.has(i) && on.has(q));
  const what = channels.length === 2 && pair ? "I/Q" : `${channels.length} ch`;
  return stream.rateSetHz ? `${formatRate(stream.rateSetHz)} · ${what}` : what;
}

/** `11-20 12:41`: month, day and minute it began, local time; "" where the name says it, or it is not known yet. */
export function recordingMoment({ name, startedAtMs }: RecordingEntry): string {
  if (startedAtMs === 0 || BY_TIME.test(name)) return "";
  const at = new Date(startedAtMs);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function clockTime(ms: number, seconds = true): string {
  const at = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  const minute = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return seconds ? `${minute}:${two(at.getSeconds())}` : minute;
}
