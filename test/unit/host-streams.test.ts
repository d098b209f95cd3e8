import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { trackDisposables } from "../../electron/host/disposable.js";
import { ADC, IMU, makeBench, refusal, RX, type Bench } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";

let bench: Bench;
let leaks: () => string[];

beforeEach(async () => {
  leaks = trackDisposables();
  bench = await makeBench();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
  expect(bench.addon.open()).toBe(0);
  expect(leaks()).toEqual([]);
});

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const newest = (): FakeStream => bench.addon.streams.at(-1) as FakeStream;
const frame = (channel: string, more: object = {}) =>
  request("view.frame", {
    stream: ADC,
    traces: [{ channel, part: "value" }],
    range: { kind: "follow", scans: 20_000 },
    columns: 500,
    physical: true,
    ...more,
  });
const running = (least = 40_000) =>
  bench.next("stream.progress", ({ counters }) => counters.scans >= least);

describe("a stream whose memory is being allocated", () => {
  it("has nothing to show yet, which is no fault", async () => {
    let allocated: () => void = () => undefined;
    const start = FakeStream.prototype.start;
    vi.spyOn(FakeStream.prototype, "start").mockImplementation(async function (this: FakeStream) {
      await new Promise<void>((resolve) => (allocated = resolve));
      return start.call(this);
    });
    vi.spyOn(FakeStream.prototype, "query").mockRejectedValueOnce(
      new Error("The stream has not started yet."),
    );
    vi.spyOn(FakeStream.prototype, "pin").mockImplementationOnce(() => {
      throw new Error("The stream has not started yet.");
    });
    const starting = bench.next("stream", ({ stream }) => stream.state.kind === "starting");
    const started = request("stream.start", { stream: ADC });
    expect((await starting).stream.geometry?.poolBytes).toBeGreaterThan(0);
    await vi.waitFor(() => expect(newest()).toBeDefined());
    expect((await frame("voltage0", { keep: "view" })).x).toHaveLength(0);
    allocated();
    expect((await started).state.kind).toBe("running");
  });
});

