import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AttributeScope, DeviceInfo } from "../../shared/device.js";
import { parseScanFormat } from "../../shared/parse-format.js";
import { noteKey } from "../../electron/host/identity.js";
import { overlayDevice, type AllNotes } from "../../electron/host/overlay.js";
import { parseRate } from "../../electron/host/rate-attribute.js";
import { makeBench, refusal, RX, type Bench } from "./fake/host.js";

describe("the overlay of what the user said", () => {
  const channel = (
    id: string,
    modifier = "",
    format = "le:s16/16>>0",
  ): DeviceInfo["channels"][0] => ({
    id,
    direction: "in",
    type: "voltage",
    modifier,
    label: "",
    scan: [{ buffer: 0, index: 0, format: parseScanFormat(format), enabled: true }],
    scale: "1",
    offset: "0",
    unitFactor: 1,
    unit: "V",
    scaled: true,
  });
  const device = (more: Partial<DeviceInfo>): DeviceInfo => ({
    id: "local:iio:device0",
    context: "local",
    name: "adc",
    label: "adc",
    detail: "",
    presence: "present",
    channels: [],
    pairs: [],
    buffers: [],
    attributes: [],
    links: [],
    triggers: [],
    currentTrigger: null,
    ...more,
  });
  const shown = (one: DeviceInfo, notes: AllNotes = {}) => overlayDevice(one, [one], notes);

  it("pairs I and Q by modifier, and not those of different formats", () => {
    const both = device({ channels: [channel("voltage0_i", "i"), channel("voltage0_q", "q")] });
    expect(shown(both).pairs).toMatchObject([{ id: "voltage0_i+voltage0_q", origin: "modifier" }]);
    const unlike = device({
      channels: [channel("voltage0_i", "i"), channel("voltage0_q", "q", "le:s32/32>>0")],
    });
    expect(shown(unlike).pairs).toEqual([]);
  });

  it("finds a buffer's rate at a linked device by the rules of the device itself", () => {
    const rate = (name: string, raw: string) => ({
      scope: { kind: "device" as const },
      name,
      access: "read-write" as const,
      control: "number" as const,
      available: { kind: "any" as const },
      unit: "Hz",
      value: { state: "ok" as const, raw, readAtMs: 0 },
    });
    const buffer = (direction: "in" | "out") =>
      ({ index: 0, direction, rate: null, rateHz: null }) as DeviceInfo["buffers"][0];
    const control = device({
      id: "local:iio:device1",
      name: "phy",
      attributes: [
        rate("out_sampling_frequency", "2000\n"),
        rate("in_sampling_frequency", "1.5e6 Hz"),
      ],
    });
    const links: DeviceInfo["links"] = [{ device: control.id, role: "control", origin: "name" }];
    const rateOf = (direction: "in" | "out") => {
      const own = device({ links, buffers: [buffer(direction)] });
      return overlayDevice(own, [own, control], {}).buffers[0];
    };
    expect(rateOf("in")).toMatchObject({
      rate: { device: control.id, name: "in_sampling_frequency" },
      rateHz: parseRate("1.5e6 Hz"),
    });
    expect(rateOf("out")).toMatchObject({
      rate: { name: "out_sampling_frequency" },
      rateHz: 2000,
    });
  });

  it("knows a device by its name when it comes back under another number", () => {
    const notes: AllNotes = { "local|adc|adc": { label: "bench adc" } };
    expect(shown(device({ id: "local:iio:device7" }), notes).label).toBe("bench adc");
    expect(shown(device({ name: "other" }), notes).label).toBe("adc");
  });
});

describe("two equal devices", () => {
  const at = (id: number, place?: string, presence: "present" | "gone" = "present") => ({
    id: `local:iio:device${id}`,
    context: "local",
    name: "adc",
    label: "adc",
    presence,
    ...(place === undefined ? {} : { place }),
  });

  it("are told apart by where they are plugged in, whatever their numbers", () => {
    const notes = { "local|adc|adc|spi0.0": {}, "local|adc|adc|spi0.1": {} };
    const both = [at(0, "spi0.1"), at(1, "spi0.0")];
    expect(both.map((one) => noteKey(one, both, notes))).toEqual([
      "local|adc|adc|spi0.1",
      "local|adc|adc|spi0.0",
    ]);
    const second = [at(0, "spi0.0"), at(1, "spi0.1")];
    expect(noteKey(second[1]!, second, { "local|adc|adc|spi0.0": {} })).toBe(
      "local|adc|adc|spi0.1",
    );
  });

  it("are told apart by their order where nothing else does", () => {
    const both = [at(10), at(2)];
    expect(both.map((one) => noteKey(one, both, {}))).toEqual([
      "local|adc|adc|#2",
      "local|adc|adc",
    ]);
  });

  it("are not mistaken for one that was plugged in elsewhere", () => {
    const notes = { "local|adc|adc|usb1": {} };
    const moved = [at(0, "usb1", "gone"), at(1, "usb2")];
    expect(noteKey(moved[1]!, moved, notes)).toBe("local|adc|adc|usb1");
    const two = [...moved, at(2, "usb3")];
    expect(noteKey(two[1]!, two, notes)).toBe("local|adc|adc|usb2");
  });
});

