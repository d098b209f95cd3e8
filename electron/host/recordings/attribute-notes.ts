/** Attributes that change while recordings go on are noted in them. */
import { scalingNumber } from "../../../shared/units.js";
import type { Inventory, InventoryChange } from "../inventory.js";
import type { ActiveRecording } from "./active.js";
import { isLoFrequency } from "./facts.js";

export function noteChange(
  change: InventoryChange,
  recordings: readonly ActiveRecording[],
  inventory: Inventory,
): void {
  if (change.kind !== "attribute" || change.value.state !== "ok" || recordings.length === 0) return;
  const { address, value } = change;
  for (const recording of recordings) {
    const noted = recording.noteAttribute(address, value.raw);
    const hz = scalingNumber(value.raw, NaN);
    if (!noted || !Number.isFinite(hz)) continue;
    const { devices } = inventory.list();
    if (isLoFrequency(devices, recording.facts.linked, address)) {
      recording.append({ kind: "frequency", hz });
    }
  }
}