describe("a start that takes its time", () => {
  const slowly = (): void => void (bench.addon.memory.stepMs = 40);
  const allocating = () =>
    bench.next(
      "stream",
      ({ stream: { state } }) => state.kind === "starting" && (state.allocation?.bytes ?? 0) > 0,
    );

  it("tells how much of its memory is there", async () => {
    slowly();
    const told: number[] = [];
    bench.client.on("stream", ({ stream: { state, geometry } }) => {
      if (state.kind !== "starting" || !state.allocation) return;
      expect(state.allocation.totalBytes).toBe(geometry?.poolBytes);
      told.push(state.allocation.bytes / state.allocation.totalBytes);
    });
    expect((await request("stream.start", { stream: ADC })).state.kind).toBe("running");
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.every((part) => part > 0 && part <= 1)).toBe(true);
  });

  it("is cancelled by a stop, gives all back, and is no failure", async () => {
    slowly();
    const started = refusal(request("stream.start", { stream: ADC }));
    await allocating();
    const stopped = await request("stream.stop", { stream: ADC });
    expect(stopped).toMatchObject({ state: { kind: "idle" }, run: 0 });
    const { code, message } = await started;
    expect(code).toBe("CANCELLED");
    expect(message).toMatch(/given back.*Run again/);
    expect(bench.addon.open()).toBe(0);
    bench.addon.memory.stepMs = 0;
    expect((await request("stream.start", { stream: ADC })).state.kind).toBe("running");
  });

  it("is cancelled before anything of it is there", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const starting = bench.next("stream", ({ stream }) => stream.state.kind === "starting");
    const started = refusal(request("stream.start", { stream: ADC }));
    await starting;
    await request("stream.stop", { stream: ADC });
    expect((await started).code).toBe("CANCELLED");
    expect(bench.addon.open()).toBe(0);
  });

  it("takes the recording along that waited for it, and leaves no file", async () => {
    slowly();
    const recorded = refusal(request("recording.start", { stream: ADC, name: "never" }));
    await allocating();
    await request("stream.stop", { stream: ADC });
    expect((await recorded).code).toBe("CANCELLED");
    expect(await request("recording.list", {})).toEqual([]);
    expect(readdirSync(join(bench.folder, "recordings"))).toEqual([]);
  });

  it("leaves a change of settings made, with the stream stopped, if it was for that", async () => {
    await request("stream.start", { stream: ADC });
    slowly();
    const changed = request("stream.configure", { stream: ADC, patch: { blockCount: 32 } });
    await allocating();
    await request("stream.stop", { stream: ADC });
    expect(await changed).toMatchObject({
      state: { kind: "idle" },
      settings: { blockCount: 32 },
    });
  });

  it("leaves to others only what it does not take", async () => {
    vi.spyOn(process, "availableMemory").mockReturnValue(1 << 30);
    const patch = { memoryBudgetBytes: 400 << 20 };
    for (const stream of [ADC, RX]) await request("stream.configure", { stream, patch });
    bench.addon.memory.stepMs = 3_600_000;
    const first = refusal(request("stream.start", { stream: ADC }));
    await vi.waitFor(() => expect(newest()?.allocation().totalBytes).toBeGreaterThan(0));
    const second = await refusal(request("stream.start", { stream: RX }));
    expect(second).toMatchObject({ code: "BUDGET", field: "memoryBudgetBytes" });
    await request("stream.stop", { stream: ADC });
    await first;
    bench.addon.memory.stepMs = 0;
    expect((await request("stream.start", { stream: RX })).state.kind).toBe("running");
  });

  it("does not keep the program from ending", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const started = refusal(request("stream.start", { stream: ADC }));
    await vi.waitFor(() => expect(newest()?.allocation().totalBytes).toBeGreaterThan(0));
    await bench.host.close();
    expect(bench.addon.open()).toBe(0);
    await started;
  });
});

