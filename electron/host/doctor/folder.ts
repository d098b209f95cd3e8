/** Where recordings go, and what fits there. */
import { access, constants } from "node:fs/promises";
import type { DoctorCheck } from "../../../shared/doctor.js";
import { formatBytes } from "../../../shared/figures.js";
import { nearestFolder } from "../recordings/look-at-folder.js";
import { good, missing, warning } from "./checks.js";
import type { Patient } from "./checks.js";

const LITTLE_BYTES = 1e9;

export async function checkFolder({ addon, recordingsFolder }: Patient): Promise<DoctorCheck[]> {
  if (recordingsFolder === "") return [];
  const [id, title] = ["recordings", "Recordings folder"];
  const existing = await nearestFolder(recordingsFolder);
  if (existing === null) {
    return [
      missing(id, title, `${recordingsFolder} is in the way: a part of the path is no folder.`, [
        `mkdir -p ${quote(recordingsFolder)}`,
      ]),
    ];
  }
  const writable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) {
    return [
      missing(id, title, `${existing} may not be written by this user. Choose another folder.`, [
        `sudo chown "$USER" ${quote(existing)}`,
      ]),
    ];
  }
  const free = await addon.freeBytes(existing);
  const detail = `${recordingsFolder}: ${formatBytes(free)} free.`;
  if (free < LITTLE_BYTES)
    return [
      warning(id, title, `${detail} Free some space, or choose another folder.`, [
        `df -h ${quote(existing)}`,
      ]),
    ];
  return [
    good(id, title, existing === recordingsFolder ? detail : `${detail} It is made when needed.`),
  ];
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
