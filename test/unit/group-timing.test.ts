import { describe, expect, it } from "vitest";
import { ClockLine, groupTiming, type ClockFit } from "../../shared/group-timing.js";
import type { JournalGap, JournalSegment } from "../../shared/journal.js";

interface Source {
  rateHz: number;
  /** Its clock runs so much faster than it says. */
  ppm?: number;
  /** When its scan 0 was taken. */
  startNs?: number;
  firstScan?: number;
  blocks?: number;
  scansPerBlock?: number;
  /** How late a completion is noted, at most; evenly spread. */
  lateNs?: number;
  seed?: number;
  /** Scans lost before a block. */
  gapAt?: { block: number; lost: number; told: JournalGap };
  /** The last block was cut to so many scans. */
  cutTo?: number;
}

const BASE = 5_000_000_000_000_000n;

function segments(source: Source): JournalSegment[] {
  const {
    rateHz,
    ppm = 0,
    startNs = 0,
    firstScan = 0,
    blocks = 200,
    scansPerBlock = 1000,
  } = source;
  const nsPerScan = 1e9 / (rateHz * (1 + ppm * 1e-6));
  let state = source.seed ?? 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const out: JournalSegment[] = [];
  let real = firstScan;
  let told = firstScan;
  for (let n = 0; n < blocks; n++) {
    const gap = source.gapAt?.block === n ? source.gapAt : null;
    real += gap?.lost ?? 0;
    told += gap?.told.lost ?? 0;
    const whole = n < blocks - 1 || source.cutTo === undefined;
    const scanCount = whole ? scansPerBlock : (source.cutTo as number);
    const at = startNs + (real + scansPerBlock - 1) * nsPerScan + random() * (source.lateNs ?? 0);
    out.push({
      sequence: n,
      scan: told,
      sample: n * scansPerBlock,
      scanCount,
      crc32c: 0,
      timeNs: BASE + BigInt(Math.round(at)),
      gap: gap?.told ?? null,
      offsetScans: 0,
    });
    real += scansPerBlock;
    told += scansPerBlock;
  }
  return out;
}

function fitOf(source: Source, rateHz: number | null = source.rateHz): ClockFit {
  const line = new ClockLine(rateHz);
  for (const segment of segments(source)) line.add(segment);
  return line.fit();
}

const sinceBase = (ns: bigint | null) => Number((ns as bigint) - BASE);
const estimated: JournalGap = {
  grade: "estimated",
  cause: "dry-queue",
  lost: 100,
  lostMin: 0,
  lostMax: 5000,
};

