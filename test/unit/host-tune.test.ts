import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NativeCounters } from "../../native/addon.js";
import { trackDisposables } from "../../electron/host/disposable.js";
import type { TuneStatus } from "../../shared/tune.js";
import { ADC, IMU, makeBench, refusal, type Bench } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";

let bench: Bench;
let leaks: () => string[];

/** Seconds that this machine looks away at worst, and the smallest block that it keeps up with. */
const machine = { pauseSeconds: 0, smallestBytes: 0 };

beforeEach(async () => {
  leaks = trackDisposables();
  Object.assign(machine, { pauseSeconds: 0.01, smallestBytes: 16_384 });
  const counters = FakeStream.prototype.counters;
  vi.spyOn(FakeStream.prototype, "counters").mockImplementation(function (this: FakeStream) {
    const { payloadBytes, queueDepth, rateHz, layout } = this.options;
    const blockSeconds = payloadBytes / layout.scanBytes / rateHz;
    const missed = Math.ceil(machine.pauseSeconds / blockSeconds);
    const dry = payloadBytes < machine.smallestBytes || missed >= queueDepth;
    const real: NativeCounters = counters.call(this);
    return { ...real, queuedLeast: Math.max(0, queueDepth - missed), dryRuns: dry ? 1 : 0 };
  });
  bench = await makeBench();
});

afterEach(async () => {
  await bench.close();
  vi.restoreAllMocks();
  expect(bench.addon.open()).toBe(0);
  expect(leaks()).toEqual([]);
});

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const tune = (more: object = {}) =>
  request("stream.tune", { stream: ADC, seconds: 0.1, marginPercent: 50, ...more });
const firstTry = () => bench.next("stream.tune", ({ tune: { tries } }) => tries.length > 0);
const get = () => request("stream.get", { stream: ADC });

