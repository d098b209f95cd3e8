/** Keys: what a press means, and when it means nothing because something else has the focus. */

const NAMED: Record<string, string> = {
  " ": "Space",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  ArrowUp: "Up",
  ArrowDown: "Down",
  Escape: "Esc",
};

/** `Ctrl+Shift+P`, `Space`, `?`: how a press is written in commands and shown to the user. */
export function keyName(event: KeyboardEvent): string {
  const plain = NAMED[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  // A sign that needs Shift to be typed (`?`) is named by itself.
  const isLetter = /^[A-Z]$/.test(plain) || plain.length > 1;
  return [
    event.ctrlKey || event.metaKey ? "Ctrl" : "",
    event.altKey ? "Alt" : "",
    event.shiftKey && isLetter ? "Shift" : "",
    plain,
  ]
    .filter(Boolean)
    .join("+");
}

export function matchesKey(event: KeyboardEvent, key: string): boolean {
  return keyName(event) === key;
}

/** What takes letters: keys of commands never act while it has the focus. */
const FIELDS =
  "input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=true]";
/** What floats above the window and has keys of its own. */
const LAYERS = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";

export function isInField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(FIELDS) !== null;
}

export function isInLayer(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(LAYERS) !== null;
}

export function isLayerOpen(): boolean {
  return document.querySelector(LAYERS) !== null;
}

/** What Space and Enter press by themselves when the keyboard brought the focus there. */
const PRESSABLE =
  "button, a[href], summary, [role=switch], [role=checkbox], [role=combobox], [role=slider], [role=tab], [role=radio]";

export function isPressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(PRESSABLE) !== null;
}

/**
 * Tells whether the focus was last moved by keyboard. A button that was clicked keeps the focus, but Space after a click
 * still means run or stop; a button reached by Tab is pressed by Space, as everywhere.
 */
export function trackFocusOrigin(root: Window): { byKeyboard: () => boolean; end: () => void } {
  let keyboard = false;
  let latest: "key" | "pointer" = "pointer";
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Tab" || event.key.startsWith("Arrow")) latest = "key";
  };
  const onPointer = () => {
    latest = "pointer";
    keyboard = false;
  };
  const onFocus = () => (keyboard = latest === "key");
  root.addEventListener("keydown", onKey, true);
  root.addEventListener("pointerdown", onPointer, true);
  root.addEventListener("focusin", onFocus, true);
  return {
    byKeyboard: () => keyboard,
    end: () => {
      root.removeEventListener("keydown", onKey, true);
      root.removeEventListener("pointerdown", onPointer, true);
      root.removeEventListener("focusin", onFocus, true);
    },
  };
}
