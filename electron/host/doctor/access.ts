/** Who may open what: the group, the udev rule, and each device's node. */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DoctorCheck } from "../../../shared/doctor.js";
import { errnoName } from "../local/errno.js";
import { GROUP, installRule, JOIN_GROUP, RULE_FILE, RULE_FOLDERS } from "../local/fixes.js";
import { probeHeaps } from "../local/probe.js";
import { good, missing, warning } from "./checks.js";
import type { Patient } from "./checks.js";

export async function checkGroup({ user, systemRoot }: Patient): Promise<DoctorCheck> {
  const [id, title] = ["group", `Group ${GROUP}`];
  if (user.uid === 0) return good(id, title, "This program runs as root and needs no group.");
  const file = await readFile(join(systemRoot, "etc/group"), "utf8").catch(() => "");
  const line = file.split("\n").find((candidate) => candidate.startsWith(`${GROUP}:`));
  if (!line) {
    return missing(id, title, `There is no group ${GROUP} on this machine.`, [
      `sudo groupadd --system --force ${GROUP}`,
      JOIN_GROUP,
    ]);
  }
  const [, , gid, members = ""] = line.split(":");
  if (user.groups.includes(Number(gid))) return good(id, title, `${user.name} is a member.`);
  if (members.split(",").includes(user.name)) {
    return warning(
      id,
      title,
      `${user.name} is a member, but this session began before that. Log out and in again.`,
      [`newgrp ${GROUP}`],
    );
  }
  return missing(id, title, `${user.name} is not a member.`, [
    JOIN_GROUP,
    "# Then log out and in again.",
  ]);
}

export async function checkRule(patient: Patient): Promise<DoctorCheck> {
  const { user, systemRoot } = patient;
  const [id, title] = ["udev-rule", "udev rule"];
  for (const folder of RULE_FOLDERS) {
    const path = join(systemRoot, folder, RULE_FILE);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return good(id, title, `/${folder}/${RULE_FILE} is installed.`);
  }
  if (user.uid === 0) return good(id, title, "It is not installed; root does not need it.");
  if (await mayOpenAll(patient))
    return good(id, title, "It is not installed, but this user may open what it is for.");
  return missing(
    id,
    title,
    `${RULE_FILE} is not installed: without it only root may open IIO devices and memory for them.`,
    installRule(systemRoot),
  );
}

/** By another rule, or by hand. */
async function mayOpenAll({ addon, sysfs, paths }: Patient): Promise<boolean> {
  const names = (await sysfs.list(paths.bus))
    .map((entry) => entry.name)
    .filter((name) => /^iio:device\d+$/.test(name));
  const answers = await Promise.all(
    names.map((name) => addon.probeBuffer(paths.node(name), 0, null)),
  );
  const heaps = await probeHeaps(addon, sysfs, paths);
  return (
    names.length > 0 &&
    heaps.every((heap) => heap.info.usable.state === "yes") &&
    answers.every(({ getFd }) => !/^(EACCES|EPERM)$/.test(errnoName(getFd)))
  );
}

export async function checkNodes(patient: Patient): Promise<DoctorCheck[]> {
  const { sysfs, paths } = patient;
  const names = (await sysfs.list(paths.bus))
    .map((entry) => entry.name)
    .filter((name) => /^iio:device\d+$/.test(name));
  const checks: DoctorCheck[] = [];
  for (const name of names) {
    // A device without a buffer has no node worth opening.
    const buffered = await sysfs.exists(`${paths.entry(name)}/buffer0`);
    if (buffered) checks.push(await checkNode(patient, name, paths.node(name)));
  }
  return checks;
}

async function checkNode(
  { addon, systemRoot }: Patient,
  name: string,
  node: string,
): Promise<DoctorCheck> {
  const [id, title] = [`node-${name}`, node];
  const { getFd, holder } = await addon.probeBuffer(node, 0, null);
  if (getFd === 0) return good(id, title, "May be opened; its buffer is free.");
  const code = errnoName(getFd);
  if (code === "EBUSY") {
    return warning(
      id,
      title,
      `Its buffer is in use by ${holder || "another program"}. Stop that program to use it here.`,
      [`sudo fuser -v ${node}`],
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return missing(
      id,
      title,
      "May not be opened by this user. Install the udev rule and join its group.",
      [...installRule(systemRoot), JOIN_GROUP],
    );
  }
  if (code === "ENOENT") {
    return missing(id, title, "Is not there. Start udev, or pass the device into the container.", [
      "sudo udevadm trigger --subsystem-match=iio",
    ]);
  }
  return warning(
    id,
    title,
    `Does not give out its buffer (${code}). The kernel may be older than 5.11.`,
    ["uname -r", "dmesg | grep -i iio"],
  );
}
