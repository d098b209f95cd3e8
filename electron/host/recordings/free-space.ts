/** Free space where recordings go, looked at now and then on a thread of the addon's while somebody sees it. */
import { dirname } from "node:path";
import type { Addon } from "../../../native/addon.js";
import type { Disposable } from "../disposable.js";

const LOOK_MS = 10_000;

export class FreeSpace implements Disposable {
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> | null = null;
  private again = false;

  constructor(
    private readonly addon: Pick<Addon, "freeBytes">,
    private readonly folder: () => string,
    /** Whether anybody is told. */
    private readonly isSeen: () => boolean,
    private readonly tell: (freeBytes: number) => void,
  ) {
    this.timer = setInterval(() => {
      if (this.isSeen()) void this.look();
    }, LOOK_MS);
    this.timer.unref();
  }

  /** Looks now; if a look is going on (at another folder, it may be), once more after it. */
  look(): Promise<void> {
    this.again = true;
    this.looking ??= this.lookAll().finally(() => (this.looking = null));
    return this.looking;
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  private async lookAll(): Promise<void> {
    while (this.again) {
      this.again = false;
      const free = await this.freeIn(this.folder());
      if (free !== null && !this.again) this.tell(free);
    }
  }

  /** A folder that is not there yet will be in the nearest one that is. */
  private async freeIn(folder: string): Promise<number | null> {
    const free = await this.addon.freeBytes(folder).catch(() => null);
    if (free !== null || dirname(folder) === folder) return free;
    return this.freeIn(dirname(folder));
  }
}