describe("a stream", () => {
  it("is there for every input buffer, with geometry worked out before it runs", () => {
    const ids = bench.hello.streams.map((stream) => stream.id);
    expect(ids).toEqual(expect.arrayContaining([ADC, RX, IMU]));
  });

  it("runs, stops, and keeps its history readable", async () => {
    const started = await request("stream.start", { stream: ADC });
    expect(started.state.kind).toBe("running");
    expect(started.geometry).toMatchObject({ blockCount: 64, payloadBytes: 65_536 });
    await running();
    const stopped = await request("stream.stop", { stream: ADC });
    expect(stopped.state.kind).toBe("idle");
    const shown = await frame("voltage0");
    expect(shown.traces[0]!.y.length).toBeGreaterThan(100);
    expect(shown.ageSeconds).toBeNull();
  });

  it("draws volts from counts: offset, scale and display unit", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const volts = (await frame("voltage0")).traces[0]!.y;
    expect(Math.max(...volts)).toBeCloseTo(0.8, 1);
    expect(Math.min(...volts)).toBeCloseTo(-0.8, 1);
    const counts = (await frame("voltage0", { physical: false })).traces[0]!.y;
    expect(Math.max(...counts)).toBeGreaterThan(20_000);
    expect(Number.isInteger(counts[0])).toBe(true);
  });

  it("answers magnitude and phase of a pair, and refuses a value of one", async () => {
    await request("stream.start", { stream: RX });
    await bench.next(
      "stream.progress",
      ({ stream, counters }) => stream === RX && counters.scans > 50_000,
    );
    const pair = "voltage0_i+voltage0_q";
    const ask = (part: "value" | "magnitude" | "phase") =>
      request("view.frame", {
        stream: RX,
        traces: [{ channel: pair, part }],
        range: { kind: "follow", scans: 1000 },
        columns: 500,
        physical: true,
      });
    const magnitude = (await ask("magnitude")).traces[0]!.y;
    // 10 dB below full scale of 1 V, whatever the phase.
    for (const value of magnitude) expect(value).toBeCloseTo(10 ** (-10 / 20), 1);
    const phase = (await ask("phase")).traces[0]!.y;
    expect(Math.max(...phase)).toBeGreaterThan(3);
    expect(await refusal(ask("value"))).toMatchObject({ field: "traces" });
  });

  it("tells progress with headers at display rate, and counters at any time", async () => {
    await request("stream.start", { stream: ADC });
    const { headers, counters } = await running();
    expect(headers.sequence.length).toBe(headers.firstScan.length);
    expect(headers.blockStates.length).toBe(64);
    expect(counters.continuity).toMatchObject({ grade: "exact", lost: 0 });
    expect((await request("stream.counters", { stream: ADC })).blocks).toBeGreaterThan(0);
  });

  it("changes a waveform while running, without a restart", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const address = { device: "sim:adc", scope: { kind: "channel" as const, channel: "voltage0" } };
    await request("attribute.write", { ...address, name: "amplitude", value: "0.1" });
    expect(bench.addon.streams).toHaveLength(1);
    expect(newest().simulated()[0]!.amplitude).toBeCloseTo(3200);
  });

  it("restarts cleanly when a setting changes, and marks the break", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const changed = await request("stream.configure", { stream: ADC, patch: { blockCount: 20 } });
    expect(changed).toMatchObject({ state: { kind: "running" }, run: 2 });
    expect(newest().options.arena.blockCount).toBe(20);
    const { headers } = await bench.next(
      "stream.progress",
      (data) => data.headers.run === 2 && data.headers.sequence.length > 0,
    );
    expect(headers.gaps[0]).toMatchObject({ cause: "restart", scan: 0 });
    expect(bench.addon.open()).toBe(1);
  });

  it("restarts when its rate is written", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const rate = { device: "sim:adc", scope: { kind: "device" as const } };
    await request("attribute.write", { ...rate, name: "sampling_frequency", value: "500000" });
    const info = await request("stream.get", { stream: ADC });
    expect(info).toMatchObject({ state: { kind: "running" }, rateSetHz: 500_000, run: 2 });
    expect(newest().options.rateHz).toBe(500_000);
  });

  it("goes on as it was when a rate is refused", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const rate = { device: "sim:adc", scope: { kind: "device" as const } };
    const write = request("attribute.write", { ...rate, name: "sampling_frequency", value: "1" });
    expect(await refusal(write)).toMatchObject({ code: "EINVAL", kept: "1000000" });
    expect(await request("stream.get", { stream: ADC })).toMatchObject({
      state: { kind: "running" },
      rateSetHz: 1e6,
    });
  });

  it("takes its rate from the linked control device", async () => {
    const info = await request("stream.get", { stream: RX });
    expect(info.rateSetHz).toBe(3_840_000);
    await request("stream.start", { stream: RX });
    await request("attribute.write", {
      device: "sim:transceiver-phy",
      scope: { kind: "channel", channel: "voltage0" },
      name: "sampling_frequency",
      value: "1000000",
    });
    expect(await request("stream.get", { stream: RX })).toMatchObject({ rateSetHz: 1e6, run: 2 });
  });

  it("names the device trigger it needs before it starts, and takes it with a rate", async () => {
    const refused = await refusal(request("stream.start", { stream: IMU }));
    expect(refused).toMatchObject({ field: "deviceTrigger" });
    expect(refused.message).toContain("sim-timer1 or sim-timer10");
    const patch = { deviceTrigger: { name: "sim-timer1", rateHz: 250 } };
    await request("stream.configure", { stream: IMU, patch });
    const info = await request("stream.start", { stream: IMU });
    expect(info.rateSetHz).toBe(250);
    expect(info.geometry?.secondsPerBlock).toBeLessThanOrEqual(0.1);
    const device = await request("device.get", { device: "sim:inertial" });
    expect(device.currentTrigger).toBe("sim-timer1");
    const wrong = { deviceTrigger: { name: "sim-timer", rateHz: null } };
    expect(await refusal(request("stream.configure", { stream: IMU, patch: wrong }))).toMatchObject(
      { code: "NOT_FOUND", field: "deviceTrigger" },
    );
  });

  it("draws time from the timestamp channel where there is one, else from the rate", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await request("stream.start", { stream: IMU });
    await bench.next("stream.progress", ({ counters }) => counters.scans > 100);
    const ask = { traces: [{ channel: "accel_z", part: "value" as const }], columns: 100 };
    const range = { kind: "follow" as const, scans: 50 };
    const shown = await request("view.frame", { stream: IMU, ...ask, range, physical: true });
    expect(shown.timeAxis).toBe("timestamp");
    expect(shown.t[1]! - shown.t[0]!).toBeCloseTo(0.001);
    expect(shown.traces[0]!.y[0]).toBeCloseTo(9.8, 0);
    await request("stream.start", { stream: ADC });
    await running();
    const byRate = await frame("voltage0", { range: { kind: "follow", scans: 100 } });
    expect(byRate.timeAxis).toBe("rate");
    expect(byRate.t[1]! - byRate.t[0]!).toBeCloseTo(1e-6, 9);
  });
});

