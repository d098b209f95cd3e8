/** The host with the real addon and the simulator: what is recorded is what was converted, sample by sample. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { trackDisposables } from "../../electron/host/disposable.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { loadAddon } from "../../native/load.js";
import type { RecordingResult } from "../../shared/recording.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, IMU, makeBench, refusal, RX, type Bench } from "../unit/fake/host.js";

const addon = loadAddon();
let bench: Bench;
let leaks: () => string[];
let filesBefore: number;
const openFiles = () => readdirSync("/proc/self/fd").length;

/** What Node opens once and keeps (its watch of files) is no leak. */
beforeAll(async () => {
  const warmUp = await makeBench({ addon: addon as FakeAddon });
  await warmUp.client.request("recording.start", { stream: ADC, name: "warm", scans: 1000 });
  await warmUp.close();
});

beforeEach(async () => {
  filesBefore = openFiles();
  leaks = trackDisposables();
  bench = await makeBench({ addon: addon as FakeAddon });
});

afterEach(async () => {
  await bench.close();
  expect(leaks()).toEqual([]);
  await expect.poll(openFiles, { timeout: 10_000 }).toBeLessThanOrEqual(filesBefore);
});

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const file = (name: string) => join(bench.folder, "recordings", name);
const words = (name: string) => {
  const bytes = readFileSync(file(`${name}.sigmf-data`));
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
};
const ended = () => bench.next("recording.ended");
const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);
const setAdc = (name: string, value: string) =>
  request("attribute.write", { device: "sim:adc", scope: { kind: "device" }, name, value });
const record = async (params: object): Promise<RecordingResult> => {
  const end = ended();
  await request("recording.start", { stream: ADC, hash: false, ...params });
  return (await end).result;
};

