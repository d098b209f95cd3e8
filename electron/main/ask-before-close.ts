/** A window that is closed takes the studio with it: asked first, where that would end or miss a recording. */
import type { BrowserWindow, MessageBoxSyncOptions } from "electron";
import { closeQuestion, type Unfinished } from "../../shared/unfinished.js";

const NO = 0;

/** `ask` answers the number of the button pressed. */
export function askBeforeClose(
  window: Pick<BrowserWindow, "on">,
  unfinished: () => Unfinished,
  ask: (options: MessageBoxSyncOptions) => number,
): void {
  window.on("close", (event) => {
    const question = closeQuestion(unfinished());
    if (!question) return;
    const pressed = ask({
      type: "question",
      title: "IIO Studio",
      message: question.title,
      detail: question.detail,
      buttons: [question.no, question.yes],
      defaultId: NO,
      cancelId: NO,
      noLink: true,
    });
    if (pressed === NO) event.preventDefault();
  });
}
