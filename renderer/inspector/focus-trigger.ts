/** Brings the device trigger of a device into sight and into the focus: what to press when it is missing. */
import { nextTick } from "vue";
import type { WindowLayout } from "../lib/layout.js";
import type { MissingTrigger } from "../lib/device-trigger.js";

/** Name of the inspector's section. */
export const TRIGGER_SECTION = "trigger";
export const TRIGGER_LABEL = "Device trigger";
export const TRIGGER_RATE_LABEL = "Rate of the device trigger";

export async function focusTrigger(
  layout: WindowLayout,
  device: string,
  missing: MissingTrigger | null,
): Promise<void> {
  layout.selected = { device, channel: null };
  layout.inspectorOpen = true;
  layout.sections[TRIGGER_SECTION] = true;
  await nextTick();
  const label = missing === "rate" ? TRIGGER_RATE_LABEL : TRIGGER_LABEL;
  const section = document.querySelector(`[data-section="${TRIGGER_SECTION}"]`);
  const field = section?.querySelector<HTMLElement>(`[aria-label="${label}"]`);
  (field ?? section?.querySelector<HTMLElement>(".body button"))?.focus();
}