describe("a search for settings", () => {
  it("answers the smallest blocks, and the fewest, that keep the queue above the margin", async () => {
    const { state, tries } = await tune();
    if (state.kind !== "done" || !state.found) throw new Error("found nothing");
    const { found } = state;
    expect(found.blockBytes).toBe(16_384);
    const missed = Math.ceil(machine.pauseSeconds / found.secondsPerBlock);
    expect(found.queueDepth - missed).toBeGreaterThanOrEqual(found.queueDepth / 2);
    for (const { blockBytes, blockCount, verdict } of tries) {
      const smaller = blockBytes < found.blockBytes || blockCount < found.blockCount;
      if (smaller && blockBytes <= found.blockBytes) expect(verdict.kind).toBe("bad");
    }
    expect(tries.at(-1)).toMatchObject({
      blockBytes: found.blockBytes,
      blockCount: found.blockCount,
      verdict: { kind: "good" },
    });
    expect(tries.at(-1)!.seconds).toBeGreaterThanOrEqual(0.1);
  });

  it("gives the stream back as it was, and applies what it found only when asked to", async () => {
    const patch = { blockCount: 20, blockSize: { kind: "bytes" as const, bytes: 131_072 } };
    const before = await request("stream.configure", { stream: ADC, patch });
    const { state } = await tune();
    const after = await get();
    expect(after.settings).toEqual(before.settings);
    expect(after.state.kind).toBe("idle");
    if (state.kind !== "done" || !state.found) throw new Error("found nothing");
    const applied = await request("stream.configure", { stream: ADC, patch: state.found.patch });
    expect(applied.geometry).toMatchObject({
      payloadBytes: state.found.blockBytes,
      blockCount: state.found.blockCount,
      queueDepth: state.found.queueDepth,
    });
  });

  it("leaves the history to a pool that was given a memory budget", async () => {
    const memoryBudgetBytes = 64 << 20;
    await request("stream.configure", { stream: ADC, patch: { memoryBudgetBytes } });
    const { state } = await tune();
    if (state.kind !== "done" || !state.found) throw new Error("found nothing");
    const { patch, queueDepth } = state.found;
    expect(patch).not.toHaveProperty("blockCount");
    const { geometry } = await request("stream.configure", { stream: ADC, patch });
    expect(geometry).toMatchObject({ queueDepth, poolBytes: memoryBudgetBytes });
  });

  it("tells each try while it goes", async () => {
    const told: TuneStatus[] = [];
    const off = bench.client.on("stream.tune", (event) => told.push(event.tune));
    const { tries } = await tune();
    off();
    expect(told.at(-1)!.state.kind).toBe("done");
    for (let n = 1; n <= tries.length; n++) {
      const first = told.find((status) => status.tries.length === n)!;
      expect(first.tries.at(-1)!.verdict.kind).toBe("running");
      expect(first.state.kind).toBe("running");
    }
    expect(tries.map(({ verdict }) => verdict.kind)).not.toContain("running");
  });

  it("says which blocks failed, and finds nothing on a machine that keeps up with none", async () => {
    machine.smallestBytes = Infinity;
    const { state, tries } = await tune();
    expect(state).toEqual({ kind: "done", found: null });
    expect(tries[0]!.verdict).toEqual({ kind: "bad", why: "the queue ran dry" });
  });

  it("is cancelled while a try is still getting its memory", async () => {
    const before = await get();
    bench.addon.memory.stepMs = 3_600_000;
    const ended = tune();
    await vi.waitFor(() => expect(bench.addon.streams).toHaveLength(1));
    await request("stream.tuneStop", { stream: ADC });
    expect((await ended).state).toEqual({ kind: "cancelled" });
    const after = await get();
    expect(after.settings).toEqual(before.settings);
    expect(after.state).toEqual({ kind: "idle" });
  });

  it("runs again what ran before, when it is cancelled too", async () => {
    const { settings } = await request("stream.start", { stream: ADC });
    const first = firstTry();
    const ended = tune({ seconds: 60 });
    await first;
    await request("stream.tuneStop", { stream: ADC });
    expect((await ended).state).toEqual({ kind: "cancelled" });
    expect(await get()).toMatchObject({ settings, state: { kind: "running" } });
  });

  it("has the stream for itself: changes, starts, stops and recordings are refused meanwhile", async () => {
    const first = firstTry();
    const ended = tune({ seconds: 60 });
    await first;
    const patch = { blockCount: 9 };
    const asked = [
      request("stream.configure", { stream: ADC, patch }),
      request("stream.start", { stream: ADC }),
      request("stream.stop", { stream: ADC }),
      request("stream.single", { stream: ADC, scans: 100, preScans: 0 }),
      request("recording.start", { stream: ADC }),
      tune(),
    ];
    for (const one of asked) expect(await refusal(one)).toMatchObject({ code: "BUSY" });
    await request("stream.tuneStop", { stream: ADC });
    expect((await ended).state.kind).toBe("cancelled");
    expect((await request("stream.configure", { stream: ADC, patch })).geometry!.blockCount).toBe(
      9,
    );
  });

  it("ends with the window that asked for it", async () => {
    const other = await bench.connect();
    const first = firstTry();
    const asked = other.request("stream.tune", { stream: ADC, seconds: 60, marginPercent: 50 });
    asked.catch(() => {});
    await first;
    const over = bench.next("stream.tune", (event) => event.tune.state.kind === "cancelled");
    other.close();
    await over;
    await expect.poll(async () => (await get()).state.kind).toBe("idle");
  });

  it("of a device that goes says so, and leaves its settings", async () => {
    const { settings } = await get();
    const first = firstTry();
    const ended = refusal(tune({ seconds: 60 }));
    await first;
    await request("stream.fault", { stream: ADC, fault: "vanish" });
    expect(await ended).toMatchObject({ code: "ENODEV" });
    expect((await get()).settings).toEqual(settings);
    await request("stream.fault", { stream: ADC, fault: "none" });
  });

  it("ends with the host", async () => {
    const first = firstTry();
    const ended = tune({ seconds: 60 });
    ended.catch(() => {});
    await first;
    await bench.host.close();
  });

  it("is refused while recording, and where a queue can't run dry", async () => {
    await request("recording.start", { stream: ADC, name: "busy" });
    expect(await refusal(tune())).toMatchObject({ code: "BUSY_RECORDING" });
    await request("recording.stop", { stream: ADC });
    await request("stream.stop", { stream: ADC });
    await request("stream.configure", { stream: ADC, patch: { rateMax: true } });
    expect(await refusal(tune())).toMatchObject({ code: "CANNOT_TUNE", field: "rateMax" });
  });

  it("says what the stream needs before it can run", async () => {
    const refused = await refusal(tune({ stream: IMU }));
    expect(refused).toMatchObject({ code: "CANNOT_TUNE", field: "deviceTrigger" });
    expect(refused.message).toContain("Choose sim-timer1 or sim-timer10.");
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: 1000 } };
    await request("stream.configure", { stream: IMU, patch });
    await bench.client.request("stream.tuneStop", { stream: IMU });
    expect((await tune({ stream: IMU })).tries.length).toBeGreaterThan(0);
  });
});
