/**
 * Which settings to try, one after the other, by how the ones before went. Pure: the measuring is somebody else's.
 *
 * Larger blocks and more of them are both easier to keep up with, so each search is a bisection:
 *   1. block size: the smallest that keeps up with as many blocks as may be tried of it;
 *   2. block count: the fewest of that size that keep up;
 *   3. proof: what was found once more, and the next larger as long as that fails. So luck of one try is no answer.
 */

/** A block size and the counts to try of it, ascending; the last one is the most generous. */
export interface TuneSize {
  bytes: number;
  counts: readonly number[];
}

export interface TuneCandidate {
  bytes: number;
  count: number;
}

/** Of any search: more than the bisections need. */
export const TRIES_AT_MOST = 16;

/**
 * Yields what to try; `next(keptUp)` takes how it went. Returns what kept up the last time it was tried, or null if
 * nothing did. `sizes` ascending.
 */
export function* searchSettings(
  sizes: readonly TuneSize[],
  triesAtMost = TRIES_AT_MOST,
): Generator<TuneCandidate, TuneCandidate | null, boolean> {
  let left = triesAtMost;
  function* lowest(
    length: number,
    at: (index: number) => TuneCandidate,
  ): Generator<TuneCandidate, number, boolean> {
    let [below, above] = [-1, length];
    while (above - below > 1 && left > 0) {
      const middle = (below + above) >> 1;
      left--;
      if (yield at(middle)) above = middle;
      else below = middle;
    }
    return above;
  }
  const generous = (index: number): TuneCandidate => {
    const { bytes, counts } = sizes[index] as TuneSize;
    return { bytes, count: counts.at(-1) as number };
  };

  const size = yield* lowest(sizes.length, generous);
  const found = sizes[size];
  if (!found) return null;
  // The most generous count of this size has kept up already.
  const count = yield* lowest(found.counts.length - 1, (index) => ({
    bytes: found.bytes,
    count: found.counts[index] as number,
  }));
  const rungs = [
    ...found.counts.slice(count).map((each) => ({ bytes: found.bytes, count: each })),
    ...sizes.slice(size + 1).map((_, index) => generous(size + 1 + index)),
  ];
  for (const rung of rungs) {
    if (left-- <= 0) return null;
    if (yield rung) return rung;
  }
  return null;
}

const PAGE = 4096;
const LARGEST_BYTES = 16 * 1024 * 1024;
/** A block lasting longer shows its samples too late to be wanted. */
const LONGEST_SECONDS = 0.25;
/** Where a page of samples lasts longer than this, blocks of fewer bytes are tried. */
const SLOW_PAGE_SECONDS = 0.05;
const SHORTEST_SLOW_SECONDS = 0.005;
/** The most generous reserve that is tried … */
const RESERVE_SECONDS = 0.2;
/** … in at most so many blocks: the kernel looks through all of them at each enqueue. */
export const MOST_BLOCKS = 512;
const LEAST_GENEROUS = 8;
const LEAST_COUNT = 3;

/** Block sizes to try, ascending by twos, in whole scans. */
export function sizeLadder(scanBytes: number, rateHz: number, trySeconds: number): number[] {
  const bytesPerSecond = scanBytes * rateHz;
  const longest = Math.min(LONGEST_SECONDS, trySeconds / 8) * bytesPerSecond;
  const slow = PAGE / bytesPerSecond > SLOW_PAGE_SECONDS;
  const least = slow ? Math.max(scanBytes, SHORTEST_SLOW_SECONDS * bytesPerSecond) : PAGE;
  const ladder: number[] = [];
  for (let bytes = least; bytes <= Math.min(longest, LARGEST_BYTES); bytes *= 2) {
    ladder.push(Math.max(1, Math.round(bytes / scanBytes)) * scanBytes);
  }
  return ladder.length > 0 ? ladder : [Math.max(1, Math.ceil(least / scanBytes)) * scanBytes];
}

/** Block counts to try, ascending by about a quarter, up to `most` or a generous reserve. */
export function countLadder(secondsPerBlock: number, most = MOST_BLOCKS): number[] {
  const generous = Math.ceil((RESERVE_SECONDS / secondsPerBlock) * (4 / 3));
  const last = Math.max(LEAST_COUNT, Math.min(most, Math.max(LEAST_GENEROUS, generous)));
  const ladder: number[] = [];
  for (let count = LEAST_COUNT; count < last; count = Math.ceil(count * 1.25)) ladder.push(count);
  return [...ladder, last];
}

/** Of so many blocks so many are queued; the others are being looked at. */
export function queueOf(blockCount: number): number {
  return blockCount - Math.max(1, Math.floor(blockCount / 4));
}

/** The queue may hold no fewer blocks than this. */
export function leastAllowed(queueDepth: number, marginPercent: number): number {
  return Math.ceil((queueDepth * marginPercent) / 100);
}