describe("settings of a stream", () => {
  it("are previewed without being applied", async () => {
    const shown = await request("stream.preview", {
      stream: ADC,
      patch: { blockSize: { kind: "scans", scans: 10_000 } },
    });
    expect(shown.geometry?.notes[0]).toContain("10,000 scans became");
    expect((await request("stream.get", { stream: ADC })).settings.blockSize.kind).toBe("auto");
  });

  it("are refused beside their field, and the old ones stay", async () => {
    const refusals: [object, string][] = [
      [{ channels: ["nonsense"] }, "channels"],
      [{ channels: [] }, "channels"],
      [{ queueDepth: 64, blockCount: 64 }, "queueDepth"],
      [{ memoryBudgetBytes: 2 ** 50 }, "memoryBudgetBytes"],
      [{ blockCount: 1_000_000 }, "blockCount"],
      [{ counter: ["voltage3"] }, "counter"],
      [{ transport: "dmabuf" }, "transport"],
      [{ heap: "system" }, "heap"],
    ];
    for (const [patch, field] of refusals) {
      const refused = await refusal(request("stream.configure", { stream: ADC, patch }));
      expect(refused, JSON.stringify(patch)).toMatchObject({ field });
    }
    expect((await request("stream.get", { stream: ADC })).settings).toMatchObject({
      channels: ["voltage0", "voltage1"],
      blockCount: null,
    });
  });

  it("take a pair for both its channels, in scan order", async () => {
    await request("stream.configure", { stream: RX, patch: { channels: ["voltage0_q"] } });
    const info = await request("stream.configure", {
      stream: RX,
      patch: { channels: ["voltage0_i+voltage0_q"] },
    });
    expect(info.settings.channels).toEqual(["voltage0_i", "voltage0_q"]);
  });
});

