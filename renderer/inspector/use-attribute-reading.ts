/**
 * When attributes are read: all of a device when it is first looked at (finding one reads none of them), and those that
 * were refused while its buffer ran once it has stopped.
 */
import { computed, watch } from "vue";
import type { AttributeAddress, DeviceInfo } from "../../shared/device.js";
import { isBusy } from "../lib/attribute-groups.js";
import { useInventory } from "../stores/inventory.js";
import { useNotices } from "../stores/notices.js";
import { useStreams } from "../stores/streams.js";

/** `running`: whether the stream they are looked at for runs. */
export function useAttributeReading(devices: () => DeviceInfo[], running: () => boolean): void {
  const inventory = useInventory();
  const notices = useNotices();
  const streams = useStreams();
  const present = computed(() => devices().filter(({ presence }) => presence === "present"));

  function addresses({ id, attributes }: DeviceInfo): AttributeAddress[] {
    return attributes.map(({ scope, name }) => ({ device: id, scope, name }));
  }

  watch(
    () => present.value.map(({ id }) => id).join(" "),
    () => {
      for (const device of present.value) {
        const unread = addresses(device).some(
          (address) => inventory.value(address).state === "unread",
        );
        if (!unread) continue;
        inventory
          .readAttributes(device.id)
          .catch((thrown: unknown) => notices.refused("The attributes were not read", thrown));
      }
    },
    { immediate: true },
  );

  /** Refused by a run that is over. */
  const stale = computed(() =>
    present.value
      .filter(({ id }) => !running() && !streams.runsOn(id))
      .flatMap(addresses)
      .filter((address) => isBusy(inventory.value(address))),
  );
  const asked = new Set<string>();
  watch(
    stale,
    (now) => {
      const keys = new Set(now.map((address) => JSON.stringify(address)));
      for (const key of asked) if (!keys.has(key)) asked.delete(key);
      for (const address of now) {
        const key = JSON.stringify(address);
        // One that is busy for another reason is not asked again and again.
        if (asked.has(key)) continue;
        asked.add(key);
        inventory.readAttribute(address).catch(() => undefined);
      }
    },
    { immediate: true },
  );
}