describe("a recording of the simulated converter", () => {
  it("holds every sample at the highest rate, from the very first on", async () => {
    await setAdc("counter_mode", "1");
    await request("stream.configure", {
      stream: ADC,
      patch: { channels: ["voltage0"], rateMax: true },
    });
    const result = await record({ name: "max", scans: 10_000_000, hash: true });
    expect(result).toMatchObject({ samples: 10_000_000, lostSamples: 0, continuity: "exact" });
    const samples = words("max");
    let wrong = 0;
    for (let n = 0; n < samples.length; n++) if (samples[n] !== (n << 16) >> 16) wrong++;
    expect(wrong).toBe(0);
    await sound("max");
  });

  it("counts exactly what was lost, and each sample stands at its index", async () => {
    await setAdc("counter_mode", "1");
    await request("stream.configure", { stream: ADC, patch: { channels: ["voltage0"] } });
    await request("recording.start", { stream: ADC, name: "lossy", hash: false });
    await request("stream.fault", { stream: ADC, fault: "lost-blocks" });
    await bench.next("recording", ({ status }) => status.continuity.gaps >= 2);
    await request("stream.fault", { stream: ADC, fault: "transfer-error" });
    const { headers } = await bench.next("stream.progress", (p) => p.headers.failures.length > 0);
    expect(headers.failures[0]?.message).toBeTruthy();
    const before = (await request("stream.counters", { stream: ADC })).scans;
    await bench.next("stream.progress", ({ counters }) => counters.scans > before + 100_000);
    const result = await request("recording.stop", { stream: ADC });
    expect(result.gaps.length).toBeGreaterThanOrEqual(3);
    expect(result.continuity).toBe("exact");
    const samples = words("lossy");
    const first = samples[0]! & 0xffff;
    let lost = 0;
    let gap = 0;
    let wrong = 0;
    for (let n = 0; n < samples.length; n++) {
      if (result.gaps[gap]?.sampleStart === n) lost += result.gaps[gap++]!.lost!;
      if ((samples[n]! & 0xffff) !== ((first + n + lost) & 0xffff)) wrong++;
    }
    expect(wrong).toBe(0);
    expect(lost).toBe(result.lostSamples);
    await sound("lossy");
  });

  it("rests its verdict on what the samples proved, not on what was declared", async () => {
    const evidence = async (name: string, counterMode: string): Promise<unknown> => {
      await setAdc("counter_mode", counterMode);
      await request("stream.configure", {
        stream: ADC,
        patch: { channels: ["voltage0"], counter: ["voltage0"] },
      });
      const result = await record({ name, scans: 200_000 });
      await request("stream.stop", { stream: ADC });
      expect(result).toMatchObject({ continuity: "exact", lostSamples: 0 });
      await sound(name);
      const { global } = JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as {
        global: { "iio:continuity": { evidence: string } };
      };
      return global["iio:continuity"].evidence;
    };
    expect(await evidence("counted", "1")).toBe("counter in voltage0");
    expect(await evidence("given-up", "0")).toBe(
      "the simulator counts what it loses (voltage0 does not count scans and was given up)",
    );
  });

  it("opens into views: all of it, and single samples of any place", async () => {
    await setAdc("counter_mode", "1");
    await request("stream.configure", { stream: ADC, patch: { channels: ["voltage0"] } });
    await record({ name: "view", scans: 1_000_000 });
    const info = await request("recording.open", { name: "view" });
    const ask = (range: object) =>
      request("view.frame", {
        stream: info.id,
        traces: [{ channel: "voltage0", part: "value" }],
        range: range as { kind: "all" },
        columns: 800,
        physical: false,
      });
    await expect
      .poll(async () => (await ask({ kind: "all" })).summarised, { timeout: 20_000 })
      .toBe(1);
    const all = await ask({ kind: "all" });
    expect(all).toMatchObject({ form: "columns", fromScan: 0, toScan: 1_000_000 });
    expect(Math.max(...all.traces[0]!.y)).toBe(32_767);
    const close = await ask({ kind: "range", fromScan: 700_000, toScan: 700_100 });
    expect(close.form).toBe("samples");
    for (let n = 0; n < close.x.length; n++) {
      const scan = close.originScan + close.x[n]!;
      expect(close.traces[0]!.y[n]).toBe((scan << 16) >> 16);
    }
    const exact = await request("view.samples", {
      stream: info.id,
      channel: "voltage0",
      fromScan: 65_530,
      count: 10,
    });
    expect(Array.from(exact.values as Int32Array)).toEqual([-6, -5, -4, -3, -2, -1, 0, 1, 2, 3]);
  });

  it("of a vanished device keeps what came; the device comes back and records again", async () => {
    const end = ended();
    await request("recording.start", { stream: ADC, name: "gone", hash: false });
    await bench.next("recording", ({ status }) => status.scans > 100_000);
    await request("stream.fault", { stream: ADC, fault: "vanish" });
    const { result } = await end;
    expect(result.error).toMatchObject({ code: "ENODEV" });
    expect(result.samples).toBeGreaterThan(100_000);
    await sound("gone");
    expect(await refusal(request("stream.start", { stream: ADC }))).toMatchObject({
      code: "ENODEV",
    });
    await request("stream.fault", { stream: ADC, fault: "none" });
    expect((await record({ name: "back", scans: 50_000 })).samples).toBe(50_000);
  });

  it("refuses a folder that can't be written or is not there, and a name that is taken", async () => {
    await record({ name: "once", scans: 20_000 });
    expect(await refusal(request("recording.start", { stream: ADC, name: "once" }))).toMatchObject({
      code: "EEXIST",
    });
    expect(statSync(file("once.sigmf-data")).size).toBe(80_000);
  });
});

describe("the simulated transceiver", () => {
  it("is recorded as complex numbers of the values converted", async () => {
    const end = ended();
    await request("recording.start", { stream: RX, name: "iq", scans: 200_000, hash: false });
    expect((await end).result).toMatchObject({ samples: 200_000, bytes: 800_000 });
    const meta = JSON.parse(readFileSync(file("iq.sigmf-meta"), "utf8")) as {
      global: Record<string, unknown>;
    };
    expect(meta.global).toMatchObject({ "core:datatype": "ci16_le", "core:num_channels": 1 });
    const samples = words("iq");
    for (let n = 0; n < 100_000; n += 997) {
      const magnitude = Math.hypot(samples[2 * n]!, samples[2 * n + 1]!) / 2048;
      expect(magnitude).toBeGreaterThan(0.3);
      expect(magnitude).toBeLessThan(0.33);
    }
    await sound("iq");
    const info = await request("recording.open", { name: "iq" });
    const shown = await request("view.frame", {
      stream: info.id,
      traces: [{ channel: "voltage0_i+voltage0_q", part: "magnitude" }],
      range: { kind: "range", fromScan: 1000, toScan: 1100 },
      columns: 100,
      physical: true,
    });
    for (const value of shown.traces[0]!.y) expect(value).toBeCloseTo(0.316, 1);
  });
});

