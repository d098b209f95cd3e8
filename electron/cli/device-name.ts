/** Finds what a user named on the command line. Names are matched exactly, never by their beginning. */
import type { AttributeScope, DeviceInfo, Inventory } from "../../shared/device.js";
import { fail } from "../../shared/errors.js";

/** `sim:adc`, `local:iio:device0`, or `local:NAME` by driver name or label. */
export function findDevice(inventory: Inventory, name: string): DeviceInfo {
  const exact = inventory.devices.find((device) => device.id === name);
  if (exact) return exact;
  const colon = name.indexOf(":");
  const [context, rest] = [name.slice(0, colon), name.slice(colon + 1)];
  const named = inventory.devices.filter(
    (device) => device.context === context && (device.name === rest || device.label === rest),
  );
  if (named.length === 1) return named[0]!;
  if (named.length > 1) {
    const ids = named.map((device) => device.id).join(", ");
    throw fail("BAD_REQUEST", `Several devices are called "${rest}". Name one of them: ${ids}.`);
  }
  const known = inventory.devices.map((device) => device.id).join(", ") || "none";
  throw fail("NOT_FOUND", `There is no device "${name}". Known: ${known}.`);
}

/** `NAME`, `CHANNEL/NAME`, `buffer0/NAME`, `trigger:TRIGGER/NAME`. */
export function parseAttributeName(
  device: DeviceInfo,
  text: string,
): { scope: AttributeScope; name: string } {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return { scope: { kind: "device" }, name: text };
  const [owner, name] = [text.slice(0, slash), text.slice(slash + 1)];
  if (owner.startsWith("trigger:")) {
    return { scope: { kind: "trigger", trigger: owner.slice("trigger:".length) }, name };
  }
  const channel = device.channels.find((each) => each.id === owner || each.label === owner);
  if (channel) return { scope: { kind: "channel", channel: channel.id }, name };
  const buffer = /^buffer(\d+)$/.exec(owner);
  if (buffer) return { scope: { kind: "buffer", buffer: Number(buffer[1]) }, name };
  throw fail("NOT_FOUND", `${device.id} has no channel "${owner}".`);
}