describe("the line of a stream's clock", () => {
  it("tells when the first sample was taken, and the rate", () => {
    const fit = fitOf({ rateHz: 1e6, ppm: 37, startNs: 123_456_789, firstScan: 5000 });
    expect(sinceBase(fit.firstNs)).toBeCloseTo(123_456_789 + (5000 * 1000) / (1 + 37e-6), -1);
    expect((fit.rateHz! / 1e6 - 1) * 1e6).toBeCloseTo(37, 2);
    expect(fit.rateUncertainty!).toBeLessThan(1e-7);
  });

  it("is as sure as its scatter lets it be", () => {
    let outside = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const fit = fitOf({ rateHz: 1e6, ppm: -12, lateNs: 200_000, seed });
      // Late by half of the spread on average: constant, and not seen.
      const error = Math.abs(sinceBase(fit.firstNs) - 100_000);
      if (error > fit.firstUncertaintyNs!) outside++;
      expect(fit.firstUncertaintyNs!).toBeLessThan(25_000);
      if (Math.abs(fit.rateHz! / 1e6 / (1 - 12e-6) - 1) > fit.rateUncertainty!) outside++;
    }
    expect(outside).toBeLessThan(40);
  });

  it("loses no digit over days", () => {
    const fit = fitOf({
      rateHz: 1e6,
      ppm: 2,
      blocks: 20_000,
      scansPerBlock: 10_000_000,
      lateNs: 20_000,
    });
    expect((fit.rateHz! / 1e6 - 1) * 1e6).toBeCloseTo(2, 4);
    expect(fit.firstUncertaintyNs!).toBeLessThan(1000);
    expect(Math.abs(sinceBase(fit.firstNs) - 10_000)).toBeLessThan(1000);
  });

  it("goes on behind a loss of unknown length with the same slope", () => {
    const gapAt = { block: 70, lost: 3456, told: estimated };
    const fit = fitOf({ rateHz: 1e6, ppm: 50, gapAt });
    expect((fit.rateHz! / 1e6 - 1) * 1e6).toBeCloseTo(50, 1);
    expect(Math.abs(sinceBase(fit.firstNs))).toBeLessThan(20);
    const exact: JournalGap = { ...estimated, grade: "exact", lost: 3456 };
    const counted = fitOf({ rateHz: 1e6, ppm: 50, gapAt: { ...gapAt, told: exact } });
    expect(counted.rateUncertainty!).toBeLessThanOrEqual(fit.rateUncertainty! + 1e-9);
  });

  it("takes nothing from a last block that was cut", () => {
    const fit = fitOf({ rateHz: 1e6, ppm: 5, blocks: 20, cutTo: 10 });
    expect((fit.rateHz! / 1e6 - 1) * 1e6).toBeCloseTo(5, 2);
  });

  it("of one block takes the rate as set, and says no more than it knows", () => {
    const one = fitOf({ rateHz: 1e6, startNs: 777, blocks: 1 });
    expect(sinceBase(one.firstNs)).toBeCloseTo(777, -1);
    expect(one).toMatchObject({ firstUncertaintyNs: null, rateHz: null, rateUncertainty: null });
    expect(fitOf({ rateHz: 1e6, blocks: 1 }, null).firstNs).toBeNull();
    expect(fitOf({ rateHz: 1e6, blocks: 2 }).rateHz).toBeCloseTo(1e6, 1);
    expect(new ClockLine(1e6).fit().firstNs).toBeNull();
  });

  it("needs no rate as set where there are blocks", () => {
    const fit = fitOf({ rateHz: 48_000, ppm: 10, startNs: 5e6 }, null);
    expect(fit.rateHz!).toBeCloseTo(48_000.48, 3);
    expect(sinceBase(fit.firstNs)).toBeCloseTo(5e6, -2);
  });
});

describe("a group's timing", () => {
  const first = { rateHz: 1e6, fit: fitOf({ rateHz: 1e6, ppm: 10, lateNs: 1000 }) };
  const second = {
    rateHz: 2e6,
    fit: fitOf({ rateHz: 2e6, ppm: -20, startNs: 1_500_000, lateNs: 1000, seed: 5 }),
  };

  it("is skew and drift to the first, each with its uncertainty", () => {
    const [zero, other] = groupTiming([first, second], false);
    expect(zero).toMatchObject({ startSkewSeconds: 0, driftPpm: 0, offsetSamples: null });
    expect(Math.abs(other!.startSkewSeconds! - 0.0015)).toBeLessThan(
      other!.startSkewUncertaintySeconds! + 1e-7,
    );
    expect(Math.abs(other!.driftPpm! + 30)).toBeLessThan(other!.driftUncertaintyPpm! + 0.01);
    expect(other!.driftUncertaintyPpm!).toBeLessThan(2);
  });

  it("says that samples belong together only if the user said that they share a clock", () => {
    const same = {
      rateHz: 1e6,
      fit: fitOf({ rateHz: 1e6, ppm: 10, startNs: 42_000, lateNs: 1000, seed: 9 }),
    };
    expect(groupTiming([first, same], false)[1]!.offsetSamples).toBeNull();
    expect(groupTiming([first, same], true).map((one) => one.offsetSamples)).toEqual([0, 42]);
    expect(groupTiming([first, second], true)[1]!.offsetSamples).toBeNull();
    const unsure = { rateHz: 1e6, fit: fitOf({ rateHz: 1e6, startNs: 42_000, lateNs: 200_000 }) };
    expect(groupTiming([first, unsure], true)[1]!.offsetSamples).toBeNull();
  });

  it("leaves out what is not known", () => {
    const unknown = { rateHz: null, fit: new ClockLine(null).fit() };
    expect(groupTiming([first, unknown], false)[1]).toEqual({
      startSkewSeconds: null,
      startSkewUncertaintySeconds: null,
      driftPpm: null,
      driftUncertaintyPpm: null,
      offsetSamples: null,
    });
    expect(groupTiming([], true)).toEqual([]);
  });
});
