/** Free space where recordings go, looked at now and then on a thread of the addon's. */
import { dirname } from "node:path";
import type { Addon } from "../../../native/addon.js";
import type { Disposable } from "../disposable.js";

const LOOK_MS = 10_000;

export class FreeSpace implements Disposable {
  private readonly timer: NodeJS.Timeout;
  private looking = false;

  constructor(
    private readonly addon: Addon,
    private readonly folder: () => string,
    private readonly tell: (freeBytes: number) => void,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
    this.timer.unref();
  }

  /** A folder that is not there yet will be in the nearest one that is. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      for (let folder = this.folder(); ; folder = dirname(folder)) {
        const free = await this.addon.freeBytes(folder).catch(() => null);
        if (free !== null) {
          this.tell(free);
          return;
        }
        if (dirname(folder) === folder) return;
      }
    } finally {
      this.looking = false;
    }
  }

  dispose(): void {
    clearInterval(this.timer);
  }
}
