/** Finds what a user named on the command line. Names are matched exactly, never by their beginning. */
import { parseAttributeName as parseName } from "../../shared/attributes.js";
import {
  formatAttributeName,
  type AttributeAddress,
  type AttributeScope,
  type DeviceInfo,
  type Inventory,
} from "../../shared/device.js";
import { fail } from "../../shared/errors.js";

/** `sim:adc`, `local:iio:device0`, or `local:NAME` by driver name or label. */
export function findDevice(inventory: Inventory, name: string): DeviceInfo {
  const named = devicesCalled(inventory, name);
  if (named.length === 1) return named[0]!;
  if (named.length > 1) {
    const ids = named.map((device) => device.id).join(", ");
    throw fail("BAD_REQUEST", `Several devices are called "${name}". Name one of them: ${ids}.`);
  }
  const known = inventory.devices.map((device) => device.id).join(", ") || "none";
  throw fail("NOT_FOUND", `There is no device "${name}". Known: ${known}.`);
}

function devicesCalled({ devices }: Inventory, name: string): DeviceInfo[] {
  const exact = devices.find((device) => device.id === name);
  if (exact) return [exact];
  const colon = name.indexOf(":");
  const [context, rest] = [name.slice(0, colon), name.slice(colon + 1)];
  return devices.filter(
    (device) => device.context === context && (device.name === rest || device.label === rest),
  );
}

/**
 * What `--set` names: an attribute of the device itself, `DEVICE:NAME` of any other, or one that a single linked device
 * has. The control device of a transceiver is reached so.
 */
export function findAttribute(
  inventory: Inventory,
  device: DeviceInfo,
  text: string,
): AttributeAddress {
  const own = attributeOf(device, text);
  if (own) return own;
  for (let colon = text.indexOf(":"); colon >= 0; colon = text.indexOf(":", colon + 1)) {
    const [other, ambiguous] = devicesCalled(inventory, text.slice(0, colon));
    if (!other) continue;
    if (ambiguous) findDevice(inventory, text.slice(0, colon));
    return { device: other.id, ...parseAttributeName(other, text.slice(colon + 1)) };
  }
  const linked = device.links.flatMap((link) => {
    const other = inventory.devices.find(({ id }) => id === link.device);
    return (other && attributeOf(other, text)) ?? [];
  });
  if (linked.length > 1) {
    const names = linked.map((one) => `${one.device}:${text}`).join(", ");
    throw fail("BAD_REQUEST", `Several linked devices have ${text}. Name one of them: ${names}.`);
  }
  return linked[0] ?? { device: device.id, ...parseAttributeName(device, text) };
}

function attributeOf(device: DeviceInfo, text: string): AttributeAddress | null {
  const found = device.attributes.find(({ scope, name }) => {
    if (formatAttributeName(scope, name) === text) return true;
    const channel =
      scope.kind === "channel" && device.channels.find(({ id }) => id === scope.channel);
    return channel && channel.label !== "" && `${channel.label}/${name}` === text;
  });
  return found ? { device: device.id, scope: found.scope, name: found.name } : null;
}

/** `NAME`, `CHANNEL/NAME` (its id or label), `buffer0/NAME`, `trigger:TRIGGER/NAME`. */
export function parseAttributeName(
  device: DeviceInfo,
  text: string,
): { scope: AttributeScope; name: string } {
  const parsed = parseName(text);
  if (!parsed) {
    throw fail("BAD_REQUEST", `"${text}" names no attribute. Write it as NAME or CHANNEL/NAME.`);
  }
  if (parsed.scope.kind !== "channel") return parsed;
  const { channel: owner } = parsed.scope;
  const channel = device.channels.find((each) => each.id === owner || each.label === owner);
  if (!channel) throw fail("NOT_FOUND", `${device.id} has no channel "${owner}".`);
  return { scope: { kind: "channel", channel: channel.id }, name: parsed.name };
}
