/** A recording set for a time at which its stream does not run yet: it begins as soon as it can, and says so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markOf } from "../../electron/host/recordings/moment.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { readJournal } from "../../shared/journal-summary.js";
import { makeMarks } from "../../shared/sigmf/marks.js";
import { ADC, makeBench, type Bench } from "./fake/host.js";
import { channelsOf, factsOf } from "./sigmf-fixture.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
  const patch = { blockSize: { kind: "scans" as const, scans: 5000 }, blockCount: 64 };
  await request("stream.configure", { stream: ADC, patch });
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const file = (name: string) => join(bench.folder, "recordings", name);
const RATE_HZ = 1e6;

/** Sets a recording of 50 ms, does what comes between, and answers what is said of it. */
async function recordAt(
  inMs: number,
  meanwhile: () => Promise<void> = async () => {},
  more: object = {},
) {
  const startAtMs = Date.now() + inMs;
  const late = bench.next("notice", ({ error }) => error.code === "LATE");
  const end = bench.next("recording.ended");
  const length = { seconds: 0.05, ...more };
  await request("recording.schedule", {
    stream: ADC,
    name: "set",
    hash: false,
    startAtMs,
    ...length,
  });
  await meanwhile();
  const [{ error, level }, { result }] = await Promise.all([late, end]);
  const { annotations, captures } = JSON.parse(readFileSync(file("set.sigmf-meta"), "utf8")) as {
    annotations: Record<string, number | string>[];
    captures: Record<string, number | string>[];
  };
  expect((await verifyRecording(file("set"))).faults).toEqual([]);
  const mark = annotations.find((one) => "iio:mark" in one)!;
  expect(Date.parse(mark["iio:datetime"] as string)).toBe(startAtMs);
  return { startAtMs, level, notice: error.message, result, mark, captures };
}

describe("a recording set for a time", () => {
  it("says how late it began where the stream was still starting", async () => {
    bench.addon.memory.stepMs = 100;
    const { level, notice, result, mark, captures } = await recordAt(200);
    expect(level).toBe("warning");
    expect(notice).toMatch(/^The recording began .* after .*: the stream did not run yet/);
    expect(result.error).toBe(null);
    expect(result.shortfall).toMatch(/after the time it was set for: the stream did not run yet/);
    expect(mark).toMatchObject({ "iio:mark": "scheduled", "core:label": "Began late" });
    expect(mark["core:comment"]).toMatch(/set to begin before this sample/);
    expect(mark["core:sample_start"]).toBe(0);
    expect(mark["iio:from_scan"]).toBeLessThan(0);
    expect(captures[0]!["core:global_index"]).toBe(0);
    // As long as it was asked for, all the same.
    expect(result.samples).toBeGreaterThanOrEqual(0.05 * RATE_HZ);
  });

  it("says so where the stream was stopped just before, and what it was to have of before", async () => {
    const stopped = async (): Promise<void> => {
      await bench.next("stream.progress", ({ counters }) => counters.scans > 0);
      await request("stream.stop", { stream: ADC });
      bench.addon.memory.stepMs = 25;
    };
    const { notice, result, mark } = await recordAt(1000, stopped, { preSeconds: 0.5 });
    expect(notice).toContain("the stream did not run yet");
    expect(result.shortfall).toMatch(/after the time it was set for: the stream did not run yet/);
    expect(mark["core:label"]).toBe("Began late");
    expect(result.samples).toBeGreaterThanOrEqual(0.05 * RATE_HZ);
  });
});

describe("the mark of a recording set for a time", () => {
  const channels = channelsOf(["voltage0", "le:s16/16"]);
  const journal = (scan: number) => ({
    ...readJournal(new Uint8Array()),
    samples: 1000,
    captures: [{ sample: 0, scan, blockTimeNs: 1n, scansToBlockEnd: 1000, gap: null }],
  });
  const commentOf = (late: boolean, firstScan: number) => {
    const span = { fromScan: 500, toScan: null, rateHz: 1e3, pressScan: 500, scheduled: true };
    const facts = factsOf(channels, [], { marks: [markOf({ ...span, late }, 0n)] });
    const [mark] = makeMarks(facts, journal(firstScan));
    return [mark!["core:label"], mark!["core:comment"]];
  };

  it("says that it was set for this sample only where that is so", () => {
    const [label, comment] = commentOf(false, 400);
    expect([label, comment]).toEqual(["Set to begin", expect.stringMatching(/to begin here/)]);
    expect(commentOf(false, 600)).toEqual([
      "Began late",
      expect.stringMatching(/to begin before this sample/),
    ]);
    expect(commentOf(true, 400)).toEqual([
      "Began late",
      expect.stringMatching(/for an earlier time, which the clock went over/),
    ]);
  });
});
