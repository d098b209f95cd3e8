/** What recordings of each kind leave in their folder, with the real addon: their files, and nothing else. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.js";
import type { RecordingResult } from "../../shared/recording.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, makeBench, type Bench } from "../unit/fake/host.js";

const addon = loadAddon();
const OWN = [".iio-index", ".iio-journal", ".sigmf-data", ".sigmf-meta"];
let bench: Bench;
beforeEach(async () => {
  bench = await makeBench({ addon: addon as FakeAddon });
  const blockSize = { kind: "scans" as const, scans: 4096 };
  const patch = { channels: ["voltage3"], blockSize, blockCount: 512, queueDepth: 64 };
  await request("stream.configure", { stream: ADC, patch });
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const left = () => readdirSync(join(bench.folder, "recordings")).sort();
const filesOf = (...names: string[]) =>
  names.flatMap((name) => OWN.map((ending) => name + ending)).sort();
const withCollection = (name: string, parts: readonly string[]) =>
  [...filesOf(...parts), `${name}.sigmf-collection`].sort();

type Asked = Parameters<typeof request<"recording.start">>[1];

async function record(asked: Omit<Asked, "stream" | "name">): Promise<RecordingResult> {
  const end = bench.next("recording.ended");
  await request("recording.start", { stream: ADC, name: "r", hash: false, ...asked });
  return (await end).result;
}

async function stopped(
  asked: Omit<Asked, "stream" | "name">,
  atPart: number,
): Promise<RecordingResult> {
  const reached = bench.next("recording", ({ status }) => (status.parts?.number ?? 0) >= atPart);
  await request("recording.start", { stream: ADC, name: "r", hash: false, ...asked });
  await reached;
  return request("recording.stop", { stream: ADC });
}

async function triggerAt(level: number): Promise<void> {
  const trace = { channel: "voltage3", part: "value" as const };
  const trigger = { trace, edge: "rising" as const, level, hysteresis: 0.1, physical: true };
  await request("stream.trigger", { stream: ADC, trigger });
}

describe("the folder of recordings holds no other file", () => {
  it("after a whole one", async () => {
    await record({ scans: 100_000 });
    expect(left()).toEqual(filesOf("r"));
  });

  it("after one of which nothing came", async () => {
    await triggerAt(99);
    const captures = { beforeSeconds: 0.001, afterSeconds: 0.001 };
    expect((await record({ captures, seconds: 0.2 })).error?.code).toBe("EMPTY");
    expect(left()).toEqual([]);
  });

  it("after one in parts that came to its length, whose next part lay ready", async () => {
    const split = { kind: "bytes" as const, bytes: 400_000 };
    const { parts } = await record({ scans: 900_000, split });
    expect(parts!.length).toBeGreaterThan(2);
    expect(left()).toEqual(withCollection("r", parts!));
  });

  it("after one in parts that was stopped", async () => {
    const { parts } = await stopped({ split: { kind: "seconds", seconds: 0.2 } }, 3);
    expect(left()).toEqual(withCollection("r", parts!));
  });

  it("after a ring", async () => {
    const ring = { kind: "seconds" as const, seconds: 0.6 };
    const { parts } = await stopped({ ring, split: { kind: "seconds", seconds: 0.2 } }, 7);
    expect(parts!.length).toBeLessThan(7);
    expect(left()).toEqual(withCollection("r", parts!));
  });

  it("after captures in one file, and in a file each", async () => {
    // Far enough apart that no two lie in one block.
    const scope = { kind: "channel" as const, channel: "voltage3" };
    const rare = { device: "sim:adc", scope, name: "frequency", value: "20" };
    await request("attribute.write", rare);
    await triggerAt(0.1);
    const captures = { beforeSeconds: 0.0001, afterSeconds: 0.0001, count: 3 };
    await record({ captures });
    expect(left()).toEqual(filesOf("r"));
    const end = bench.next("recording.ended", ({ result }) => result.name === "each");
    const each = { stream: ADC, name: "each", hash: false };
    await request("recording.start", { ...each, captures: { ...captures, each: true } });
    const { parts } = (await end).result;
    expect(parts).toHaveLength(3);
    expect(left()).toEqual([...filesOf("r"), ...withCollection("each", parts!)].sort());
  });

  it("after a span of the history was kept", async () => {
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.scans > 300_000);
    const { name } = await request("recording.keep", { stream: ADC, seconds: 0.1 });
    await request("stream.stop", { stream: ADC });
    expect(left()).toEqual(filesOf(name));
  });
});
