/** The kernel, its IIO subsystem, device triggers, and how many files a process may open. */
import type { DoctorCheck } from "../../../shared/doctor.js";
import { formatCount } from "../../../shared/figures.js";
import { hrtimerCommands } from "../local/fixes.js";
import { atLeast, good, missing, warning } from "./checks.js";
import type { Patient } from "./checks.js";

export function checkKernel({ kernelRelease }: Patient): DoctorCheck {
  const [id, title] = ["kernel", "Kernel"];
  if (atLeast(kernelRelease, 6, 11)) {
    return good(id, title, `Linux ${kernelRelease} has the DMABUF interface for IIO.`);
  }
  if (atLeast(kernelRelease, 5, 11)) {
    return warning(
      id,
      title,
      `Linux ${kernelRelease} has no DMABUF interface for IIO, which came with 6.11. Samples are taken by read().`,
      [
        "# Install a kernel of 6.11 or later, for example on Debian 12:",
        "sudo apt install -t bookworm-backports linux-image-amd64",
      ],
    );
  }
  return missing(
    id,
    title,
    `Linux ${kernelRelease} is too old: the buffers this program opens came with 5.11.`,
    ["# Install a kernel of 6.11 or later."],
  );
}

export async function checkIio({ sysfs, paths }: Patient): Promise<DoctorCheck> {
  const [id, title] = ["iio", "Industrial I/O"];
  if (!(await sysfs.exists(paths.bus))) {
    return missing(
      id,
      title,
      "This kernel has no Industrial I/O subsystem loaded: /sys/bus/iio is not there. A driver of an IIO device brings it.",
      ["sudo modprobe industrialio"],
    );
  }
  const names = (await sysfs.list(paths.bus)).map((entry) => entry.name);
  const devices = names.filter((name) => /^iio:device\d+$/.test(name));
  if (devices.length === 0) {
    return warning(
      id,
      title,
      "The IIO subsystem is there, but no device. Plug one in, or load its driver; the simulator works without.",
      ["dmesg | grep -i iio"],
    );
  }
  const texts = await sysfs.readMany(devices.map((name) => `${paths.entry(name)}/name`));
  const labels = devices.map((name) => texts.get(`${paths.entry(name)}/name`) ?? name);
  return good(id, title, `${formatCount(devices.length)} found: ${labels.join(", ")}.`);
}

export async function checkTriggers({ sysfs, paths }: Patient): Promise<DoctorCheck> {
  const [id, title] = ["triggers", "Device triggers"];
  const names: string[] = [];
  for (const entry of await sysfs.list(paths.bus)) {
    if (!/^trigger\d+$/.test(entry.name)) continue;
    const name = await sysfs.tryRead(`${paths.entry(entry.name)}/name`);
    if (name) names.push(name);
  }
  if (names.length > 0) return good(id, title, `There are: ${names.sort().join(", ")}.`);
  const ready = await sysfs.exists(paths.hrtimerTriggers);
  const commands = hrtimerCommands();
  return warning(
    id,
    title,
    ready
      ? "There is none. Slow sensors often need one; these commands create a timer of 100 Hz."
      : "There is none, and the timers' module is not loaded or configfs not mounted. Slow sensors often need a trigger; these commands create a timer of 100 Hz.",
    ready ? commands.slice(2) : commands,
  );
}

/** Each block costs one descriptor, and one more while it is in flight. */
const ENOUGH_FILES = 4_096;

export function checkFiles({ addon }: Patient): DoctorCheck {
  const [id, title] = ["files", "Open files"];
  const { soft, hard } = addon.raiseFileLimit();
  const now = Math.max(soft, 0);
  if (now >= ENOUGH_FILES) {
    return good(
      id,
      title,
      `${formatCount(now)} may be open at once, enough for ${formatCount(Math.floor(now / 2) - 64)} DMABUF blocks.`,
    );
  }
  return warning(
    id,
    title,
    `Only ${formatCount(Math.max(now, hard))} files may be open at once; DMABUF blocks need two each.`,
    [
      "echo '* hard nofile 1048576' | sudo tee /etc/security/limits.d/60-iio-studio.conf",
      "# Then log out and in again.",
    ],
  );
}
