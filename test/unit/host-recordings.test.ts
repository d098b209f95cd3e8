import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkName, nameFromPattern } from "../../electron/host/recordings/names.js";
import type { RecordingResult } from "../../shared/recording.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, IMU, refusal, RX } from "./fake/host.js";
import { ended, file, folder, meta, sound } from "./fake/recordings-bench.js";

benchForEach();

const record = async (params: object = {}): Promise<RecordingResult> => {
  const end = ended();
  await request("recording.start", {
    stream: ADC,
    name: "take",
    scans: 40_000,
    hash: false,
    ...params,
  });
  return (await end).result;
};
const progressed = (scans: number) =>
  bench.next(
    "recording",
    ({ status }) => status.scans >= scans && status.state.kind === "recording",
  );

describe("a recording", () => {
  it("holds so many scans as asked, from the first one on, and says what is in it", async () => {
    const result = await record();
    expect(result).toMatchObject({
      samples: 40_000,
      bytes: 160_000,
      lostSamples: 0,
      continuity: "exact",
      gaps: [],
      transport: "simulator",
      error: null,
    });
    expect(statSync(file("take.sigmf-data")).size).toBe(160_000);
    const { global, captures } = meta("take");
    expect(global).toMatchObject({
      "core:datatype": "ri16_le",
      "core:num_channels": 2,
      "core:sample_rate": 1e6,
      "iio:state": "complete",
      "iio:samples": 40_000,
    });
    expect(captures[0]).toMatchObject({ "core:sample_start": 0, "core:global_index": 0 });
    await sound("take");
  });

  it("begins at once on a running stream, which goes on after it", async () => {
    await request("stream.start", { stream: ADC });
    await request("recording.start", { stream: ADC, hash: false });
    await progressed(20_000);
    expect((await request("stream.get", { stream: ADC })).recording).toMatch(/^\d{4}-.*_adc$/);
    const result = await request("recording.stop", { stream: ADC });
    expect(result.samples).toBeGreaterThanOrEqual(20_000);
    expect(await request("stream.get", { stream: ADC })).toMatchObject({
      state: { kind: "running" },
      recording: null,
    });
    await sound(result.name);
  });

  it("keeps a stream from being stopped or set, and goes on in a new one when asked", async () => {
    await request("recording.start", { stream: ADC, name: "first", note: "bench", hash: false });
    await progressed(10_000);
    const rate = {
      device: "sim:adc",
      scope: { kind: "device" as const },
      name: "sampling_frequency",
      value: "500000",
    };
    for (const work of [
      request("stream.stop", { stream: ADC }),
      request("stream.single", { stream: ADC, scans: 10, preScans: 0 }),
      request("stream.configure", { stream: ADC, patch: { blockCount: 16 } }),
      request("attribute.write", rate),
    ]) {
      expect(await refusal(work)).toMatchObject({ code: "BUSY_RECORDING" });
    }
    const first = ended();
    await request("stream.configure", {
      stream: ADC,
      patch: { blockCount: 16 },
      continueRecording: true,
    });
    expect((await first).status.name).toBe("first");
    const info = await request("stream.get", { stream: ADC });
    expect(info).toMatchObject({ state: { kind: "running" }, run: 2 });
    expect(info.recording).not.toBeNull();
    const second = ended();
    await request("attribute.write", { ...rate, continueRecording: true });
    const { status, result } = await second;
    expect(status).toMatchObject({ note: "bench" });
    expect(result.name).toBe(info.recording);
    await request("recording.stop", { stream: ADC });
    await sound("first");
  });

  it("tells of attributes at the start, of changes with their sample, and of the LO", async () => {
    await request("recording.start", { stream: RX, name: "rf", hash: false });
    await progressed(10_000);
    await request("attribute.write", {
      device: "sim:transceiver-phy",
      scope: { kind: "channel", channel: "altvoltage0" },
      name: "frequency",
      value: "2140100000",
    });
    const { scans } = (await bench.next("recording")).status;
    await progressed(scans + 1);
    await request("recording.stop", { stream: RX });
    const { global, captures, annotations } = meta("rf");
    expect(global["core:datatype"]).toBe("ci16_le");
    const attributes = global["iio:attributes"] as { name: string; value: string }[];
    expect(attributes.find((one) => one.name === "altvoltage0/frequency")?.value).toBe(
      "2140000000",
    );
    expect(captures[0]).toMatchObject({ "core:frequency": 2_140_000_000 });
    expect(captures.at(-1)).toMatchObject({ "core:frequency": 2_140_100_000 });
    expect(annotations[0]?.["core:comment"]).toBe(
      "transceiver-phy altvoltage0/frequency = 2140100000",
    );
    expect(global["iio:linked_devices"]).toMatchObject([{ id: "sim:transceiver-phy" }]);
    await sound("rf");
  });

  it("writes every gap as a capture with what was lost", async () => {
    await request("recording.start", { stream: ADC, name: "gap", hash: false });
    await progressed(10_000);
    await request("stream.fault", { stream: ADC, fault: "lost-blocks" });
    await bench.next("recording", ({ status }) => status.continuity.gaps === 1);
    await expect.poll(() => meta("gap").captures.length, { timeout: 5000 }).toBe(2);
    expect(meta("gap").global["iio:state"]).toBe("recording");
    const result = await request("recording.stop", { stream: ADC });
    expect(result).toMatchObject({ lostSamples: 16_384, lostMin: 16_384, lostMax: 16_384 });
    const [, second] = meta("gap").captures;
    const at = result.gaps[0]!.sampleStart;
    expect(second).toMatchObject({
      "core:sample_start": at,
      "core:global_index": at + 16_384,
      "iio:gap_grade": "exact",
    });
    await sound("gap");
  });

  it("is split into a collection where one file can't hold it, and reads back the same", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    const end = ended();
    await request("recording.start", { stream: IMU, name: "imu", scans: 300, hash: true });
    const { result } = await end;
    expect(result.samples).toBe(300);
    expect(existsSync(file("imu.sigmf-collection"))).toBe(true);
    expect(existsSync(file("imu-timestamp.sigmf-data"))).toBe(true);
    const list = await request("recording.list", {});
    expect(list).toMatchObject([{ name: "imu", state: "complete", label: "inertial" }]);
    const info = await request("recording.open", { name: "imu" });
    expect(info.settings.channels).toEqual(["accel_x", "accel_y", "accel_z", "timestamp"]);
    const shown = await request("view.frame", {
      stream: info.id,
      traces: [{ channel: "accel_z", part: "value" }],
      range: { kind: "all" },
      columns: 200,
      physical: true,
    });
    expect(shown.x).toHaveLength(300);
    expect(shown.timeAxis).toBe("timestamp");
    expect(shown.t[100]! - shown.t[0]!).toBeCloseTo(0.1);
    expect(shown.traces[0]!.y[0]).toBeCloseTo(9.8, 0);
  });

  it("is renamed and described while it runs and after", async () => {
    await request("recording.start", { stream: ADC, name: "draft", hash: false });
    await progressed(5000);
    const status = await request("recording.annotate", {
      name: "draft",
      newName: "final",
      note: "warm-up",
    });
    expect(status).toMatchObject({ name: "final", note: "warm-up" });
    const result = await request("recording.stop", { stream: ADC });
    expect(result.name).toBe("final");
    expect(readdirSync(folder()).sort()).toEqual([
      "final.iio-journal",
      "final.sigmf-data",
      "final.sigmf-meta",
    ]);
    expect(meta("final").global["core:description"]).toBe("warm-up");
    await request("recording.annotate", { name: "final", newName: "kept", note: "cold" });
    expect(meta("kept").global["core:description"]).toBe("cold");
    expect(existsSync(file("final.sigmf-meta"))).toBe(false);
    await sound("kept");
    const clash = request("recording.annotate", { name: "nothing", note: "x" });
    expect(await refusal(clash)).toMatchObject({ code: "NOT_FOUND" });
  });

  it("gets its SHA-512 afterwards, with progress, and is complete before", async () => {
    const hashed = bench.next(
      "recording",
      ({ status }) => status.hashing === null && status.state.kind === "done",
    );
    await record({ name: "hashed", hash: true });
    await hashed;
    const digest = createHash("sha512")
      .update(readFileSync(file("hashed.sigmf-data")))
      .digest("hex");
    expect(meta("hashed").global["core:sha512"]).toBe(digest);
    await sound("hashed");
  });

  it("of a device that vanishes keeps what came, and says why it ended", async () => {
    const end = ended();
    await request("recording.start", { stream: ADC, name: "cut", hash: false });
    await progressed(10_000);
    await request("stream.fault", { stream: ADC, fault: "vanish" });
    const { result, status } = await end;
    expect(result.samples).toBeGreaterThan(0);
    expect(result.error).toMatchObject({ code: "ENODEV" });
    expect(status.state).toMatchObject({ kind: "stopped" });
    expect(meta("cut").global["iio:end_reason"]).toContain("has gone");
    await sound("cut");
  });

  it("stops cleanly on a full disk with what was written intact", async () => {
    bench.addon.disk.fullAfterBytes = 300_000;
    const end = ended();
    await request("recording.start", { stream: ADC, name: "full", hash: false });
    const { result } = await end;
    expect(result.error).toMatchObject({ code: "ENOSPC" });
    expect(result.bytes).toBe(262_144);
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("running");
    await sound("full");
  });

  it("that never got a block leaves no files and says so", async () => {
    await request("stream.start", { stream: ADC });
    await request("stream.fault", { stream: ADC, fault: "stall" });
    await request("recording.start", { stream: ADC, name: "empty", hash: false });
    const result = await request("recording.stop", { stream: ADC });
    expect(result).toMatchObject({ samples: 0, files: [], error: { code: "EMPTY" } });
    expect(readdirSync(folder())).toEqual([]);
  });
});

