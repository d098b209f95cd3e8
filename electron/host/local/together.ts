/** What devices are to one another: links, and rates that one sets for another. Pure. */
import type { DeviceId, DeviceInfo } from "../../../shared/device.js";
import { proposeLinks } from "../../../shared/links.js";
import { findPairs } from "../../../shared/pairs.js";
import { findRate } from "./rates.js";

/** `parents`: devices with the same value have the same hardware parent. Sorted by number. */
export function describeTogether(
  bare: readonly DeviceInfo[],
  parents: ReadonlyMap<DeviceId, DeviceId>,
): DeviceInfo[] {
  const links = proposeLinks(
    bare
      .filter((info) => info.presence === "present")
      .map((info) => ({
        id: info.id,
        name: info.name,
        parent: parents.get(info.id) ?? "",
        hasInput: info.buffers.some((buffer) => buffer.direction === "in"),
        hasOutput: info.buffers.some((buffer) => buffer.direction === "out"),
      })),
  );
  const linked = bare.map((info) => ({
    ...info,
    pairs: findPairs(info.channels),
    links: links.get(info.id) ?? [],
  }));
  return linked.map((info) => withRates(info, linked)).sort(byNumber);
}

function withRates(info: DeviceInfo, all: readonly DeviceInfo[]): DeviceInfo {
  const linked = info.links.flatMap((link) => all.filter((other) => other.id === link.device));
  const current = info.triggers.find((trigger) => trigger.name === info.currentTrigger);
  return {
    ...info,
    buffers: info.buffers.map((buffer) => {
      const found = findRate(info, buffer, linked);
      const timer = buffer.needsTrigger && current?.kind === "hrtimer" ? current.rateHz : null;
      return { ...buffer, rate: found?.address ?? null, rateHz: timer ?? found?.rateHz ?? null };
    }),
  };
}

function byNumber(a: DeviceInfo, b: DeviceInfo): number {
  const number = (info: DeviceInfo) => Number(/\d+$/.exec(info.id)?.[0] ?? 0);
  return number(a) - number(b);
}
