/**
 * Devices that belong together. Real transceivers come as several IIO devices (control, receiver, transmitter); nothing
 * in the kernel says which. Links are proposed by the names of known families and by a common parent device.
 */
import type { DeviceId, DeviceLink } from "./device.js";

export interface LinkCandidate {
  id: DeviceId;
  name: string;
  /** Identifies the hardware device above, or "" if it is not known (or a bus of unrelated ones). */
  parent: string;
  hasInput: boolean;
  hasOutput: boolean;
}

type Role = DeviceLink["role"];

/** Names of a family that do not follow the pattern below. */
const FAMILIES: Record<string, { family: string; role: Role }> = {
  "m2k-adc": { family: "m2k", role: "receiver" },
  "m2k-adc-trigger": { family: "m2k", role: "control" },
  "m2k-dac-a": { family: "m2k", role: "transmitter" },
  "m2k-dac-b": { family: "m2k", role: "transmitter" },
  "m2k-fabric": { family: "m2k", role: "control" },
};

/**
 * Family and role of a name: `ad9361-phy`, `cf-ad9361-lpc`, `cf-ad9361-dds-core-lpc`, `axi-adrv9009-rx-obs-hpc`,
 * `ad9361-phy-B` with `cf-ad9361-B`, `transceiver-phy` with `transceiver-rx`. null if the name belongs to none.
 */
export function familyOf(name: string): { family: string; role: Role } | null {
  const known = FAMILIES[name];
  if (known) return known;
  const control = /^(.+)-phy(?:-([a-z]))?$/i.exec(name);
  if (control) return { family: familyName(control[1]!, control[2]), role: "control" };
  const core = /^(?:cf-|axi-)?([a-z0-9]+)-(.+)$/i.exec(name);
  if (!core) return null;
  const rest = core[2]!.toLowerCase();
  const twin = /(?:^|-)([b-d])$/.exec(rest)?.[1];
  const words = rest.split("-");
  const has = (...of: string[]) => words.some((word) => of.includes(word.replace(/\d+$/, "")));
  if (has("dds", "tx", "dac")) return { family: familyName(core[1]!, twin), role: "transmitter" };
  if (has("rx", "lpc", "hpc", "adc", "obs", "a", "b")) {
    return { family: familyName(core[1]!, twin), role: "receiver" };
  }
  return null;
}

function familyName(base: string, twin: string | undefined): string {
  const letter = twin?.toLowerCase();
  return letter && letter !== "a" ? `${base.toLowerCase()}-${letter}` : base.toLowerCase();
}

/** Proposed links of every device. A family needs a control device: two receivers alone share only a vendor. */
export function proposeLinks(devices: readonly LinkCandidate[]): Map<DeviceId, DeviceLink[]> {
  const links = new Map<DeviceId, DeviceLink[]>(devices.map((device) => [device.id, []]));
  const named = devices.map((device) => ({ device, member: familyOf(device.name) }));
  for (const a of named) {
    for (const b of named) {
      if (a === b) continue;
      const link = namedLink(named, a, b) ?? parentLink(a.device, b.device);
      if (link) links.get(a.device.id)!.push(link);
    }
  }
  return links;
}

interface Named {
  device: LinkCandidate;
  member: { family: string; role: Role } | null;
}

function namedLink(all: readonly Named[], a: Named, b: Named): DeviceLink | null {
  if (!a.member || !b.member || a.member.family !== b.member.family) return null;
  const family = a.member.family;
  const controlled = all.some(
    (other) => other.member?.family === family && other.member.role === "control",
  );
  return controlled ? { device: b.device.id, role: b.member.role, origin: "name" } : null;
}

function parentLink(a: LinkCandidate, b: LinkCandidate): DeviceLink | null {
  if (a.parent === "" || a.parent !== b.parent) return null;
  const role: Role =
    !b.hasInput && !b.hasOutput
      ? "control"
      : b.hasInput && !b.hasOutput
        ? "receiver"
        : b.hasOutput && !b.hasInput
          ? "transmitter"
          : "other";
  return { device: b.id, role, origin: "parent" };
}