describe("devices", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.close());
  const get = (id: string) => bench.client.request("device.get", { device: id });

  it("are those of the simulator at the first start, with links and triggers", async () => {
    const { devices, contexts } = bench.hello.inventory;
    expect(devices.map((device) => device.id)).toEqual([
      "sim:adc",
      "sim:transceiver",
      "sim:transceiver-phy",
      "sim:inertial",
    ]);
    expect(contexts.map((context) => context.kind)).toEqual(["simulator", "recordings"]);
    const receiver = await get("sim:transceiver");
    expect(receiver.links).toMatchObject([{ device: "sim:transceiver-phy", role: "control" }]);
    expect(receiver.pairs.map((pair) => pair.id)).toEqual(["voltage0_i+voltage0_q"]);
    expect(receiver.buffers[0]).toMatchObject({
      rate: { device: "sim:transceiver-phy", name: "sampling_frequency" },
      rateHz: 3_840_000,
    });
    const inertial = await get("sim:inertial");
    expect(inertial.triggers.map((trigger) => trigger.name)).toEqual(["sim-timer1", "sim-timer10"]);
    expect(inertial.channels.flatMap((c) => c.scan.map((s) => s.format.endianness))).toEqual([
      "be",
      "be",
      "be",
      "le",
      "le",
    ]);
  });

  it("part, swap and join pairs by hand", async () => {
    const pair = (action: "join" | "part" | "swap", i = "voltage0_i", q = "voltage0_q") =>
      bench.client.request("device.pair", { device: "sim:transceiver", i, q, action });
    expect((await pair("part")).pairs).toEqual([]);
    expect((await pair("join")).pairs).toMatchObject([{ origin: "modifier" }]);
    expect((await pair("swap")).pairs).toMatchObject([
      { id: "voltage0_q+voltage0_i", i: "voltage0_q", origin: "user" },
    ]);
    expect((await pair("join")).pairs).toMatchObject([{ id: "voltage0_i+voltage0_q" }]);
    const adc = await bench.client.request("device.pair", {
      device: "sim:adc",
      i: "voltage0",
      q: "voltage1",
      action: "join",
    });
    expect(adc.pairs).toMatchObject([{ id: "voltage0+voltage1", origin: "user" }]);
    expect(await refusal(pair("join", "voltage0_i", "voltage9"))).toMatchObject({ field: "q" });
    const unlike = bench.client.request("device.pair", {
      device: "sim:inertial",
      i: "accel_x",
      q: "temp",
      action: "join",
    });
    expect(await refusal(unlike)).toMatchObject({ code: "BAD_REQUEST" });
  });

  it("take labels and links by hand, for both ends", async () => {
    const label = { device: "sim:adc", channel: "voltage0", label: "shunt" };
    expect((await bench.client.request("device.label", label)).channels[0]?.label).toBe("shunt");
    await bench.client.request("device.label", { ...label, label: "" });
    expect((await get("sim:adc")).channels[0]?.label).toBe("sine");
    const link = { device: "sim:adc", to: "sim:inertial", linked: true };
    expect((await bench.client.request("device.link", link)).links).toMatchObject([
      { device: "sim:inertial", origin: "user", role: "receiver" },
    ]);
    expect((await get("sim:inertial")).links).toMatchObject([{ device: "sim:adc" }]);
    await bench.client.request("device.link", {
      device: "sim:transceiver",
      to: "sim:transceiver-phy",
      linked: false,
    });
    expect((await get("sim:transceiver")).links).toEqual([]);
  });

  it("keep what the user said over a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-notes-"));
    const first = await makeBench({ configDir: folder });
    await first.client.request("device.label", {
      device: "sim:adc",
      channel: null,
      label: "bench adc",
    });
    await first.close();
    const second = await makeBench({ configDir: folder });
    expect((await second.client.request("device.get", { device: "sim:adc" })).label).toBe(
      "bench adc",
    );
    await second.close();
    rmSync(folder, { recursive: true });
  });
});