describe("a single acquisition", () => {
  it("takes the length asked, however many blocks that is, and stops", async () => {
    const span = await request("stream.single", { stream: ADC, scans: 50_000, preScans: 0 });
    expect(span.toScan - span.fromScan).toBe(50_000);
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("idle");
    const { fromScan, toScan } = span;
    const shown = await frame("voltage0", { range: { kind: "range", fromScan, toScan } });
    expect(shown.samplesFromScan).toBeLessThanOrEqual(span.fromScan);
  });

  it("waits for the scope trigger and stands around it", async () => {
    const trigger = {
      trace: { channel: "voltage0", part: "value" as const },
      edge: "rising" as const,
      level: 0.2,
      hysteresis: 0.1,
      physical: true,
    };
    await request("stream.trigger", { stream: ADC, trigger });
    const span = await request("stream.single", { stream: ADC, scans: 2000, preScans: 500 });
    expect(span.trigger).not.toBeNull();
    expect(span.trigger!.scan + span.trigger!.fraction - span.fromScan).toBeCloseTo(500);
    const at = await frame("voltage0", {
      range: { kind: "range", fromScan: span.trigger!.scan, toScan: span.trigger!.scan + 2 },
    });
    const [before, after] = at.traces[0]!.y;
    expect(before).toBeLessThan(0.2);
    expect(after).toBeGreaterThanOrEqual(0.2);
  });

  it("says what it waits for, and ends when the stream is stopped", async () => {
    const trigger = {
      trace: { channel: "voltage0", part: "value" as const },
      edge: "rising" as const,
      level: 5,
      hysteresis: 0,
      physical: true,
    };
    await request("stream.trigger", { stream: ADC, trigger });
    const waiting = refusal(request("stream.single", { stream: ADC, scans: 100, preScans: 0 }));
    const { counters } = await bench.next(
      "stream.progress",
      (data) => data.counters.waitingFor !== null,
    );
    expect(counters.waitingFor).toBe("Waiting for the scope trigger on voltage0.");
    await request("stream.stop", { stream: ADC });
    expect(await waiting).toMatchObject({ code: "STOPPED" });
  });

  it("is not given out with its start gone", async () => {
    const { pin } = FakeStream.prototype;
    vi.spyOn(FakeStream.prototype, "pin").mockImplementation(function (this: FakeStream, ...all) {
      const held = pin.apply(this, all);
      return { ...held, fromScan: held.fromScan + 4096 };
    });
    const refused = await refusal(
      request("stream.single", { stream: ADC, scans: 50_000, preScans: 0 }),
    );
    expect(refused).toMatchObject({ code: "OVERWRITTEN", field: "scans" });
    expect(refused.message).toContain("first 4,096 scans");
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("idle");
  });

  it("grows the pool for one longer than it, and refuses one that no memory holds", async () => {
    await request("stream.configure", { stream: ADC, patch: { channels: ["voltage0"] } });
    expect(
      await refusal(request("stream.single", { stream: ADC, scans: 1e13, preScans: 0 })),
    ).toMatchObject({ code: "BUDGET" });
    const span = await request("stream.single", { stream: ADC, scans: 1e6, preScans: 0 });
    expect(span.toScan - span.fromScan).toBe(1e6);
  });
});

describe("faults on demand", () => {
  const fault = (kind: "stall" | "lost-blocks" | "transfer-error" | "vanish" | "none") =>
    request("stream.fault", { stream: ADC, fault: kind });

  it("show a stall as what the stream waits for", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    await fault("stall");
    const { counters } = await bench.next(
      "stream.progress",
      (data) => data.counters.waitingFor !== null,
    );
    expect(counters.waitingFor).toMatch(/^Waiting for samples from adc: none for /);
    await fault("none");
    const on = await bench.next("stream.progress", (data) => data.counters.waitingFor === null);
    expect(on.counters.blocks).toBeGreaterThan(0);
  });

  it("count lost blocks exactly", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    await fault("lost-blocks");
    const { headers, counters } = await bench.next(
      "stream.progress",
      (data) => data.headers.gaps.length > 0,
    );
    expect(headers.gaps[0]).toMatchObject({ grade: "exact", lost: 16_384 });
    expect(counters.continuity).toMatchObject({ gaps: 1, lost: 16_384, lostMax: 16_384 });
  });

  it("show a vanished device as gone, keep its history, and let it come back", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const failed = bench.next("stream", ({ stream }) => stream.state.kind === "failed");
    const gone = bench.next("device", ({ device }) => device.presence === "gone");
    const notice = bench.next("notice");
    await fault("vanish");
    const { stream } = await failed;
    expect(await notice).toMatchObject({ level: "error", title: "adc was unplugged", stream: ADC });
    expect(stream.state).toMatchObject({ error: { code: "ENODEV" } });
    expect((await gone).device.goneAtMs).toBeGreaterThan(0);
    expect((await frame("voltage0")).traces[0]!.y.length).toBeGreaterThan(0);
    const refused = await refusal(request("stream.start", { stream: ADC }));
    expect(refused).toMatchObject({ code: "ENODEV" });
    // Nobody can plug a simulated device in: the sentence names its switch.
    expect(refused.message).toContain("Switch its fault “vanish” off");
    const left = await request("stream.get", { stream: ADC });
    expect(left.geometryError).toMatchObject({ code: "ENODEV" });
    expect(left).toMatchObject({ rateSetHz: 1e6, geometry: { blockCount: 64 } });
    const back = bench.next("device", ({ device }) => device.presence === "present");
    await request("attribute.write", {
      device: "sim:adc",
      scope: { kind: "device" },
      name: "fault_vanish",
      value: "0",
    });
    await back;
    expect((await request("stream.start", { stream: ADC })).state.kind).toBe("running");
  });

  it("leave nothing open when a stream can't be opened", async () => {
    bench.addon.refuseNext = Object.assign(new Error("No memory left for blocks. Take fewer."), {
      code: "ENOMEM",
    });
    expect(await refusal(request("stream.start", { stream: ADC }))).toMatchObject({
      code: "ENOMEM",
    });
    expect(await request("stream.get", { stream: ADC })).toMatchObject({
      state: { kind: "failed", error: { code: "ENOMEM" } },
    });
    expect((await request("stream.start", { stream: ADC })).state.kind).toBe("running");
  });
});

