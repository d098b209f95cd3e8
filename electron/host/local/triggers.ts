/** Device triggers: what clocks a scan. Found in the same place as the devices, used by their exact name. */
import type { DeviceTriggerInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import { parseRate } from "../rate-attribute.js";
import { HRTIMER_FIX } from "./fixes.js";
import type { LocalPaths } from "./paths.js";
import type { Sysfs } from "./sysfs.js";

export interface LocalTrigger {
  sysName: string;
  info: DeviceTriggerInfo;
  /** Its `sampling_frequency`, or null. */
  ratePath: string | null;
}

export async function listTriggers(
  sysfs: Sysfs,
  paths: LocalPaths,
  sysNames: readonly string[],
  devices: readonly string[],
): Promise<LocalTrigger[]> {
  const hrtimers = new Set(
    await sysfs.list(paths.hrtimerTriggers).then(
      (entries) => entries.map((entry) => entry.name),
      () => [],
    ),
  );
  const triggers: LocalTrigger[] = [];
  for (const sysName of sysNames) {
    const trigger = await readTrigger(sysfs, paths, sysName, devices, hrtimers);
    if (trigger) triggers.push(trigger);
  }
  return triggers.sort((a, b) => a.info.name.localeCompare(b.info.name));
}

async function readTrigger(
  sysfs: Sysfs,
  paths: LocalPaths,
  sysName: string,
  devices: readonly string[],
  hrtimers: ReadonlySet<string>,
): Promise<LocalTrigger | null> {
  const dir = paths.entry(sysName);
  const files = new Set((await sysfs.list(dir)).map((entry) => entry.name));
  const name = await sysfs.tryRead(`${dir}/name`);
  // It went between the listing and here.
  if (name === null) return null;
  const ratePath = files.has("sampling_frequency") ? `${dir}/sampling_frequency` : null;
  const rate = ratePath ? await sysfs.tryRead(ratePath) : null;
  const kind = files.has("trigger_now")
    ? "sysfs"
    : hrtimers.has(name)
      ? "hrtimer"
      : (await belongsToDevice(sysfs, paths, sysName, devices)) || !ratePath
        ? "device"
        : "hrtimer";
  return { sysName, ratePath, info: { name, rateHz: parseRate(rate), kind } };
}

/** A driver's own trigger has the same parent as its device. */
async function belongsToDevice(
  sysfs: Sysfs,
  paths: LocalPaths,
  sysName: string,
  devices: readonly string[],
): Promise<boolean> {
  if (!(await paths.hasParent(sysfs, sysName))) return false;
  for (const device of devices) {
    if (await sysfs.exists(paths.sibling(device, sysName))) return true;
  }
  return false;
}

/** The trigger of exactly this name: `trig1` is not `trig10`. */
export function findTrigger(triggers: readonly LocalTrigger[], name: string): LocalTrigger {
  const trigger = triggers.find((candidate) => candidate.info.name === name);
  if (trigger) return trigger;
  const names = triggers.map((candidate) => candidate.info.name);
  throw fail(
    "NOT_FOUND",
    names.length > 0
      ? `There is no device trigger "${name}". There are: ${names.join(", ")}.`
      : `There is no device trigger "${name}", nor any other. Create one, for example an hrtimer trigger.`,
    { field: "deviceTrigger", ...(names.length > 0 ? {} : { fix: HRTIMER_FIX }) },
  );
}

/** What keeps a triggered buffer from running, as a sentence; null if nothing does. */
export function triggerFault(
  trigger: DeviceTriggerInfo | null,
  known: readonly DeviceTriggerInfo[],
): { message: string; fix?: string } | null {
  if (!trigger) {
    if (known.length === 0) {
      return {
        message:
          "This buffer needs a device trigger, and there is none. Create one, for example an hrtimer trigger.",
        fix: HRTIMER_FIX,
      };
    }
    const names = known.map((candidate) => candidate.name).join(", ");
    return {
      message: `This buffer needs a device trigger and none is chosen. Choose one of: ${names}.`,
    };
  }
  if (trigger.rateHz === 0) {
    return {
      message: `The device trigger ${trigger.name} has the rate 0. Set its rate first.`,
    };
  }
  return null;
}
