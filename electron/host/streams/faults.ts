/** What ends or refuses a stream, as sentences. */
import type { NativeCounters } from "../../../native/addon.js";
import type { DeviceInfo } from "../../../shared/device.js";
import { fail, type StudioError, type StudioFailure } from "../../../shared/errors.js";
import type { GapInfo } from "../../../shared/stream.js";

export function busyRecording(name: string, field?: string): StudioFailure {
  return fail(
    "BUSY_RECORDING",
    `Fixed while “${name}” is being recorded. Stop the recording, or go on in a new one.`,
    field === undefined ? {} : { field },
  );
}

/** Of a simulated device nobody can pull or push a plug: its switch is the plug. */
function howItReturns(device: DeviceInfo): string {
  return device.context === "sim"
    ? "Switch its fault “vanish” off, or choose “Plug in again” in its menu."
    : "Plug it in again: it comes back by itself.";
}

export function goneFailure(device: DeviceInfo): StudioFailure {
  return fail("ENODEV", `${device.label} has gone. ${howItReturns(device)}`);
}

/** Why a run ended that nobody stopped. */
export function failureOf(native: NativeCounters, device: DeviceInfo): StudioError {
  if (native.vanished) {
    return {
      code: "ENODEV",
      message: `${device.label} has gone. What came until then is kept. ${howItReturns(device)}`,
    };
  }
  if (!native.error) {
    return { code: "INTERNAL", message: "The stream ended without saying why. Run it again." };
  }
  const { code, message, errno, syscall, path } = native.error;
  return {
    code,
    message,
    ...(errno ? { errno } : {}),
    ...(syscall ? { syscall } : {}),
    ...(path ? { path } : {}),
  };
}

export function endTitle(device: DeviceInfo, error: StudioError): string {
  return error.code === "ENODEV" ? `${device.label} was unplugged` : `${device.label} stopped`;
}

/** The break that a restart makes, at the start of the new run. */
export function restartGap(): GapInfo {
  return {
    scan: 0,
    sample: 0,
    lost: 0,
    lostMin: 0,
    lostMax: null,
    grade: "unknown",
    cause: "restart",
    timeNs: (BigInt(Date.now()) * 1_000_000n).toString(),
  };
}
