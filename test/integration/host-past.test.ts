/** What has happened already, kept and recorded with the real addon: every sample, across the seam to what came later. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { loadAddon } from "../../native/load.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, makeBench, type Bench } from "../unit/fake/host.js";
import { checkCounted } from "./counted.js";

const addon = loadAddon();
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench({ addon: addon as FakeAddon });
  await request("attribute.write", {
    device: "sim:adc",
    scope: { kind: "device" },
    name: "counter_mode",
    value: "1",
  });
  // Some seconds: enough for a machine that has much else to do.
  const patch = { channels: ["voltage0"], blockCount: 512, queueDepth: 64 };
  await request("stream.configure", { stream: ADC, patch });
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const file = (name: string) => join(bench.folder, "recordings", name);
const metaOf = (name: string) =>
  JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as {
    annotations: Record<string, number>[];
  };
const come = (scans: number) =>
  bench.next("stream.progress", ({ counters }) => counters.scans >= scans);

/** Sound, and each sample is the number of its scan: answers the first. */
async function everySample(name: string): Promise<number> {
  expect((await verifyRecording(file(name))).faults).toEqual([]);
  return checkCounted(file(name)).first;
}

it("keeps the last seconds and a span, beside a recording, running and stopped", async () => {
  await request("stream.start", { stream: ADC });
  await come(600_000);
  await request("recording.start", { stream: ADC, name: "main", hash: false });
  const keep = (name: string, more: object) =>
    request("recording.keep", { stream: ADC, name, hash: false, ...more });
  const [last, span] = await Promise.all([
    keep("last", { seconds: 0.2 }),
    keep("span", { fromScan: 400_000, toScan: 500_000 }),
  ]);
  expect(last).toMatchObject({ error: null });
  expect(last.samples).toBeGreaterThanOrEqual(200_000);
  expect(span.samples).toBeGreaterThanOrEqual(100_000);
  const first = await everySample("span");
  expect(first).toBeLessThanOrEqual(400_000);
  const [mark] = metaOf("span").annotations;
  // What was lost in between, on a busy machine, is not there to be counted.
  expect(first + mark!["core:sample_start"]!).toBeLessThanOrEqual(400_000);
  expect(mark!["iio:from_scan"]).toBe(400_000);
  await everySample("last");
  await request("recording.stop", { stream: ADC });
  await everySample("main");
  await request("stream.stop", { stream: ADC });
  const after = await keep("after", { seconds: 0.1 });
  expect(after.samples).toBeGreaterThanOrEqual(100_000);
  await everySample("after");
});

it("records from before the press on, without a seam", async () => {
  await request("stream.start", { stream: ADC });
  await come(600_000);
  const end = bench.next("recording.ended");
  const params = { stream: ADC, name: "pre", hash: true, preSeconds: 0.25, scans: 500_000 };
  await request("recording.start", params);
  const { result } = await end;
  expect(result).toMatchObject({ error: null, continuity: "exact" });
  expect(result.shortfall).toBeUndefined();
  const first = await everySample("pre");
  const [mark] = metaOf("pre").annotations;
  const press = first + mark!["core:sample_start"]!;
  expect(press - first).toBeGreaterThanOrEqual(250_000);
  expect(first + result.samples).toBeGreaterThanOrEqual(press + 500_000);
});

it("holds what is to be kept from the press on, however long it takes until files are made", async () => {
  const patch = {
    blockCount: 128,
    queueDepth: 16,
    blockSize: { kind: "scans" as const, scans: 16384 },
  };
  await request("stream.configure", { stream: ADC, patch });
  await request("stream.start", { stream: ADC });
  const { geometry } = await request("stream.get", { stream: ADC });
  const seconds = geometry!.historySeconds! / 2;
  await come(geometry!.historySeconds! * 1e6);
  const free = vi.spyOn(addon, "freeBytes").mockImplementation(async () => {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1.6e3));
    return 1e12;
  });
  const result = await request("recording.keep", {
    stream: ADC,
    name: "slow",
    hash: false,
    seconds,
  });
  free.mockRestore();
  expect(result).toMatchObject({ error: null });
  expect(result.shortfall).toBeUndefined();
  expect(result.samples).toBeGreaterThanOrEqual(Math.floor(seconds * 1e6));
  await everySample("slow");
});
