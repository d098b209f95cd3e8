/** Trigger to record with the real addon on the simulator's pulses, whose rare glitches are caught: every sample. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { loadAddon } from "../../native/load.js";
import type { CaptureInfo } from "../../shared/capture.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, makeBench, type Bench } from "../unit/fake/host.js";

const addon = loadAddon();
const RATE_HZ = 1_000_000;
/** A pulse each 256 scans, 32 of them long; each 500th is a glitch, three times as high and 4 scans long. */
const PERIOD = 256;
const EVERY = 500;
const BASE = 24;
const PULSE = BASE + 9600;
const GLITCH = BASE + 28_800;
/** Only glitches reach it. */
const LEVEL_VOLTS = 0.6;

let bench: Bench;
let scansPerBlock: number;
beforeEach(async () => {
  bench = await makeBench({ addon: addon as FakeAddon });
  const scope = { kind: "channel" as const, channel: "voltage3" };
  for (const [name, value] of [
    ["frequency", String(RATE_HZ / PERIOD)],
    ["duty", "0.125"],
    ["noise", "0"],
    ["glitch_every", String(EVERY)],
  ] as const) {
    await request("attribute.write", { device: "sim:adc", scope, name, value });
  }
  const patch = {
    ...{ channels: ["voltage3"], blockCount: 512, queueDepth: 64 },
    blockSize: { kind: "scans" as const, scans: 4096 },
  };
  scansPerBlock = (await request("stream.configure", { stream: ADC, patch })).geometry!
    .scansPerBlock;
  const trace = { channel: "voltage3", part: "value" as const };
  const trigger = { trace, edge: "rising" as const, level: LEVEL_VOLTS, hysteresis: 0.1 };
  await request("stream.trigger", { stream: ADC, trigger: { ...trigger, physical: true } });
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const file = (name: string) => join(bench.folder, "recordings", name);
const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);
const ended = () => bench.next("recording.ended");

/** What the simulator gives at a scan. */
function valueAt(scan: number): number {
  const isGlitch = (Math.floor(scan / PERIOD) + 1) % EVERY === 0;
  const width = isGlitch ? 4 : 32;
  return scan % PERIOD >= width ? BASE : isGlitch ? GLITCH : PULSE;
}

interface Span {
  fromScan: number;
  toScan: number;
}

/** Checks every sample of a recording; answers the runs of scans that it holds. */
function checkSamples(name: string): Span[] {
  const bytes = readFileSync(file(`${name}.sigmf-data`));
  const words = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const { captures } = JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as {
    captures: Record<string, number>[];
  };
  return captures.map((capture, n) => {
    const from = capture["core:sample_start"]!;
    const to = captures[n + 1]?.["core:sample_start"] ?? words.length;
    const index = capture["core:global_index"]!;
    const wrong = words.subarray(from, to).findIndex((value, at) => value !== valueAt(index + at));
    expect(wrong, `${name}, sample behind ${from}`).toBe(-1);
    if (n > 0) expect(capture["iio:gap_cause"]).toBe("not-recorded");
    return { fromScan: index, toScan: index + to - from };
  });
}

/** The glitch, where it must be, and what was asked around it. */
function checkCapture(capture: CaptureInfo, preScans: number, postScans: number): void {
  const { scan, fraction, fromScan, toScan, peak, widthSeconds, cut } = capture;
  expect((scan + 1) % (PERIOD * EVERY)).toBe(PERIOD * (EVERY - 1));
  expect(fraction).toBeCloseTo(2 / 3, 3);
  expect(fromScan).toBe(Math.max(0, Math.floor(scan + fraction - preScans)));
  expect(toScan).toBe(Math.ceil(scan + fraction + postScans) + 1);
  expect(peak).toBeCloseTo(0.9, 6);
  expect(widthSeconds! * 1e6).toBeCloseTo(3 + 2 / 3, 3);
  expect(cut).toBe(false);
}

it("records what is around each glitch, from before it on, and nothing else", async () => {
  const end = ended();
  await request("recording.start", {
    ...{ stream: ADC, name: "glitches", hash: true },
    captures: { beforeSeconds: 0.012, afterSeconds: 0.005, count: 4 },
  });
  const { result } = await end;
  expect(result).toMatchObject({ error: null, lostSamples: 0, continuity: "exact" });
  const { list, count, missed, blocksNotSearched } = result.captures!;
  expect({ count, missed, blocksNotSearched }).toEqual({
    count: 4,
    missed: 0,
    blocksNotSearched: 0,
  });
  const runs = checkSamples("glitches");
  expect(runs).toHaveLength(4);
  list.forEach((capture, at) => {
    checkCapture(capture, 12_000, 5000);
    const run = runs[at]!;
    // Whole blocks, and no more of them than the span touches.
    expect(run.fromScan).toBe(Math.floor(capture.fromScan / scansPerBlock) * scansPerBlock);
    expect(run.toScan).toBe(Math.ceil(capture.toScan / scansPerBlock) * scansPerBlock);
  });
  for (let at = 1; at < list.length; at++) {
    expect(list[at]!.scan - list[at - 1]!.scan).toBe(PERIOD * EVERY);
    const apart = Date.parse(list[at]!.datetime) - Date.parse(list[at - 1]!.datetime);
    expect(apart).toBeGreaterThan(0);
  }
  await bench.next("recording", ({ status }) => status.hashing === null);
  await sound("glitches");
  const { id } = await request("recording.open", { name: "glitches" });
  const opened = await request("recording.captures", { stream: id });
  expect(opened.captures).toEqual(list);
  const [first] = opened.captures;
  const { values } = await request("view.samples", {
    ...{ stream: id, channel: "voltage3", fromScan: first!.scan, count: 6 },
  });
  expect([...(values as Int32Array)]).toEqual([BASE, GLITCH, GLITCH, GLITCH, GLITCH, BASE]);
});

it("merges what overlaps, and records it once", async () => {
  const end = ended();
  await request("recording.start", {
    ...{ stream: ADC, name: "merged", hash: false },
    captures: { beforeSeconds: 0.05, afterSeconds: 0.1, count: 5 },
  });
  const { result } = await end;
  expect(result.captures!.count).toBe(5);
  const runs = checkSamples("merged");
  expect(runs).toHaveLength(1);
  expect(result.samples).toBe(runs[0]!.toScan - runs[0]!.fromScan);
  for (const capture of result.captures!.list) checkCapture(capture, 50_000, 100_000);
  await sound("merged");
});

it("makes each a recording of its own", async () => {
  await request("recording.start", {
    ...{ stream: ADC, name: "each", hash: false },
    captures: { beforeSeconds: 0.004, afterSeconds: 0.004, each: true },
  });
  await bench.next("recording", ({ status }) => (status.parts?.number ?? 0) >= 4);
  const result = await request("recording.stop", { stream: ADC });
  expect(result).toMatchObject({ error: null, lostSamples: 0 });
  const { list } = result.captures!;
  expect(list.map(({ number }) => number)).toEqual(list.map((_, at) => at + 1));
  for (const name of result.parts!) {
    const own = list.filter(({ recording }) => recording === name);
    expect(own.length).toBeGreaterThanOrEqual(1);
    expect(checkSamples(name)).toHaveLength(own.length);
  }
  for (const capture of list.slice(0, -1)) checkCapture(capture, 4000, 4000);
  await sound("each");
});

it("takes the triggers of the time asked, out of a stream that runs", async () => {
  await request("stream.start", { stream: ADC });
  await bench.next("stream.progress", ({ counters }) => counters.scans > 300_000);
  const end = ended();
  await request("recording.start", {
    ...{ stream: ADC, name: "timed", hash: false, seconds: 0.5 },
    captures: { beforeSeconds: 0.001, afterSeconds: 0.001 },
  });
  const { result } = await end;
  expect(result.error).toBeNull();
  const { count, list } = result.captures!;
  expect(count).toBeGreaterThanOrEqual(3);
  expect(count).toBeLessThanOrEqual(4);
  expect(list[0]!.scan).toBeGreaterThan(280_000);
  checkSamples("timed");
  await sound("timed");
});
