/** What a recording says about the machine and the driver. */
import { release } from "node:os";
import type { DeviceFacts } from "../context.js";
import type { LocalDevice } from "./device.js";
import type { LocalPaths } from "./paths.js";

/** `Linux 6.12.117`. */
export function kernelName(): string {
  return `Linux ${release()}`;
}

/** Major and minor of the running kernel: `6.12`. */
export function kernelShort(): string {
  return `Linux ${release().split(".").slice(0, 2).join(".")}`;
}

export async function readFacts(device: LocalDevice, paths: LocalPaths): Promise<DeviceFacts> {
  const { sysfs, dir } = device;
  const texts = await sysfs.readMany([
    ...paths.boardNames,
    `${dir}/../uevent`,
    `${dir}/current_timestamp_clock`,
  ]);
  const board = paths.boardNames.map((path) => texts.get(path)?.trim() ?? "");
  const driver = /^DRIVER=(.+)$/m.exec(texts.get(`${dir}/../uevent`) ?? "")?.[1] ?? "";
  return {
    hardware: board.find((name) => name !== "" && name !== "Default string") ?? "",
    driver,
    kernel: kernelName(),
    uri: "local:",
    timestampClock: texts.get(`${dir}/current_timestamp_clock`)?.trim() ?? "",
  };
}
