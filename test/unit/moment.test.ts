import { describe, expect, it } from "vitest";
import { scheduledSpan } from "../../electron/host/recordings/moment.js";
import type { Run } from "../../electron/host/streams/run.js";

/** A stream of 1 kS/s that started half a second ago and has no block complete yet. */
function young(rateHz: number | null): Run {
  return {
    counters: () => ({
      state: "running",
      historyToScan: 0,
      rateHz: 0,
      startTimeNs: 1_000_000_000n,
      newestTimeNs: 0n,
      nowNs: 1_500_000_000n,
    }),
    resolved: { rateHz, plan: {}, geometry: { scansPerBlock: 4096 } },
    settings: { rateMax: false },
  } as unknown as Run;
}

describe("the moment a recording was set for", () => {
  it("is known before the first block is complete, by the time since the start", () => {
    expect(scheduledSpan(young(1000), 0, 0.2)).toMatchObject({
      scheduled: true,
      pressScan: 300,
      fromScan: 300,
    });
    expect(scheduledSpan(young(1000), 0.1, 0.2)).toMatchObject({ pressScan: 300, fromScan: 200 });
  });

  it("lies below 0 where the stream started later", () => {
    expect(scheduledSpan(young(1000), 0, 0.7)?.pressScan).toBe(-200);
  });

  it("is not known where no rate is", () => {
    expect(scheduledSpan(young(null), 0, 0.2)).toBeNull();
  });
});
