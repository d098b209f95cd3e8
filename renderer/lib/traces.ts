/** Which traces a device can draw, how they are called, and which of the eight trace colours is theirs. */
import type { ChannelInfo, ChannelPair, DeviceInfo } from "../../shared/device.js";
import type { StreamInfo, TraceSource } from "../../shared/stream.js";

/** Trace colours and dashes of the tokens: 1 … 8. */
export const TRACE_SLOTS = 8;
/** Up to this slot a trace is drawn solid. */
export const SOLID_SLOTS = 4;

/** Channels of a buffer that can be drawn, in scan order: all but the timestamp. */
export function drawableChannels(device: DeviceInfo, buffer: number): ChannelInfo[] {
  return bufferChannels(device, buffer).filter((channel) => channel.type !== "timestamp");
}

/** Channels that are elements of a buffer's scan, in scan order. */
export function bufferChannels(device: DeviceInfo, buffer: number): ChannelInfo[] {
  return device.channels
    .filter((channel) => channel.direction === "in" && scanIndex(channel, buffer) >= 0)
    .sort((a, b) => scanIndex(a, buffer) - scanIndex(b, buffer));
}

/** −1: the channel is no element of that buffer. */
function scanIndex(channel: ChannelInfo, buffer: number): number {
  return channel.scan.find((element) => element.buffer === buffer)?.index ?? -1;
}

/** Pairs whose two channels are both in a buffer. */
export function bufferPairs(device: DeviceInfo, buffer: number): ChannelPair[] {
  const ids = new Set(drawableChannels(device, buffer).map(({ id }) => id));
  return device.pairs.filter((pair) => ids.has(pair.i) && ids.has(pair.q));
}

/** The place of each channel in the device's scan, whichever of them are here; where a file does not tell it, the order. */
function scanPlaces(channels: ChannelInfo[], buffer: number): number[] {
  const told = channels.map((channel) => scanIndex(channel, buffer));
  return new Set(told).size === told.length ? told : told.map((_, at) => at);
}

/**
 * The colour of a trace: a channel's by its place in the scan, so that switching others on and off never changes it, nor
 * does a recording of some of them.
 * A pair seen as one channel takes 5 and up; its magnitude and phase take the next ones free after the channels while
 * there are few, so that they stay apart from I and Q.
 */
export function traceSlot(device: DeviceInfo, buffer: number, source: TraceSource): number {
  const channels = drawableChannels(device, buffer);
  const places = scanPlaces(channels, buffer);
  const at = channels.findIndex(({ id }) => id === source.channel);
  if (at >= 0) return (places[at]! % TRACE_SLOTS) + 1;
  const pairs = bufferPairs(device, buffer);
  const pair = Math.max(
    0,
    pairs.findIndex(({ id }) => id === source.channel),
  );
  if (source.part === "value") return pairSlot(pair);
  const part = source.part === "magnitude" ? 0 : 1;
  const free = Math.max(-1, ...places) + 1;
  return ((free + pair * 2 + part) % TRACE_SLOTS) + 1;
}

/** The colour of a pair as one channel. */
export function pairSlot(index: number): number {
  return ((SOLID_SLOTS + index) % TRACE_SLOTS) + 1;
}

/** The name a trace is tagged with. */
export function traceName(device: DeviceInfo, source: TraceSource): string {
  const channel = device.channels.find(({ id }) => id === source.channel);
  if (channel && !channel.label) {
    const part = pairPart(device, channel.id);
    const owner = device.pairs.find(({ i, q }) => i === channel.id || q === channel.id);
    if (part && owner) return device.pairs.length === 1 ? part : `${owner.label} ${part}`;
  }
  if (channel) return channelName(channel);
  const pair = device.pairs.find(({ id }) => id === source.channel);
  const name = pair?.label ?? source.channel;
  return source.part === "phase" ? `∠${name}` : `|${name}|`;
}

/** Which half of a pair a channel is: "I", "Q", or "" if it is of none. */
export function pairPart(device: DeviceInfo, channel: string): "I" | "Q" | "" {
  if (device.pairs.some(({ i }) => i === channel)) return "I";
  return device.pairs.some(({ q }) => q === channel) ? "Q" : "";
}

/** What people call a channel: its label, else its id. */
export function channelName(channel: ChannelInfo): string {
  return channel.label || channel.id;
}

/** Every enabled channel that can be drawn, in scan order. */
export function defaultTraces(device: DeviceInfo, stream: StreamInfo): TraceSource[] {
  const on = new Set(stream.settings.channels);
  return drawableChannels(device, stream.buffer)
    .filter(({ id }) => on.has(id))
    .map(({ id }) => ({ channel: id, part: "value" }));
}
