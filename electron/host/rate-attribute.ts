/** Attributes that set a sampling rate, of a device and of those linked to it. */
import { parseAttributeNumber } from "../../shared/attributes.js";
import type { AttributeAddress, AttributeInfo, DeviceInfo } from "../../shared/device.js";

export interface FoundRate {
  address: AttributeAddress;
  /** null: it can't be read, or not as a number. */
  rateHz: number | null;
}

/** Rate of a `sampling_frequency`, or null if it is none. 0 is a rate: it means "not set". */
export function parseRate(text: string | null | undefined): number | null {
  const number = text ? parseAttributeNumber(text) : null;
  const value = number ? Number(number.text) : NaN;
  return Number.isFinite(value) && value >= 0 ? value : null;
}

export function isRate({ name, scope }: AttributeInfo, direction: "in" | "out"): boolean {
  return (
    name === "sampling_frequency" ||
    (scope.kind === "device" && name === `${direction}_sampling_frequency`)
  );
}

export function toRate(device: DeviceInfo, attribute: AttributeInfo): FoundRate {
  const raw = attribute.value.state === "ok" ? attribute.value.raw : null;
  return {
    address: { device: device.id, scope: attribute.scope, name: attribute.name },
    rateHz: parseRate(raw),
  };
}

/**
 * Receivers often have their rate on the control device: at the device, or at its channels of the buffer's direction.
 * `linked`: in order.
 */
export function findLinkedRate(
  linked: readonly DeviceInfo[],
  direction: "in" | "out",
): FoundRate | null {
  for (const other of linked) {
    const rates = other.attributes.filter((attribute) => isRate(attribute, direction));
    const found =
      rates.find(({ scope }) => scope.kind === "device") ??
      rates.find(
        ({ scope }) =>
          scope.kind === "channel" &&
          other.channels.some(
            (channel) => channel.id === scope.channel && channel.direction === direction,
          ),
      );
    if (found) return toRate(other, found);
  }
  return null;
}
