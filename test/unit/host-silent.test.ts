/** A recording by time on a device that gives nothing, or nothing any more. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { ADC, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.close());

const start = (seconds: number) =>
  bench.client.request("recording.start", { stream: ADC, name: "take", seconds, hash: false });
const stall = () => bench.client.request("stream.fault", { stream: ADC, fault: "stall" });

it("ends when its time is over, with what is waited for and what came until then", async () => {
  const ended = bench.next("recording.ended");
  await start(1);
  await bench.next("recording", ({ status }) => status.scans > 1000);
  await stall();
  const { result } = await ended;
  expect(result.samples).toBeGreaterThan(1000);
  expect(result.samples).toBeLessThan(1_000_000);
  expect(result.error).toMatchObject({
    code: "ETIMEDOUT",
    message: expect.stringMatching(/^The 1 s to record are over.* Waiting for samples from adc/),
  });
});

it("ends without a file where nothing ever came", async () => {
  await stall();
  const ended = bench.next("recording.ended");
  await start(0.5);
  const { result } = await ended;
  expect(result).toMatchObject({ samples: 0, files: [] });
  expect(result.error?.message).toContain("Waiting for samples from adc");
});

it("waits for its samples while they come, however long that takes", async () => {
  const ended = bench.next("recording.ended");
  await start(0.3);
  const { result } = await ended;
  expect(result).toMatchObject({ samples: 300_000, error: null });
});
