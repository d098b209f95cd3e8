/** Handles on the plot: dragged by the pointer, moved by the arrow keys. */

/**
 * Follows a pointer that was pressed until it is let go.
 * @param slack so far it may go before it moves anything, CSS pixels: a hand that clicks is not quite still
 */
export function drag(event: PointerEvent, move: (dx: number, dy: number) => void, slack = 0): void {
  if (event.button !== 0) return;
  const target = event.currentTarget as HTMLElement;
  // No text is selected by a drag; and a field that had the focus loses it, so that keys act again.
  event.preventDefault();
  if (target.tabIndex >= 0) target.focus();
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  target.setPointerCapture(event.pointerId);
  let [x, y] = [event.clientX, event.clientY];
  let moving = slack === 0;
  const moved = (next: PointerEvent) => {
    moving ||= Math.hypot(next.clientX - x, next.clientY - y) > slack;
    if (!moving) return;
    move(next.clientX - x, next.clientY - y);
    [x, y] = [next.clientX, next.clientY];
  };
  target.addEventListener("pointermove", moved);
  target.addEventListener(
    "lostpointercapture",
    () => target.removeEventListener("pointermove", moved),
    { once: true },
  );
}

/** Arrow keys on a handle: a tenth of a division, with Shift a whole one. */
export function nudge(event: KeyboardEvent, move: (divisions: number) => void): void {
  const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
  if (direction === 0) return;
  event.preventDefault();
  event.stopPropagation();
  move(direction * (event.shiftKey ? 1 : 0.1));
}
