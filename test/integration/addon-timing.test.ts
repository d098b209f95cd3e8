/** What the built addon tells of time, and what it does with priority and CPUs. */
import { cpus } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.js";
import type { NativeStream, NativeStreamOptions } from "../../native/addon.js";
import { counterOptions } from "./addon-options.js";

const addon = loadAddon();
let stream: NativeStream | null;

beforeEach(() => (stream = null));
afterEach(() => stream?.close());

async function run(more: Partial<NativeStreamOptions>): Promise<NativeStream> {
  stream = addon.openStream({ ...counterOptions(), ...more });
  await stream.start();
  return stream;
}

describe("latency", () => {
  it("is measured from the completion of blocks to consumers and to summaries", async () => {
    const native = await run({});
    await expect
      .poll(() => native.counters().latency?.completionToSummaryNs, { timeout: 20_000 })
      .toBeTruthy();
    const { completionToConsumerNs: consumer, completionToSummaryNs: summary } =
      native.counters().latency!;
    for (const spread of [consumer!, summary!]) {
      expect(spread.p50).toBeGreaterThan(0);
      expect(spread.p50).toBeLessThanOrEqual(spread.p99);
      expect(spread.p99).toBeLessThanOrEqual(spread.max);
      expect(spread.max).toBeLessThan(20e9);
    }
  });

  it("is none before anything came", () => {
    stream = addon.openStream(counterOptions());
    expect(stream.counters().latency).toEqual({
      completionToConsumerNs: null,
      completionToSummaryNs: null,
    });
  });
});

describe("priority and CPUs of the acquisition thread", () => {
  it("that can't be had are said in a sentence, and the stream runs", async () => {
    const native = await run({ realtime: { priority: 0, cpus: [0, 1023] } });
    const [note] = native.notes!();
    expect(note).toMatch(/^CPU 1023 does not exist or is not for this program\. Choose of \S+\.$/);
    await expect.poll(() => native.counters().blocks, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it("that are asked for are in force, or the reason is said", async () => {
    const native = await run({ realtime: { priority: 5, cpus: [cpus().length - 1] } });
    for (const note of native.notes!()) expect(note).toMatch(/^(Real-time priority 5|CPU )/);
    await expect.poll(() => native.counters().blocks, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it("that make no sense are refused by their field", () => {
    for (const [priority, list, field] of [
      [100, [], "realtime.priority"],
      [-1, [], "realtime.priority"],
      [1, [1024], "realtime.cpus"],
      [1, [0.5], "realtime.cpus"],
    ] as const) {
      const options = { ...counterOptions(), realtime: { priority, cpus: [...list] } };
      expect(() => addon.openStream(options), field).toThrow(field);
    }
  });
});
