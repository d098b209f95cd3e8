/** What a stream's lamp shows. */
import type { DeviceInfo } from "../../shared/device.js";
import type { StreamInfo } from "../../shared/stream.js";
import { failureOf } from "../lib/names.js";
import { isActive } from "../stores/streams.js";

export type LampState = "idle" | "running" | "recording" | "gone" | "failed" | "file";

export function lampState(
  device: DeviceInfo | undefined,
  stream: StreamInfo | undefined,
): LampState {
  if (device?.presence === "gone") return "gone";
  if (stream?.transport?.kind === "replay") return "file";
  if (stream?.recording) return "recording";
  if (failureOf(device, stream)) return "failed";
  return isActive(stream) ? "running" : "idle";
}
