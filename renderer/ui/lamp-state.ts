/** What a stream's lamp shows. */
import type { DeviceInfo } from "../../shared/device.js";
import type { StreamInfo } from "../../shared/stream.js";

export type LampState = "idle" | "running" | "recording" | "gone" | "failed";

export function lampState(
  device: DeviceInfo | undefined,
  stream: StreamInfo | undefined,
): LampState {
  if (device?.presence === "gone") return "gone";
  if (stream?.recording) return "recording";
  if (stream?.state.kind === "failed") return "failed";
  return stream && stream.state.kind !== "idle" ? "running" : "idle";
}
