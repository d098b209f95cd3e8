/** What every check of the doctor is given, and how one is written down. */
import type { Addon } from "../../../native/addon.js";
import type { DoctorCheck } from "../../../shared/doctor.js";
import type { LocalPaths } from "../local/paths.js";
import type { Sysfs } from "../local/sysfs.js";

export interface Patient {
  addon: Addon;
  paths: LocalPaths;
  sysfs: Sysfs;
  /** `6.12.117+deb12-amd64` */
  kernelRelease: string;
  user: { uid: number; name: string; groups: readonly number[] };
  /** Root of `etc/group` and of the folders that hold udev's rules. */
  systemRoot: string;
  /** Where recordings go; "" if the host did not say. */
  recordingsFolder: string;
}

export function good(id: string, title: string, detail: string): DoctorCheck {
  return { id, title, state: "good", detail, fix: [] };
}

export function missing(
  id: string,
  title: string,
  detail: string,
  fix: readonly string[] = [],
): DoctorCheck {
  return { id, title, state: "missing", detail, fix: [...fix] };
}

export function warning(
  id: string,
  title: string,
  detail: string,
  fix: readonly string[] = [],
): DoctorCheck {
  return { id, title, state: "warning", detail, fix: [...fix] };
}

/** Major and minor of a kernel release. */
export function kernelVersion(release: string): [number, number] {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}

export function atLeast(release: string, major: number, minor: number): boolean {
  const [a, b] = kernelVersion(release);
  return a > major || (a === major && b >= minor);
}
