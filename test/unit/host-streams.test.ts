/** Streams that run: what they tell, what changes them, and what goes wrong with them. */
import { describe, expect, it } from "vitest";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, IMU, refusal, RX } from "./fake/host.js";
import { frame, newest, running } from "./fake/streams-bench.js";

benchForEach();

describe("a stream", () => {
  it("is there for every input buffer, with geometry worked out before it runs", () => {
    const ids = bench.hello.streams.map((stream) => stream.id);
    expect(ids).toEqual(expect.arrayContaining([ADC, RX, IMU]));
  });

  it("runs, stops, and keeps its history readable", async () => {
    const started = await request("stream.start", { stream: ADC });
    expect(started.state.kind).toBe("running");
    expect(started.geometry).toMatchObject({ blockCount: 627, payloadBytes: 65_536 });
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
    expect(headers.blockStates.length).toBe(627);
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

  it("says how many blocks it can have, however many are asked for", async () => {
    for (const blockCount of [65_537, 1e12]) {
      const asked = request("stream.configure", { stream: ADC, patch: { blockCount } });
      const error = await refusal(asked);
      expect(error).toMatchObject({ code: "BAD_REQUEST", field: "blockCount" });
      expect(error.message).toMatch(/^A stream has at most 65,536 blocks\. Take fewer/);
    }
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
    expect(left).toMatchObject({ rateSetHz: 1e6, geometry: { blockCount: 627 } });
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
