/** Where the sampling rate of a buffer is set: at the buffer, a channel, the device, its trigger, or a linked device. */
import type {
  AttributeAddress,
  AttributeInfo,
  BufferInfo,
  DeviceInfo,
} from "../../../shared/device.js";
import { parseRate } from "./triggers.js";

export interface FoundRate {
  address: AttributeAddress;
  /** null: it can't be read, or not as a number. */
  rateHz: number | null;
}

/** `linked`: devices it is linked to, in order. `channels`: those that will be enabled; null for all of the buffer. */
export function findRate(
  device: DeviceInfo,
  buffer: Pick<BufferInfo, "index" | "direction">,
  linked: readonly DeviceInfo[],
  channels: readonly string[] | null = null,
): FoundRate | null {
  const inBuffer = new Set(
    device.channels
      .filter((channel) => channel.scan.some((element) => element.buffer === buffer.index))
      .map((channel) => channel.id),
  );
  const wanted = channels ? new Set(channels.filter((id) => inBuffer.has(id))) : inBuffer;
  const places: ((attribute: AttributeInfo) => boolean)[] = [
    ({ scope }) => scope.kind === "buffer" && scope.buffer === buffer.index,
    ({ scope }) => scope.kind === "channel" && wanted.has(scope.channel),
    ({ scope }) => scope.kind === "device",
    ({ scope }) => scope.kind === "trigger" && scope.trigger === device.currentTrigger,
  ];
  for (const place of places) {
    const found = device.attributes.find(
      (attribute) => isRate(attribute, buffer.direction) && place(attribute),
    );
    if (found) return toRate(device, found);
  }
  for (const other of linked) {
    const found = linkedRate(other, buffer.direction);
    if (found) return toRate(other, found);
  }
  return null;
}

/** A control device has its rate at the device, or at the channels of the buffer's direction. */
function linkedRate(other: DeviceInfo, direction: "in" | "out"): AttributeInfo | undefined {
  const rates = other.attributes.filter((attribute) => isRate(attribute, direction));
  return (
    rates.find(({ scope }) => scope.kind === "device") ??
    rates.find(
      ({ scope }) =>
        scope.kind === "channel" &&
        other.channels.some(
          (channel) => channel.id === scope.channel && channel.direction === direction,
        ),
    )
  );
}

function isRate(attribute: AttributeInfo, direction: "in" | "out"): boolean {
  const { name, scope } = attribute;
  return (
    name === "sampling_frequency" ||
    (scope.kind === "device" && name === `${direction}_sampling_frequency`)
  );
}

function toRate(device: DeviceInfo, attribute: AttributeInfo): FoundRate {
  const raw = attribute.value.state === "ok" ? attribute.value.raw : null;
  return {
    address: { device: device.id, scope: attribute.scope, name: attribute.name },
    rateHz: parseRate(raw),
  };
}