describe("what a recording is refused for", () => {
  const start = (params: object = {}) =>
    refusal(request("recording.start", { stream: ADC, hash: false, ...params }));

  it("a name that is taken, or that leaves the folder", async () => {
    await record();
    expect(await start({ name: "take" })).toMatchObject({ code: "EEXIST", field: "name" });
    for (const name of ["../out", "a/b", ".hidden", "nul\0", " x", "x".repeat(300)]) {
      expect(await start({ name }), name).toMatchObject({ code: "BAD_REQUEST", field: "name" });
    }
  });

  it("a folder that can't be, or has no room", async () => {
    bench.addon.disk.freeBytes = 1e6;
    expect((await start()).message).toMatch(
      /^Only 1 MB are free in .*, and a recording begins with 134 MB at least: it always leaves 67.1 MB\. Free/,
    );
    bench.addon.disk.freeBytes = 1e12;
    rmSync(folder(), { recursive: true, force: true });
    writeFileSync(folder(), "a file");
    const refused = await start();
    expect(refused).toMatchObject({ code: "ENOTDIR" });
    expect(refused.message).toMatch(/is no folder\. Choose another\.$/);
    rmSync(folder());
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("idle");
  });

  it("a stream that is recorded already", async () => {
    await request("recording.start", { stream: ADC, name: "one", hash: false });
    expect(await start({ name: "two" })).toMatchObject({ code: "BUSY_RECORDING" });
    await progressed(1000);
    await request("recording.stop", { stream: ADC });
    const stop = refusal(request("recording.stop", { stream: ADC }));
    expect(await stop).toMatchObject({ code: "NOT_FOUND" });
  });
});

