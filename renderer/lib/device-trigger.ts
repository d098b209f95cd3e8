/** What a buffer that needs a device trigger still lacks before it can run. */
import type { DeviceInfo } from "../../shared/device.js";
import type { StreamInfo } from "../../shared/stream.js";

/** The trigger set, by its exact name, or "". */
export function triggerName(device: DeviceInfo, stream: StreamInfo): string {
  return stream.settings.deviceTrigger?.name ?? device.currentTrigger ?? "";
}

/** null: it has none, or none whose rate can be set. */
export function triggerRateHz(device: DeviceInfo, stream: StreamInfo): number | null {
  const name = triggerName(device, stream);
  const trigger = device.triggers.find((known) => known.name === name);
  return stream.settings.deviceTrigger?.rateHz ?? trigger?.rateHz ?? null;
}

/** `none`: this computer has no trigger; `choice`: none is chosen; `rate`: that of the one chosen is 0. */
export type MissingTrigger = "none" | "choice" | "rate";

export function missingTrigger(
  device: DeviceInfo | undefined,
  stream: StreamInfo | undefined,
): MissingTrigger | null {
  if (!device || !stream || device.presence === "gone") return null;
  if (!device.buffers.find(({ index }) => index === stream.buffer)?.needsTrigger) return null;
  if (device.triggers.length === 0) return "none";
  if (triggerName(device, stream) === "") return "choice";
  return triggerRateHz(device, stream) === 0 ? "rate" : null;
}

/** A refusal that the trigger was the cause of. */
export function isTriggerField(field: string | undefined): boolean {
  return field === "deviceTrigger" || field === "deviceTriggerRate";
}
