/** Where the sampling rate of a buffer is set: at the buffer, a channel, the device, its trigger, or a linked device. */
import type { AttributeInfo, BufferInfo, DeviceInfo } from "../../../shared/device.js";
import { findLinkedRate, isRate, toRate, type FoundRate } from "../rate-attribute.js";

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
  return findLinkedRate(linked, buffer.direction);
}
