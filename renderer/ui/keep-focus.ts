/** Keeps the focus in a popover when the control that has it goes away: Tab and the reader would begin anew at the page. */
import { onScopeDispose } from "vue";

/** What it answers is for a popover's `open-auto-focus`: from then on the popover takes what its control has lost. */
export function useKeptFocus(): (event: Event) => void {
  let observer: MutationObserver | null = null;
  onScopeDispose(() => observer?.disconnect());
  return ({ target }) => {
    const frame = target as HTMLElement;
    observer?.disconnect();
    observer = new MutationObserver(() => {
      // The event comes from the frame that places the popover; what takes the focus is in it.
      const content = frame.querySelector<HTMLElement>("[role=dialog]");
      if (document.activeElement === document.body) content?.focus();
    });
    observer.observe(frame, { childList: true, subtree: true });
  };
}
