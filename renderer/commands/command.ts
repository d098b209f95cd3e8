/** One action of the window. Every one has a name, and where it makes sense a key, an icon and a place in the menu. */
import type { IconName } from "../ui/icons.js";

export const CATEGORIES = ["Stream", "Recording", "View", "Device", "Window", "Help"] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Command {
  /** `stream.toggle`: what buttons, menus and tests name it by. */
  id: string;
  title: string | (() => string);
  category: Category;
  /** `Space`, `R`, `Ctrl+Shift+P`, `?`; the first is shown. */
  keys?: string[];
  icon?: IconName;
  /** Why it cannot act now, as the tooltip says it; null if it can. */
  blocked?: () => string | null;
  /** A tick before it in the menu. */
  checked?: () => boolean;
  run: () => unknown;
}
