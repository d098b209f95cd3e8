/** Commands that mend what is missing on a machine; shown whole, and never run by this program. */

/** Group whose members may use IIO devices, as the shipped udev rule sets it. */
export const GROUP = "iio";
export const RULE_FILE = "60-iio-studio.rules";
/** In a clone of the sources. A package installs it under /usr/lib/udev/rules.d. */
export const RULE_SOURCE = `electron/packaging/udev/${RULE_FILE}`;
export const RULE_FOLDERS = ["etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];

export const INSTALL_RULE = [
  `sudo groupadd --system --force ${GROUP}`,
  `sudo install -m 644 ${RULE_SOURCE} /etc/udev/rules.d/`,
  "sudo udevadm control --reload",
  "sudo udevadm trigger --action=add --subsystem-match=iio --subsystem-match=dma_heap --subsystem-match=misc",
];

export const JOIN_GROUP = `sudo usermod --append --groups ${GROUP} "$USER"`;

/** Installs the rule and joins the group: one line to copy. Membership counts from the next login. */
export const PERMISSION_FIX = [...INSTALL_RULE, JOIN_GROUP].join(" && ");

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
