/** Memory that devices can write into: dma-heaps and udmabuf. */
import type { DoctorCheck } from "../../../shared/doctor.js";
import { installRule, JOIN_GROUP } from "../local/fixes.js";
import { probeHeaps } from "../local/probe.js";
import { good, missing, warning } from "./checks.js";
import type { Patient } from "./checks.js";

export async function checkMemory(patient: Patient): Promise<DoctorCheck[]> {
  const heaps = await probeHeaps(patient.addon, patient.sysfs, patient.paths);
  const checks = heaps.map(({ info, devicePath }) => {
    const id = info.name === "udmabuf" ? "udmabuf" : `heap-${info.name}`;
    if (info.usable.state === "yes") {
      const direct = info.directWrites
        ? "Gives memory; blocks in it are written to disk without a copy. A device gets it unasked once a run over it has shown that it fills every block."
        : "Gives memory for DMABUF blocks.";
      return good(id, devicePath, direct);
    }
    if (info.usable.state === "unknown")
      return warning(id, devicePath, info.usable.reason, [`ls -l ${devicePath}`]);
    const denied = /^(EACCES|EPERM)$/.test(info.usable.error.code);
    return missing(
      id,
      devicePath,
      info.usable.error.message,
      denied
        ? [...installRule(patient.systemRoot), JOIN_GROUP]
        : [info.usable.error.fix ?? "free -h"],
    );
  });
  if (!heaps.some(({ kind }) => kind === "heap")) checks.unshift(noHeap());
  if (!heaps.some(({ kind }) => kind === "udmabuf")) checks.push(noUdmabuf(patient));
  else checks.push(await udmabufLimit(patient));
  return checks;
}

function noHeap(): DoctorCheck {
  return warning(
    "heap",
    "/dev/dma_heap",
    "This kernel offers no dma-heap. udmabuf can take its place: choose it once as memory, so that a run shows whether the device fills it. Until then samples are taken by read().",
    [
      "zgrep CONFIG_DMABUF_HEAPS /proc/config.gz || grep CONFIG_DMABUF_HEAPS /boot/config-$(uname -r)",
    ],
  );
}

function noUdmabuf({ paths }: Patient): DoctorCheck {
  return warning(
    "udmabuf",
    paths.udmabuf,
    "Is not there: recordings are written with a copy of each block.",
    ["sudo modprobe udmabuf", "echo udmabuf | sudo tee /etc/modules-load.d/udmabuf.conf"],
  );
}

/** The kernel's own default, 64 MiB, holds blocks of any sensible size. */
const ENOUGH_MIB = 4;

async function udmabufLimit({ sysfs, paths }: Patient): Promise<DoctorCheck> {
  const [id, title] = ["udmabuf-limit", "Largest udmabuf block"];
  const text = await sysfs.tryRead(paths.udmabufLimit);
  const mib = Number(text ?? NaN);
  if (text === null || !Number.isInteger(mib))
    return good(id, title, "The kernel does not state a limit.");
  if (mib >= ENOUGH_MIB) return good(id, title, `${mib} MiB a block (size_limit_mb).`);
  return warning(id, title, `Only ${mib} MiB a block (size_limit_mb). Raise it for larger ones.`, [
    `echo 64 | sudo tee ${paths.udmabufLimit}`,
  ]);
}
