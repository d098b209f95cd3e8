/** Listens for keys on the whole window and runs the commands they mean. */
import { onScopeDispose } from "vue";
import { useCommands } from "../stores/commands.js";
import { isInField, isLayerOpen, isPressable, trackFocusOrigin } from "./keys.js";

/** For the root component: ends with it. */
export function useKeyDispatch(): void {
  const commands = useCommands();
  const origin = trackFocusOrigin(window);
  commands.focusByKeyboard = origin.byKeyboard;

  const onKeydown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    // A layer has the keys wherever the focus is: it may have lost it with a control that went away.
    if (isInField(event.target) || isLayerOpen()) return;
    const presses = event.key === " " || event.key === "Enter";
    if (presses && isPressable(event.target) && origin.byKeyboard()) return;
    const command = commands.forKey(event);
    if (!command) return;
    // Prevented even if it cannot act now: Space must not scroll, nor press the button that was clicked before.
    event.preventDefault();
    if (!event.repeat) void commands.run(command.id);
  };
  window.addEventListener("keydown", onKeydown);
  onScopeDispose(() => {
    window.removeEventListener("keydown", onKeydown);
    origin.end();
  });
}
