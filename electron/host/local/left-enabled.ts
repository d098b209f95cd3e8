/** Buffers that are enabled though nobody holds them: a program left them so that died. They are in everybody's way. */
import type { Addon } from "../../../native/addon.js";
import type { LocalDevice } from "./device.js";
import { errnoName } from "./errno.js";
import type { BufferSnapshot } from "./snapshot.js";

/** `off`: it was not enabled. `held`: another program runs it; `holder` as the probe names it, or "". */
export type LeftEnabled =
  { state: "off" } | { state: "held"; holder: string } | { state: "left"; path: string };

export async function lookLeftEnabled(
  addon: Addon,
  device: LocalDevice,
  buffer: BufferSnapshot,
): Promise<LeftEnabled> {
  const path = `${buffer.dir}/enable`;
  if ((await device.sysfs.tryRead(path))?.trim() !== "1") return { state: "off" };
  const { getFd, holder } = await addon.probeBuffer(device.node, buffer.index, null);
  return getFd === 0 ? { state: "left", path } : { state: "held", holder };
}

/** What is told to the user, with the next stream that starts. */
export function leftEnabledNote(device: LocalDevice, buffer: BufferSnapshot): string {
  return `Buffer ${buffer.index} of ${device.name} was still enabled by a program that ended without stopping it. It was disabled.`;
}

/** After a refusal for being busy: disables what was left enabled, and says whether it is worth trying again. */
export async function mendAfterRefusal(
  addon: Addon,
  device: LocalDevice,
  refusal: unknown,
): Promise<boolean> {
  const errno = (refusal as { errno?: number }).errno ?? 0;
  if (errnoName(errno) !== "EBUSY" || device.inUse.size > 0) return false;
  let mended = false;
  for (const buffer of device.buffers) {
    const found = await lookLeftEnabled(addon, device, buffer);
    if (found.state !== "left") continue;
    await device.sysfs.write(found.path, "0");
    device.mended.push(leftEnabledNote(device, buffer));
    mended = true;
  }
  return mended;
}