describe("the simulated inertial sensor", () => {
  it("shows each sample soon, on its timestamps, and records both", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await request("stream.start", { stream: IMU });
    await bench.next("stream.progress", ({ counters }) => counters.scans > 300);
    const shown = await request("view.frame", {
      stream: IMU,
      traces: [{ channel: "accel_z", part: "value" }],
      range: { kind: "follow", scans: 200 },
      columns: 100,
      physical: true,
    });
    expect(shown.timeAxis).toBe("timestamp");
    expect(shown.t[1]! - shown.t[0]!).toBeCloseTo(0.001, 6);
    expect(shown.traces[0]!.y[5]).toBeCloseTo(9.8, 0);
    const wall = Number(BigInt(shown.zeroTimeNs) / 1_000_000n);
    expect(Math.abs(Date.now() - wall)).toBeLessThan(60_000);
    await request("recording.start", { stream: IMU, name: "imu", scans: 500, hash: true });
    const { result } = await ended();
    expect(result).toMatchObject({ samples: 500, continuity: "exact", lostSamples: 0 });
    await bench.next("recording", ({ status }) => status.hashing === null);
    await sound("imu");
    const bytes = readFileSync(file("imu-timestamp.sigmf-data"));
    const times = new BigInt64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 4000));
    for (let n = 1; n < 500; n++) {
      expect(Number(times[n]! - times[n - 1]!)).toBeCloseTo(1e6, -2);
    }
    const info = await request("recording.open", { name: "imu" });
    const opened = await request("view.frame", {
      stream: info.id,
      traces: [{ channel: "accel_z", part: "value" }],
      range: { kind: "all" },
      columns: 200,
      physical: true,
    });
    expect(opened.timeAxis).toBe("timestamp");
    expect(opened.traces[0]!.y[10]).toBeCloseTo(9.8, 0);
  });

  it("says that it waits for its device trigger when that stands still", async () => {
    const patch = { deviceTrigger: { name: "sim-timer1", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await request("stream.start", { stream: IMU });
    await bench.next("stream.progress", ({ counters }) => counters.blocks > 1);
    await request("stream.fault", { stream: IMU, fault: "stall" });
    const { counters } = await bench.next("stream.progress", (p) => p.counters.waitingFor !== null);
    expect(counters.waitingFor).toMatch(/^Waiting for the device trigger sim-timer1:/);
  });
});

describe("views of a live stream", () => {
  it("find the scope trigger across blocks and draw around it, t = 0 at the crossing", async () => {
    const trigger = {
      trace: { channel: "voltage0", part: "value" as const },
      edge: "falling" as const,
      level: 0.25,
      hysteresis: 0.1,
      physical: true,
    };
    await request("stream.trigger", { stream: ADC, trigger });
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.triggers > 100);
    const frame = await request("view.frame", {
      stream: ADC,
      traces: [{ channel: "voltage0", part: "value" }],
      range: { kind: "trigger", preScans: 50, postScans: 50, mode: "normal" },
      columns: 400,
      physical: true,
    });
    expect(frame.trigger).not.toBeNull();
    const y = frame.traces[0]!.y;
    const at = Array.from(frame.x).findIndex((x) => x > 0);
    expect(y[at - 1]! >= 0.25 && y[at]! < 0.25).toBe(true);
    expect(Math.abs(frame.t[at]!)).toBeLessThan(1e-6);
  });

  it("keep the frozen span's samples after a stop, down to single ones", async () => {
    await setAdc("counter_mode", "1");
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.scans > 200_000);
    await request("stream.stop", { stream: ADC });
    const counters = await request("stream.counters", { stream: ADC });
    const reply = await request("view.samples", {
      stream: ADC,
      channel: "voltage1",
      fromScan: counters.historyToScan - 100,
      count: 50,
    });
    const values = Array.from(reply.values as Int32Array);
    values.forEach((value, n) => expect(value).toBe(((reply.fromScan + n) << 16) >> 16));
  });

  it("take a single acquisition of many blocks, whole", async () => {
    await setAdc("counter_mode", "1");
    const span = await request("stream.single", { stream: ADC, scans: 300_000, preScans: 0 });
    const first = await request("view.samples", {
      stream: ADC,
      channel: "voltage0",
      fromScan: span.fromScan,
      count: 1,
    });
    expect(first.fromScan).toBe(span.fromScan);
  });
});
