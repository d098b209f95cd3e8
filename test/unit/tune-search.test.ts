import { describe, expect, it } from "vitest";
import {
  countLadder,
  leastAllowed,
  queueOf,
  searchSettings,
  sizeLadder,
  TRIES_AT_MOST,
  type TuneCandidate,
  type TuneSize,
} from "../../electron/host/streams/tune-search.js";

interface Outcome {
  found: TuneCandidate | null;
  tried: TuneCandidate[];
}

/** Runs a search against something that answers as a machine would. */
function run(
  sizes: readonly TuneSize[],
  keepsUp: (candidate: TuneCandidate, turn: number) => boolean,
): Outcome {
  const tried: TuneCandidate[] = [];
  const search = searchSettings(sizes);
  let step = search.next();
  while (!step.done) {
    tried.push(step.value);
    step = search.next(keepsUp(step.value, tried.length));
  }
  return { found: step.value, tried };
}

const sizesAt = (rateHz: number, scanBytes: number): TuneSize[] =>
  sizeLadder(scanBytes, rateHz, 3).map((bytes) => ({
    bytes,
    counts: countLadder(bytes / scanBytes / rateHz),
  }));

describe("the search for settings", () => {
  const sizes = sizesAt(61.44e6, 4);

  it("finds the smallest size and the fewest blocks of a machine that needs either larger or more", () => {
    for (const smallest of [4096, 65_536, 1 << 20, 1 << 24]) {
      for (const pauseSeconds of [0.0001, 0.002, 0.03]) {
        const keepsUp = ({ bytes, count }: TuneCandidate): boolean =>
          bytes >= smallest && (queueOf(count) - 1) * (bytes / 245.76e6) >= pauseSeconds;
        const { found, tried } = run(sizes, keepsUp);
        const good = sizes.flatMap(({ bytes, counts }) =>
          counts.map((count) => ({ bytes, count })).filter(keepsUp),
        );
        expect(found).toEqual(good[0]);
        expect(tried.at(-1)).toEqual(found);
        expect(tried.length).toBeLessThanOrEqual(TRIES_AT_MOST);
      }
    }
  });

  it("tries what it answers twice", () => {
    const { found, tried } = run(sizes, ({ bytes, count }) => bytes >= 32_768 && count >= 20);
    expect(tried.filter((one) => one.bytes === found!.bytes && one.count === found!.count)).toEqual(
      [found, found],
    );
  });

  it("goes up where what kept up once does not keep up again", () => {
    let lucky = true;
    const { found } = run(sizes, ({ bytes, count }) => {
      if (bytes >= 32_768 && count >= 20) return true;
      const luck = lucky && bytes === 32_768 && count >= 10 && count < 20;
      lucky &&= !luck;
      return luck;
    });
    expect(found!.bytes).toBe(32_768);
    expect(found!.count).toBeGreaterThanOrEqual(20);
  });

  it("answers nothing where nothing keeps up, after few tries", () => {
    const { found, tried } = run(sizes, () => false);
    expect(found).toBeNull();
    expect(tried.length).toBeLessThanOrEqual(4);
    expect(tried.at(-1)!.bytes).toBe(sizes.at(-1)!.bytes);
  });

  it("ends within its bound, however fickle the machine is", () => {
    for (let seed = 1; seed <= 200; seed++) {
      let state = seed;
      const { found, tried } = run(sizes, () => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return state % 3 === 0;
      });
      expect(tried.length).toBeLessThanOrEqual(TRIES_AT_MOST);
      if (found) expect(tried.at(-1)).toEqual(found);
    }
  });

  it("takes a single size of a single count", () => {
    const one = [{ bytes: 4096, counts: [3] }];
    expect(run(one, () => true).found).toEqual({ bytes: 4096, count: 3 });
    expect(run(one, () => false).found).toBeNull();
    expect(run([], () => true).found).toBeNull();
  });
});

describe("what is tried", () => {
  it("are blocks from a page up to a quarter of a second, in whole scans", () => {
    expect(sizeLadder(4, 1e6, 3)).toEqual([
      4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288,
    ]);
    for (const bytes of sizeLadder(6, 1e6, 3)) expect(bytes % 6).toBe(0);
    expect(Math.max(...sizeLadder(4, 1e9, 3))).toBe(16 * 1024 * 1024);
  });

  it("are blocks of few scans where a page would last too long", () => {
    expect(sizeLadder(2, 125, 3)).toEqual([2, 4, 8, 16, 32]);
    expect(sizeLadder(16, 0.5, 3)).toEqual([16]);
  });

  it("are no blocks so long that a short try would see few of them", () => {
    expect(Math.max(...sizeLadder(4, 1e6, 0.1))).toBe(32_768);
  });

  it("are counts from three up to a reserve of 200 ms, or to what is allowed", () => {
    const counts = countLadder(0.001);
    expect(counts[0]).toBe(3);
    expect(counts.at(-1)).toBe(267);
    expect(queueOf(counts.at(-1)!) * 0.001).toBeGreaterThanOrEqual(0.2);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(countLadder(1e-6).at(-1)).toBe(512);
    expect(countLadder(1e-6, 100).at(-1)).toBe(100);
    expect(countLadder(10)).toEqual([3, 4, 5, 7, 8]);
  });

  it("is a margin in whole blocks, rounded up", () => {
    expect(leastAllowed(6, 50)).toBe(3);
    expect(leastAllowed(7, 50)).toBe(4);
    expect(leastAllowed(3, 0)).toBe(0);
  });
});
