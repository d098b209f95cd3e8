import { describe, expect, it } from "vitest";
import { toCounters } from "../../electron/host/streams/counters.js";
import type { NativeCounters } from "../../native/addon.js";
import { latencyLine, latencyRows } from "../../renderer/lib/latency-words.js";
import { screenAge } from "../../renderer/lib/screen-age.js";
import { RecentSpread } from "../../shared/spread.js";

describe("a spread of the last seconds", () => {
  it("is median, 99th percentile and maximum of what was added", () => {
    const spread = new RecentSpread();
    expect(spread.last(0)).toBeNull();
    for (let n = 100; n >= 1; n--) spread.add(n / 1000, 1);
    expect(spread.last(1)).toEqual({ p50: 0.05, p99: 0.099, max: 0.1 });
    spread.add(5, 2);
    expect(spread.last(2)!.max).toBe(5);
  });

  it("forgets what is older than ten seconds", () => {
    const spread = new RecentSpread();
    spread.add(1, 0);
    spread.add(2, 9);
    expect(spread.last(9.9)).toEqual({ p50: 1, p99: 2, max: 2 });
    expect(spread.last(10.1)).toEqual({ p50: 2, p99: 2, max: 2 });
    expect(spread.last(20)).toBeNull();
  });

  it("stays bounded, and keeps the newest", () => {
    const spread = new RecentSpread();
    for (let n = 0; n < 100_000; n++) spread.add(n, 1);
    expect(spread.last(1)!.max).toBe(99_999);
    expect(spread.last(1)!.p50).toBeGreaterThan(97_000);
  });
});

describe("the age of the newest sample on the screen", () => {
  const wallAt = (seconds: number) => (BigInt(Math.round(seconds * 1e6)) * 1000n).toString();
  const drawing = { askedMs: 1000, receivedMs: 1010, drawnMs: 1025, wallMs: 5_000_000 };

  it("is told by the clock, where both sides have the same one", () => {
    const frame = { ageSeconds: 0.005, newestTimeNs: wallAt(5000 - 0.023) };
    expect(screenAge(frame, drawing)).toBeCloseTo(0.023, 6);
  });

  it("is the most that it can be, where the clocks of two computers differ", () => {
    for (const apart of [-3600, -0.2, 0.2, 3600]) {
      const frame = { ageSeconds: 0.005, newestTimeNs: wallAt(5000 + apart) };
      expect(screenAge(frame, drawing)).toBeCloseTo(0.005 + 0.025, 9);
    }
    expect(screenAge({ ageSeconds: 0.005 }, drawing)).toBeCloseTo(0.03, 9);
  });

  it("is never less than what surely passed", () => {
    const frame = { ageSeconds: 0.005, newestTimeNs: wallAt(5000 - 0.0195) };
    expect(screenAge(frame, drawing)).toBeCloseTo(0.02, 9);
  });

  it("is none of a picture that stands", () => {
    expect(screenAge({ ageSeconds: null, newestTimeNs: "" }, drawing)).toBeNull();
  });
});

describe("latency in counters and words", () => {
  const native = {
    newestTimeNs: 0n,
    latency: {
      completionToConsumerNs: { p50: 20_000, p99: 90_000, max: 1_000_000 },
      completionToSummaryNs: null,
    },
  } as NativeCounters;

  it("is in seconds, and null where nothing was measured", () => {
    expect(toCounters(native, null).latency).toEqual({
      consumer: { p50: 20e-6, p99: 90e-6, max: 1e-3 },
      summary: null,
      frame: null,
    });
  });

  it("shows only what was measured", () => {
    const rows = latencyRows(toCounters(native, null).latency, { p50: 0.03, p99: 0.05, max: 0.1 });
    expect(rows.map(({ name }) => name)).toEqual(["Handed over", "On the screen"]);
    expect(rows[0]!.p99).toEqual({ text: "90.0", unit: "µs" });
    expect(latencyLine(rows)).toContain("On the screen: 30.0 ms, 99 % within 50.0 ms");
    expect(latencyRows(undefined, null)).toEqual([]);
  });
});