describe("views", () => {
  it("forward whole blocks within the credit, and count what was skipped", async () => {
    let got = 0;
    bench.client.on("blocks", ({ data }) => (got += data.byteLength));
    await request("view.blocks", { stream: ADC, on: true, creditBytes: 2 * 65_536 });
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.blocks > 6);
    expect(got).toBe(2 * 65_536);
    const more = bench.next("blocks");
    await request("view.credit", { stream: ADC, bytes: 65_536 });
    const block = await more;
    expect(block.skippedBlocks).toBeGreaterThan(0);
    expect(block.skippedBytes).toBe(block.skippedBlocks * 65_536);
  });

  it("pin spans per window, and let them go when the window goes", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const other = await bench.connect();
    const pin = { stream: ADC, key: "view", fromScan: 0, toScan: 20_000 };
    await request("stream.pin", pin);
    expect(await other.request("stream.pin", pin)).toMatchObject({ toScan: 20_000 });
    expect(newest().pinKeys()).toHaveLength(2);
    other.close();
    await expect.poll(() => newest().pinKeys().length).toBe(1);
    await request("stream.unpin", { stream: ADC, key: "view" });
    expect(newest().pinKeys()).toHaveLength(0);
  });

  it("keep the blocks of each view's last two live answers while the window is there", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const other = await bench.connect();
    const ask = (keep: string) =>
      other.request("view.frame", {
        stream: ADC,
        traces: [{ channel: "voltage0", part: "value" }],
        range: { kind: "follow", scans: 1000 },
        columns: 100,
        physical: true,
        keep,
      });
    for (let n = 0; n < 5; n++) {
      await ask("a");
      await ask("b");
    }
    expect(newest().pinKeys()).toHaveLength(4);
    other.close();
    await expect.poll(() => newest().pinKeys().length).toBe(0);
  });

  it("answer an empty frame before the first run, and name a channel that is off", async () => {
    expect((await frame("voltage0")).x).toHaveLength(0);
    await request("stream.start", { stream: ADC });
    expect(await refusal(frame("voltage3"))).toMatchObject({ code: "NOT_ENABLED" });
  });

  it("answer exact samples in arrays that own their buffers", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const reply = await request("view.samples", {
      stream: ADC,
      channel: "voltage1",
      fromScan: 100,
      count: 50,
    });
    expect(reply.fromScan).toBe(100);
    expect(reply.values).toHaveLength(50);
    expect(reply.values.byteLength).toBe(reply.values.buffer.byteLength);
  });
});
