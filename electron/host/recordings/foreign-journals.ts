/**
 * Journals that another boot began: this machine's, before it was started again, or another machine's that shares the folder
 * and may still write.
 */

/** One that has not grown for so long is written no more. */
export const FRESH_MS = 15_000;

/** As of `stat`. */
export interface JournalLook {
  size: number;
  mtimeMs: number;
}

export class ForeignJournals {
  /** Since when (of `performance.now()`) one has been seen as it is. */
  private readonly seen = new Map<string, JournalLook & { sinceMs: number }>();

  /**
   * By its time of change. Where that lies ahead (a board without a battery for its clock came up in the past), by whether it
   * changes while it is looked at again and again.
   */
  mayBeWritten(path: string, { size, mtimeMs }: JournalLook): boolean {
    const ageMs = Date.now() - mtimeMs;
    if (ageMs >= 0) return ageMs < FRESH_MS;
    const nowMs = performance.now();
    const before = this.seen.get(path);
    if (before?.size === size && before.mtimeMs === mtimeMs) {
      return nowMs - before.sinceMs < FRESH_MS;
    }
    this.seen.set(path, { size, mtimeMs, sinceMs: nowMs });
    return true;
  }
}
