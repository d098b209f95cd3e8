/** Commands that mend what is missing on a machine; shown whole, and never run by this program. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Group whose members may use IIO devices, as the shipped udev rule sets it. */
export const GROUP = "iio";
export const RULE_FILE = "60-iio-studio.rules";
export const RULE_FOLDERS = ["etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];

/**
 * The rule as it came with this program: among a package's resources, or in a clone of the sources (seen from a bundle,
 * or from here).
 */
export function ruleSource(
  resources = (process as { resourcesPath?: string }).resourcesPath,
  own = dirname(fileURLToPath(import.meta.url)),
): string {
  const places = [
    ...(resources ? [join(resources, "udev")] : []),
    join(own, "..", "..", "electron", "packaging", "udev"),
    join(own, "..", "..", "packaging", "udev"),
  ].map((folder) => join(folder, RULE_FILE));
  return places.find((path) => existsSync(path)) ?? places[0]!;
}

/** One line each; without copying the rule where a package has installed it. */
export function installRule(systemRoot = "/", source = ruleSource()): string[] {
  const installed = RULE_FOLDERS.some((folder) => existsSync(join(systemRoot, folder, RULE_FILE)));
  return [
    `sudo groupadd --system --force ${GROUP}`,
    // Read by the user: root may not look into an AppImage's file system.
    ...(installed
      ? []
      : [`sudo tee /etc/udev/rules.d/${RULE_FILE} < ${quoted(source)} > /dev/null`]),
    "sudo udevadm control --reload",
    "sudo udevadm trigger --action=add --subsystem-match=iio --subsystem-match=dma_heap --subsystem-match=misc",
  ];
}

const quoted = (path: string) => `'${path.replaceAll("'", "'\\''")}'`;

export const JOIN_GROUP = `sudo usermod --append --groups ${GROUP} "$USER"`;

/** Installs the rule and joins the group: one line to copy. Membership counts from the next login. */
export function permissionFix(): string {
  return [...installRule(), JOIN_GROUP].join(" && ");
}

/** Creates an hrtimer trigger of that name and rate. */
export function hrtimerCommands(name = "t0", rateHz = 100): string[] {
  return [
    "sudo modprobe iio-trig-hrtimer",
    "mountpoint -q /sys/kernel/config || sudo mount -t configfs none /sys/kernel/config",
    `sudo mkdir /sys/kernel/config/iio/triggers/hrtimer/${name}`,
    `for t in /sys/bus/iio/devices/trigger*; do [ "$(cat $t/name)" = ${name} ] && ` +
      `echo ${rateHz} | sudo tee $t/sampling_frequency; done`,
  ];
}

export const HRTIMER_FIX = hrtimerCommands().join(" && ");

export const HEAP_FIX =
  "zgrep -E 'CONFIG_(DMABUF_HEAPS_SYSTEM|UDMABUF)=' /proc/config.gz /boot/config-$(uname -r); " +
  "sudo modprobe udmabuf";
