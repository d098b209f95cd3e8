import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followStarts, type Starts } from "../../electron/cli/allocation.js";
import type { Output } from "../../electron/cli/output.js";
import { ADC, makeBench, refusal, RX, type Bench } from "./fake/host.js";

let bench: Bench;
let starts: Starts;
let lines: string[];

const output: Output = {
  answer: () => {},
  failed: () => {},
  note: () => {},
  progress: (line) => lines.push(line),
};

beforeEach(async () => {
  lines = [];
  bench = await makeBench();
  starts = followStarts(bench.client, [ADC, RX], output);
});

afterEach(async () => {
  starts.dispose();
  await bench.close();
  expect(bench.addon.open()).toBe(0);
});

const start = (stream: string) => bench.client.request("stream.start", { stream });

describe("a start on a terminal", () => {
  it("shows how far its memory is", async () => {
    bench.addon.memory.stepMs = 40;
    await start(ADC);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines[0]).toMatch(/^Allocating [█░]{24} \d+ % {2}[\d.]+ [KM]iB of 39.19 MiB$/);
    expect(starts.any()).toBe(false);
  });

  it("says nothing of one that takes no time, or of other streams", async () => {
    await start(ADC);
    starts.dispose();
    starts = followStarts(bench.client, [RX], output);
    bench.addon.memory.stepMs = 20;
    await bench.client.request("stream.stop", { stream: ADC });
    await start(ADC);
    expect(lines).toEqual([]);
  });

  it("ends with what waits for it when it is cancelled", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const started = refusal(
      bench.client.request("recording.start", { stream: ADC, name: "never" }),
    );
    await vi.waitFor(() => expect(starts.any()).toBe(true));
    starts.cancel();
    expect((await started).code).toBe("CANCELLED");
    expect(await bench.client.request("recording.list", {})).toEqual([]);
  });

  it("is cancelled too if it begins after that", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    starts.cancel();
    expect((await refusal(start(ADC))).code).toBe("CANCELLED");
  });

  it("cancels all of a group", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const group = bench.client.request("group.start", { streams: [ADC, RX], sharedClock: false });
    const begun = refusal(group);
    await vi.waitFor(() => expect(bench.addon.streams).toHaveLength(2));
    starts.cancel();
    expect((await begun).code).toBe("CANCELLED");
    expect(await bench.client.request("recording.list", {})).toEqual([]);
  });
});
