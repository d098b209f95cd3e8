/** How far measured times spread over the last seconds: median, 99th percentile, maximum. */

export interface Spread {
  p50: number;
  p99: number;
  max: number;
}

const WINDOW_SECONDS = 10;
/** At most so many are kept: ten seconds at over 200 a second. */
const KEPT = 2048;

export class RecentSpread {
  private entries: { at: number; value: number }[] = [];

  /** `atSeconds`: of any clock that goes forward. */
  add(value: number, atSeconds: number): void {
    this.entries.push({ at: atSeconds, value });
    if (this.entries.length > KEPT) this.entries = this.entries.slice(-KEPT / 2);
  }

  /** null: nothing was measured in that time. */
  last(nowSeconds: number): Spread | null {
    const first = this.entries.findIndex(({ at }) => at > nowSeconds - WINDOW_SECONDS);
    this.entries = first < 0 ? [] : this.entries.slice(first);
    if (this.entries.length === 0) return null;
    const sorted = Float64Array.from(this.entries, ({ value }) => value).sort();
    const at = (part: number): number =>
      sorted[Math.ceil(part * sorted.length) - 1] ?? (sorted[0] as number);
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }

  clear(): void {
    this.entries = [];
  }
}