describe("simulated attributes", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.close());
  const deviceScope: AttributeScope = { kind: "device" };
  const onChannel = (channel: string): AttributeScope => ({ kind: "channel", channel });
  const write = (device: string, scope: AttributeScope, name: string, value: string) =>
    bench.client.request("attribute.write", { device, scope, name, value });
  const PHY = "sim:transceiver-phy";

  it("are strings as a driver prints them, with lists and ranges", async () => {
    const read = await bench.client.request("device.readAttributes", { device: PHY });
    const gain = read.find((attribute) => attribute.name === "hardwaregain")!;
    expect(gain).toMatchObject({
      unit: "dB",
      control: "range",
      available: { kind: "range", min: "-3.000000", max: "71.000000" },
      value: { state: "ok", raw: "42.000000 dB" },
    });
    expect(read.find((attribute) => attribute.name === "gain_control_mode")).toMatchObject({
      control: "list",
      available: { kind: "list", values: expect.arrayContaining(["manual", "slow_attack"]) },
    });
    expect(read.find((attribute) => attribute.name === "rssi")).toMatchObject({ access: "read" });
  });

  it("refuse what can't be with a sentence and the value kept", async () => {
    const wide = await refusal(write(PHY, onChannel("voltage0"), "rf_bandwidth", "60000000"));
    expect(wide).toMatchObject({
      code: "EINVAL",
      message: "At most 56 MHz. The device kept 3 MHz.",
      field: "value",
      kept: "3000000",
    });
    const text = await refusal(write(PHY, onChannel("voltage0"), "rf_bandwidth", "wide"));
    expect(text.message).toBe("“wide” is no number. The device kept 3 MHz.");
    const mode = await refusal(write(PHY, onChannel("voltage0"), "gain_control_mode", "fast"));
    expect(mode.message).toContain("is not one of manual, fast_attack");
    expect(await refusal(write(PHY, onChannel("voltage0"), "rssi", "1"))).toMatchObject({
      code: "EACCES",
    });
    const bias = await refusal(write("sim:inertial", onChannel("accel_z"), "calibbias", "40000"));
    expect(bias.message).toBe("At most 32,767. The device kept 0.");
  });

  it("take SI prefixes as people type them", async () => {
    const kept = await write("sim:adc", deviceScope, "sampling_frequency", "2.5M");
    expect(kept).toMatchObject({ raw: "2500000" });
    expect(await write(PHY, onChannel("voltage0"), "hardwaregain", "12 dB")).toMatchObject({
      raw: "12.000000 dB",
    });
  });

  it("are told to every window when one of them changes", async () => {
    const other = await bench.connect();
    const told = bench.next("attribute", ({ address }) => address.name === "waveform", other);
    const label = bench.next(
      "device",
      ({ device }) => device.channels[0]?.label === "square",
      other,
    );
    await write("sim:adc", onChannel("voltage0"), "waveform", "square");
    expect((await told).value).toMatchObject({ raw: "square" });
    await label;
  });

  it("make the receiver hear its carrier only where it is tuned to", async () => {
    await bench.client.request("stream.start", { stream: RX });
    const simulated = () => bench.addon.streams.at(-1)!.simulated();
    expect(simulated()[0]).toMatchObject({ waveform: "sine", frequencyHz: 500_000, phase: 0.25 });
    expect(simulated()[1]).toMatchObject({ phase: 0 });
    await write(PHY, onChannel("altvoltage0"), "frequency", "2141000000");
    expect(simulated()[1]).toMatchObject({ frequencyHz: 500_000, phase: 0.5 });
    const before = simulated()[0]!.amplitude;
    await write(PHY, onChannel("voltage0"), "hardwaregain", "36");
    expect(simulated()[0]!.amplitude).toBeCloseTo(before * 10 ** (-6 / 20), 3);
    await write(PHY, onChannel("altvoltage0"), "frequency", "900000000");
    expect(simulated()[0]).toMatchObject({ waveform: "constant", amplitude: 0 });
  });

  it("count in every sample in counter mode, and wait for blocks when the clock does", async () => {
    await write("sim:adc", deviceScope, "counter_mode", "1");
    await write("sim:adc", deviceScope, "clock", "waits");
    const info = await bench.client.request("stream.start", { stream: "sim:adc/buffer0" });
    expect(info.rateSetHz).toBe(1e6);
    expect(info.transport?.why).toContain("loses nothing");
    const { source } = bench.addon.streams.at(-1)!.options;
    expect(source).toMatchObject({ max: true, channels: [{ waveform: "counter" }, {}] });
  });

  it("answer EBUSY for a single reading while the buffer runs", async () => {
    const raw = { device: "sim:adc", scope: onChannel("voltage0"), name: "raw" };
    expect(await bench.client.request("attribute.read", raw)).toMatchObject({ state: "ok" });
    await bench.client.request("stream.start", { stream: "sim:adc/buffer0" });
    expect(await bench.client.request("attribute.read", raw)).toMatchObject({
      state: "failed",
      error: { code: "EBUSY" },
    });
  });

  it("name what is not there", async () => {
    const nothing = { device: "sim:adc", scope: deviceScope, name: "nonsense" };
    expect(await refusal(bench.client.request("attribute.read", nothing))).toMatchObject({
      code: "NOT_FOUND",
    });
    expect(
      await refusal(bench.client.request("device.get", { device: "local:none" })),
    ).toMatchObject({ code: "NOT_FOUND", field: "device" });
  });
});
