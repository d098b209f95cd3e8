/** Which device the user spoke of, when it is there again under another number. Pure. */
import type { DeviceInfo } from "../../shared/device.js";

type Known = Pick<DeviceInfo, "id" | "context" | "name" | "label" | "place" | "presence">;

/**
 * The name under which notes about a device are kept: what it is, and where it is plugged in, so that two equal sensors
 * stay apart. One that is the only one of its kind keeps its notes when it is plugged in elsewhere. `all`: every device
 * as its context tells it.
 */
export function noteKey(device: Known, all: readonly Known[], stored: object): string {
  const kind = kindOf(device);
  const alike = all.filter(
    (other) => other.id !== device.id && other.presence === "present" && kindOf(other) === kind,
  );
  const own = ownKey(device, alike);
  if (own in stored || alike.length > 0) return own;
  const earlier = Object.keys(stored).filter((key) => key === kind || key.startsWith(`${kind}|`));
  return earlier.length === 1 ? earlier[0]! : own;
}

function kindOf({ context, name, label }: Known): string {
  return `${context}|${name}|${label}`;
}

/** Those that share even their place are told apart by their order. */
function ownKey(device: Known, alike: readonly Known[]): string {
  const before = alike.filter(
    (other) => other.place === device.place && byNumber(other.id, device.id) < 0,
  ).length;
  return [kindOf(device), device.place, before > 0 ? `#${before + 1}` : ""]
    .filter((part) => part)
    .join("|");
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
