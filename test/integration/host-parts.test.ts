/** Parts and rings with the real addon on the simulator's counter: every sample, across every seam. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { loadAddon } from "../../native/load.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, makeBench, type Bench } from "../unit/fake/host.js";
import { checkUnbroken } from "./counted.js";

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
  const blockSize = { kind: "scans" as const, scans: 16_384 };
  const patch = { channels: ["voltage0"], blockSize, blockCount: 256, queueDepth: 64 };
  await request("stream.configure", { stream: ADC, patch });
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const file = (name: string) => join(bench.folder, "recordings", name);
const at = (number: number) =>
  bench.next("recording", ({ status }) => (status.parts?.number ?? 0) >= number);

const unbroken = (names: readonly string[]) => checkUnbroken(names.map(file));

const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);

it("splits without losing or doubling a sample, to exactly so many as asked", async () => {
  const end = bench.next("recording.ended");
  await request("recording.start", {
    ...{ stream: ADC, name: "split", hash: false, scans: 3_000_001 },
    split: { kind: "bytes", bytes: 800_000 },
  });
  const { result } = await end;
  expect(result).toMatchObject({ samples: 3_000_001, error: null });
  expect(result.parts!.length).toBeGreaterThan(3);
  const { first, end: last, samples, lost } = unbroken(result.parts!);
  expect({ first, samples, lost }).toEqual({
    ...{ first: 0, samples: 3_000_001, lost: result.lostSamples },
  });
  expect(last).toBe(samples + lost);
  await sound("split");
});

it("splits at the highest rate", async () => {
  await request("stream.configure", { stream: ADC, patch: { rateMax: true } });
  await request("recording.start", {
    ...{ stream: ADC, name: "fast", hash: false },
    split: { kind: "bytes", bytes: 10_000_000 },
  });
  await at(2);
  const result = await request("recording.stop", { stream: ADC });
  expect(result).toMatchObject({ lostSamples: 0, error: null });
  expect(result.parts!.length).toBeGreaterThan(1);
  const { first, samples, lost } = unbroken(result.parts!);
  expect({ first, samples, lost }).toEqual({ first: 0, samples: result.samples, lost: 0 });
  await sound("fast");
}, 120_000);

it("begins a split with what was there before the press", async () => {
  await request("stream.start", { stream: ADC });
  await bench.next("stream.progress", ({ counters }) => counters.scans > 500_000);
  await request("recording.start", {
    ...{ stream: ADC, name: "pre", hash: false, preSeconds: 0.2 },
    split: { kind: "seconds", seconds: 0.3 },
  });
  await at(3);
  const result = await request("recording.stop", { stream: ADC });
  const { samples, lost } = unbroken(result.parts!);
  expect({ samples, lost }).toEqual({ samples: result.samples, lost: result.lostSamples });
  await sound("pre");
});

it("keeps the last of a ring and a span of it, each sample in its place", async () => {
  await request("recording.start", {
    ...{ stream: ADC, name: "ring", hash: false },
    ring: { kind: "seconds", seconds: 1 },
    split: { kind: "seconds", seconds: 0.25 },
  });
  await at(4);
  const { parts } = await request("recording.ringKeep", { name: "ring", seconds: 0.3 });
  await at(parts!.number + 9);
  const result = await request("recording.stop", { stream: ADC });
  const names = readdirSync(join(bench.folder, "recordings"))
    .filter((one) => one.endsWith(".sigmf-data"))
    .map((one) => one.replace(".sigmf-data", ""));
  expect(names).toEqual(result.parts);
  const kept = names.slice(0, parts!.kept);
  const last = unbroken(names.slice(parts!.kept));
  expect(last.end - last.first).toBeGreaterThanOrEqual(1_000_000);
  const span = unbroken(kept);
  expect(span.end - span.first).toBeGreaterThanOrEqual(250_000);
  expect(span.end).toBeLessThan(last.first);
  await sound("ring");
});
