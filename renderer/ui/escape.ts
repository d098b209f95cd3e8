/** Esc in a field: what was typed is given up first; with nothing typed it is the dialog's, which closes. */
import { isInLayer } from "../commands/keys.js";

/** `typed`: the field holds what does not hold. `restore` puts back what does. */
export function escapeField(event: KeyboardEvent, typed: boolean, restore: () => void): void {
  const inLayer = isInLayer(event.target);
  if (inLayer && !typed) return;
  event.stopPropagation();
  event.preventDefault();
  restore();
  const input = event.target as HTMLInputElement;
  // In a dialog the next Esc is to reach it; elsewhere keys are to mean commands again.
  if (inLayer) requestAnimationFrame(() => input.select());
  else input.blur();
}
