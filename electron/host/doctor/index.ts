/**
 * What this machine offers for IIO and what is missing, each with its reason and the exact commands that mend it.
 * Nothing is changed. The browser and Electron are the launcher's to look for.
 */
import { release, userInfo } from "node:os";
import type { DoctorCheck, DoctorReport } from "../../../shared/doctor.js";
import { toStudioError } from "../../../shared/errors.js";
import type { LocalOptions } from "../context.js";
import { LocalPaths } from "../local/paths.js";
import { Sysfs } from "../local/sysfs.js";
import { checkGroup, checkNodes, checkRule } from "./access.js";
import { warning } from "./checks.js";
import type { Patient } from "./checks.js";
import { checkFolder } from "./folder.js";
import { checkFiles, checkIio, checkKernel, checkTriggers } from "./machine.js";
import { checkMemory } from "./memory.js";
import { checkRealtime } from "./realtime.js";

export type DoctorOptions = LocalOptions &
  Partial<Pick<Patient, "kernelRelease" | "user" | "systemRoot" | "recordingsFolder">>;

const CONTROL_DEADLINE_MS = 2_000;

export async function runDoctor(options: DoctorOptions): Promise<DoctorReport> {
  const sysfs = new Sysfs(options.addon.openControl("doctor", CONTROL_DEADLINE_MS, 1_024));
  const patient: Patient = {
    addon: options.addon,
    paths: new LocalPaths(options.roots),
    sysfs,
    kernelRelease: options.kernelRelease ?? release(),
    user: options.user ?? whoAmI(),
    systemRoot: options.systemRoot ?? "/",
    recordingsFolder: options.recordingsFolder ?? "",
  };
  const checks: DoctorCheck[] = [];
  try {
    for (const [id, run] of CHECKS) checks.push(...(await tried(id, run, patient)));
  } finally {
    sysfs.close();
  }
  return { checks };
}

type Check = (
  patient: Patient,
) => DoctorCheck | DoctorCheck[] | Promise<DoctorCheck | DoctorCheck[]>;

const CHECKS: [string, Check][] = [
  ["kernel", checkKernel],
  ["iio", checkIio],
  ["nodes", checkNodes],
  ["memory", checkMemory],
  ["group", checkGroup],
  ["udev-rule", checkRule],
  ["triggers", checkTriggers],
  ["files", checkFiles],
  ["realtime", checkRealtime],
  ["recordings", checkFolder],
];

/** A check that fails itself says so; the others are still made. */
async function tried(id: string, run: Check, patient: Patient): Promise<DoctorCheck[]> {
  try {
    const result = await run(patient);
    return Array.isArray(result) ? result : [result];
  } catch (error) {
    const { message } = toStudioError(error);
    return [warning(id, id, `This could not be looked at: ${message}`, ["dmesg | tail"])];
  }
}

function whoAmI(): Patient["user"] {
  const groups = process.getgroups?.() ?? [];
  try {
    const { uid, username } = userInfo();
    return { uid, name: username, groups };
  } catch {
    // A user without an entry in /etc/passwd, as in containers.
    const uid = process.getuid?.() ?? -1;
    return { uid, name: `user ${uid}`, groups };
  }
}
