/** What a user may set of a stream: defaults from the device, and patches checked against it. Pure. */
import type { BufferInfo, ChannelInfo, DeviceInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import type { RequestParams } from "../../../shared/messages.js";
import { automaticSettings, type StreamSettings } from "../../../shared/stream.js";

export type SettingsPatch = RequestParams<"stream.configure">["patch"];

/** Channels enabled unasked where the device has none enabled. */
const DEFAULT_CHANNELS = 16;

export function bufferOf(device: DeviceInfo, index: number): BufferInfo | undefined {
  return device.buffers.find((buffer) => buffer.index === index);
}

/** Channels of a buffer in scan order. */
export function scanChannels(device: DeviceInfo, buffer: number): ChannelInfo[] {
  const indexOf = (channel: ChannelInfo): number | undefined =>
    channel.scan.find((element) => element.buffer === buffer)?.index;
  return device.channels
    .filter((channel) => indexOf(channel) !== undefined)
    .sort((a, b) => (indexOf(a) as number) - (indexOf(b) as number));
}

/** As the device has it; where nothing is enabled, all of a buffer with few channels, else the first ones. */
export function defaultSettings(device: DeviceInfo, buffer: number): StreamSettings {
  const channels = scanChannels(device, buffer);
  const enabled = channels.filter((channel) =>
    channel.scan.some((element) => element.buffer === buffer && element.enabled),
  );
  const chosen = enabled.length > 0 ? enabled : channels.slice(0, DEFAULT_CHANNELS);
  return {
    ...automaticSettings(chosen.map((channel) => channel.id)),
    realtime: null,
  };
}

/** Throws BAD_REQUEST with the field that can't be. A pair's id stands for both its channels. */
export function patchSettings(
  settings: StreamSettings,
  patch: SettingsPatch,
  device: DeviceInfo,
  buffer: number,
): StreamSettings {
  const next: StreamSettings = { ...settings, ...patch };
  const known = scanChannels(device, buffer).map((channel) => channel.id);
  const asked = unpair(next.channels, device);
  const unknown = asked.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw fail(
      "BAD_REQUEST",
      `${device.label} has no channel ${unknown} in its buffer${buffer}. Choose of ${known.join(", ")}.`,
      { field: "channels" },
    );
  }
  next.channels = known.filter((id) => asked.includes(id));
  if (next.channels.length === 0) {
    throw fail("BAD_REQUEST", "A stream needs a channel. Enable at least one.", {
      field: "channels",
    });
  }
  next.counter = [...new Set(next.counter)];
  const off = next.counter.find((id) => !next.channels.includes(id));
  if (off !== undefined) {
    if (patch.counter !== undefined) {
      throw fail("BAD_REQUEST", `${off} can't count scans while it is off. Enable it as well.`, {
        field: "counter",
      });
    }
    next.counter = [];
  }
  if (next.realtime) {
    const { priority, cpus } = next.realtime;
    const sorted = [...new Set(cpus)].sort((a, b) => a - b);
    next.realtime = priority === 0 && sorted.length === 0 ? null : { priority, cpus: sorted };
  }
  checkTrigger(next, patch, device);
  if (patch.rateMax && device.context !== "sim") {
    throw fail(
      "BAD_REQUEST",
      `Only the simulator runs as fast as it can (rate max). ${device.label} has a clock of its own: give its rate in Hz.`,
      { field: "rateMax" },
    );
  }
  return next;
}

function unpair(ids: readonly string[], device: DeviceInfo): string[] {
  return ids.flatMap((id) => {
    const pair = device.pairs.find((one) => one.id === id);
    return pair ? [pair.i, pair.q] : [id];
  });
}

function checkTrigger(next: StreamSettings, patch: SettingsPatch, device: DeviceInfo): void {
  const name = patch.deviceTrigger?.name;
  if (name === undefined || device.triggers.some((trigger) => trigger.name === name)) return;
  const names = device.triggers.map((trigger) => trigger.name);
  throw fail(
    "NOT_FOUND",
    names.length > 0
      ? `There is no device trigger named ${name}. Choose of ${names.join(", ")}.`
      : `There is no device trigger named ${name}, and no other. The doctor shows how to create one.`,
    { field: "deviceTrigger" },
  );
}

export function sameSettings(a: StreamSettings, b: StreamSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