it("tells how much room there is before anything is recorded", async () => {
  const context = bench.hello.inventory.contexts.find((one) => one.id === "rec");
  expect(context?.freeBytes).toBe(1e12);
});

describe("names of recordings", () => {
  it("follow the pattern, and count where it is taken", async () => {
    const where = join(bench.folder, "names");
    mkdirSync(where);
    const now = new Date(2026, 10, 20, 12, 41, 7);
    const name = () => nameFromPattern("{device}-{date}-{time}", where, "ad9361 rx/0", now);
    expect(await name()).toBe("ad9361-rx-0-2026-11-20-12-41-07");
    writeFileSync(join(where, "ad9361-rx-0-2026-11-20-12-41-07.sigmf-data"), "");
    expect(await name()).toBe("ad9361-rx-0-2026-11-20-12-41-07-2");
    expect(await nameFromPattern("run{n}", where, "a", now)).toBe("run1");
    expect(checkName("Ärger 1")).toBe("Ärger 1");
  });
});

describe("opened recordings", () => {
  it("are devices of the Recordings context, drawn by the same requests", async () => {
    await record();
    const device = bench.next("device", (data) => data.device.id === "rec:take");
    const info = await request("recording.open", { name: "take" });
    expect(info).toMatchObject({ id: "rec:take/buffer0", transport: { kind: "replay" } });
    expect((await device).device).toMatchObject({ context: "rec", channels: [{ unit: "V" }, {}] });
    const shown = await request("view.frame", {
      stream: info.id,
      traces: [
        { channel: "voltage1", part: "value" },
        { channel: "voltage0", part: "value" },
      ],
      range: { kind: "all" },
      columns: 300,
      physical: true,
      keep: "view",
    });
    expect(shown).toMatchObject({ form: "columns", fromScan: 0, toScan: 40_000, timeAxis: "rate" });
    expect(Math.max(...shown.traces[1]!.y)).toBeCloseTo(0.8, 1);
    expect(BigInt(shown.zeroTimeNs)).toBeGreaterThan(1_600_000_000_000_000_000n);
    expect(await request("stream.counters", { stream: info.id })).toMatchObject({ scans: 40_000 });
    expect(await refusal(request("stream.start", { stream: info.id }))).toMatchObject({
      code: "BAD_REQUEST",
    });
    const gone = bench.next("device.removed");
    await request("recording.close", { name: "take" });
    expect((await gone).device).toBe("rec:take");
  });

  it("say what is true of a file, and the attributes with their units", async () => {
    await record();
    const opened = bench.next("device", (data) => data.device.id === "rec:take");
    const info = await request("recording.open", { name: "take" });
    expect(info.geometry).toBeNull();
    expect(info.file).toMatchObject({
      scans: 40_000,
      seconds: 0.04,
      bytes: 160_000,
      continuity: { grade: "exact", gaps: 0 },
      how: { transport: "simulator", heap: "pages", blockCount: 627 },
    });
    const { attributes } = (await opened).device;
    const told = (name: string, channel?: string) =>
      attributes.find(({ scope, name: own }) =>
        scope.kind === "channel" ? scope.channel === channel && own === name : own === name,
      );
    expect(told("sampling_frequency")).toMatchObject({ unit: "Hz", value: { raw: "1000000" } });
    expect(told("amplitude", "voltage0")).toMatchObject({ unit: "V", value: { raw: "0.8000" } });
    // As it was before the buffer was held.
    expect(told("raw", "voltage0")?.value).toMatchObject({
      state: "ok",
      raw: expect.stringMatching(/^-?\d+$/) as string,
    });
  });

  it("are listed as files come and go, with the damaged ones named", async () => {
    await record();
    const twice = bench.next("recording.list", ({ list }) => list.length === 2);
    const text = readFileSync(file("take.sigmf-meta"), "utf8");
    writeFileSync(file("copy.sigmf-data"), readFileSync(file("take.sigmf-data")));
    writeFileSync(file("copy.sigmf-meta"), text);
    await twice;
    const damaged = bench.next("recording.list", ({ list }) =>
      list.some((entry) => entry.state === "damaged"),
    );
    writeFileSync(file("copy.sigmf-meta"), text.slice(0, 100));
    const entry = (await damaged).list.find((one) => one.name === "copy");
    expect(entry?.error?.message).toBeTruthy();
    expect(await refusal(request("recording.open", { name: "copy" }))).toMatchObject({
      code: "BAD_RECORDING",
    });
    expect(await refusal(request("recording.open", { name: "none" }))).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await refusal(request("recording.open", { name: "../take" }))).toMatchObject({
      code: "BAD_REQUEST",
    });
  });
});
