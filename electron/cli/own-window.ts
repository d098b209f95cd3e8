/** Which of the pages that `serve` shows is the window it opened itself: the studio ends when that one is closed. */
import type { Port } from "../../shared/port.js";

export class OwnWindow {
  private isOpen = false;
  private port: Port | null = null;

  /** A browser was started to show it. */
  opened(): void {
    this.isOpen = true;
  }

  /** It showed nothing: the studio goes on for whoever comes. */
  missing(): void {
    this.isOpen = false;
  }

  /**
   * A page has come. It is ours if no other one that is ours is there: loaded anew, it comes again after it went. Answers
   * whether the studio ends when that page is closed.
   */
  connected(port: Port): () => boolean {
    if (this.isOpen && this.port === null) {
      this.port = port;
      port.onClose(() => {
        if (this.port === port) this.port = null;
      });
    }
    return () => this.isOpen && this.port === port;
  }
}
