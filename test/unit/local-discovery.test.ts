import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalContext } from "../../electron/host/local/context.js";
import type { DeviceInfo } from "../../shared/device.js";
import { formatAttributeName } from "../../shared/device.js";
import { FakeSysfs, errnoError, eventually } from "./fake-sysfs.js";

let sys: FakeSysfs;
let context: LocalContext | null = null;

beforeEach(() => {
  sys = new FakeSysfs();
});
afterEach(async () => {
  await context?.close();
  context = null;
  expect(sys.openControls).toBe(0);
  expect(sys.following).toBe(0);
  sys.dispose();
});

async function open(): Promise<LocalContext> {
  context = new LocalContext(sys.addon(), sys.roots);
  await context.start();
  return context;
}
const byName = (name: string): DeviceInfo =>
  context!.devices().find((device) => device.name === name)!;
const attribute = (device: DeviceInfo, name: string) =>
  device.attributes.find((info) => formatAttributeName(info.scope, info.name) === name);

describe("discovery", () => {
  it("finds devices with labels, channels, scaling and attributes", async () => {
    sys.device(0, {
      name: "ad7768-4",
      files: {
        label: "ro:bench adc",
        sampling_frequency: "256000",
        sampling_frequency_available: "ro:128000 256000",
        in_voltage_scale: "ro:0.000488281",
        in_voltage0_raw: "ro:12",
        in_voltage1_raw: "ro:13",
        in_voltage0_label: "ro:gate",
        in_voltage0_calibbias: "0",
        in_voltage0_calibbias_available: "ro:[-128 1 127]",
        reset: "wo:0",
        in_voltage_filter_type: "wideband",
        in_voltage_filter_type_available: "ro:wideband sinc5",
      },
      buffers: [{ scan: { in_voltage0: "le:s24/32>>8", in_voltage1: "le:s24/32>>8" } }],
    });
    await open();
    const device = byName("ad7768-4");
    expect(device).toMatchObject({
      id: "local:iio:device0",
      context: "local",
      label: "bench adc",
      detail: "24-bit in 32, 2 ch",
      presence: "present",
    });
    expect(device.channels).toMatchObject([
      {
        id: "voltage0",
        label: "gate",
        type: "voltage",
        scale: "0.000488281",
        offset: "",
        unit: "V",
        unitFactor: 0.001,
        scaled: true,
        scan: [{ buffer: 0, index: 0, enabled: false, format: { bits: 24, shift: 8 } }],
      },
      { id: "voltage1", label: "" },
    ]);
    expect(attribute(device, "sampling_frequency")).toMatchObject({
      access: "read-write",
      control: "list",
      unit: "Hz",
      value: { state: "ok", raw: "256000" },
    });
    expect(attribute(device, "voltage0/calibbias")).toMatchObject({
      control: "range",
      available: { min: "-128", step: "1", max: "127" },
      value: { state: "unread" },
    });
    expect(attribute(device, "voltage1/filter_type")!.available).toEqual({
      kind: "list",
      values: ["wideband", "sinc5"],
    });
    expect(attribute(device, "reset")!.access).toBe("write");
    expect(attribute(device, "voltage0/raw")!.access).toBe("read");
    for (const hidden of ["name", "dev", "uevent", "voltage0/label", "buffer0/enable"])
      expect(attribute(device, hidden)).toBeUndefined();
    expect(attribute(device, "buffer0/length")).toBeDefined();
    expect(sys.written).toEqual([]);
  });

  it("finds every buffer with its direction and alignment", async () => {
    sys.device(0, {
      name: "two",
      buffers: [
        { scan: { in_voltage0: "le:s16/16" }, files: { length_align_bytes: "ro:64" } },
        { scan: { out_voltage0: "le:s16/16" }, files: { direction: "ro:out" } },
      ],
    });
    await open();
    const device = byName("two");
    expect(device.buffers).toMatchObject([
      { index: 0, direction: "in", lengthAlignBytes: 64, needsTrigger: false },
      { index: 1, direction: "out", lengthAlignBytes: 1 },
    ]);
    expect(device.channels.map((channel) => channel.id)).toEqual(["voltage0", "out_voltage0"]);
  });

  it("finds the buffer of kernels before 5.11", async () => {
    sys.device(0, {
      name: "old",
      legacy: true,
      buffers: [{ scan: { in_accel_x: "be:s12/16>>4", in_timestamp: "le:s64/64" } }],
      files: { in_accel_scale: "ro:0.01", in_accel_x_raw: "ro:1" },
    });
    await open();
    expect(byName("old").buffers).toHaveLength(1);
    expect(byName("old").channels.map(({ id, scaled }) => [id, scaled])).toEqual([
      ["accel_x", true],
      ["timestamp", false],
    ]);
  });

  it("recognises I/Q pairs, and links transceivers and neighbours", async () => {
    sys.device(0, {
      name: "ad9361-phy",
      files: {
        in_voltage_sampling_frequency: "61440000",
        in_voltage0_hardwaregain: "42.000000 dB",
        out_voltage0_hardwaregain: "-10.000000 dB",
        out_altvoltage0_RX_LO_frequency: "2140000000",
      },
    });
    sys.device(1, {
      name: "cf-ad9361-lpc",
      buffers: [{ scan: { in_voltage0_i: "le:s12/16>>4", in_voltage0_q: "le:s12/16>>4" } }],
    });
    sys.device(2, { name: "accel", parent: "i2c/1-001d" });
    sys.device(3, { name: "gyro", parent: "i2c/1-001d" });
    sys.device(4, { name: "lone1", parent: "" });
    sys.device(5, { name: "lone2", parent: "" });
    await open();
    const receiver = byName("cf-ad9361-lpc");
    expect(receiver.pairs).toMatchObject([{ i: "voltage0_i", q: "voltage0_q" }]);
    expect(receiver.detail).toBe("12-bit in 16 I/Q");
    expect(receiver.links).toEqual([
      { device: "local:iio:device0", role: "control", origin: "name" },
    ]);
    expect(receiver.buffers[0]).toMatchObject({
      rate: { device: "local:iio:device0", name: "sampling_frequency" },
      rateHz: 61_440_000,
    });
    expect(byName("accel").links).toMatchObject([
      { device: "local:iio:device3", origin: "parent" },
    ]);
    expect(byName("lone1").links).toEqual([]);
    expect(byName("ad9361-phy").channels.map((channel) => channel.id)).toContain("out_voltage0");
  });

  it("says where equal devices are plugged in", async () => {
    const adc = { name: "adc" };
    sys.device(0, { ...adc, parent: "platform/soc/spi0/spi0.0" });
    sys.device(1, { ...adc, parent: "platform/soc/spi0/spi0.1" });
    sys.device(2, { ...adc, parent: "" });
    const devices = (await open()).devices();
    expect(devices.map(({ place }) => place)).toEqual(["spi0.0", "spi0.1", undefined]);
  });

  it("looks for the rate at buffer, channel, device and trigger, in this order", async () => {
    sys.hrtimer(0, "t0", "50");
    const rates = {
      buffer: { sampling_frequency: "1" },
      channel: { in_voltage_sampling_frequency: "2" },
      device: { sampling_frequency: "3" },
    };
    const make = (number: number, ...places: (keyof typeof rates)[]) => {
      const files = Object.assign(
        {},
        ...places.filter((place) => place !== "buffer").map((place) => rates[place]),
      ) as Record<string, string>;
      sys.device(number, {
        name: `d${number}`,
        files,
        buffers: [
          {
            scan: { in_voltage0: "le:s16/16" },
            ...(places.includes("buffer") ? { files: rates.buffer } : {}),
          },
        ],
        ...(number === 3 ? { trigger: "t0" } : {}),
      });
    };
    make(0, "buffer", "channel", "device");
    make(1, "channel", "device");
    make(2, "device");
    make(3);
    make(4);
    await open();
    expect([0, 1, 2, 3, 4].map((n) => byName(`d${n}`).buffers[0]!.rateHz)).toEqual([
      1,
      2,
      3,
      50,
      null,
    ]);
    expect(byName("d3").buffers[0]!.rate?.scope).toEqual({ kind: "trigger", trigger: "t0" });
  });

  it("lists triggers by exact name and kind, for devices that take one", async () => {
    sys.device(0, {
      name: "imu",
      parent: "i2c/1-0053",
      trigger: "",
      buffers: [{ scan: { in_accel_x: "le:s16/16" } }],
    });
    sys.device(1, { name: "fast", buffers: [{ scan: { in_voltage0: "le:s16/16" } }] });
    sys.device(2, {
      name: "fifo",
      trigger: "",
      buffers: [{ scan: { in_accel_x: "le:s16/16" }, files: { hwfifo_watermark: "1" } }],
    });
    sys.hrtimer(0, "trig1", "100");
    sys.hrtimer(1, "trig10", "1000.5");
    sys.trigger(2, "sysfstrig3", { trigger_now: "wo:" });
    sys.trigger(3, "imu-dev0", { sampling_frequency: "0" }, "i2c/1-0053");
    await open();
    expect(byName("imu").triggers).toEqual([
      { name: "imu-dev0", rateHz: 0, kind: "device" },
      { name: "sysfstrig3", rateHz: null, kind: "sysfs" },
      { name: "trig1", rateHz: 100, kind: "hrtimer" },
      { name: "trig10", rateHz: 1000.5, kind: "hrtimer" },
    ]);
    expect(byName("imu")).toMatchObject({ currentTrigger: null });
    expect(byName("imu").buffers[0]!.needsTrigger).toBe(true);
    expect(byName("fifo").buffers[0]!.needsTrigger).toBe(false);
    expect(byName("fast").triggers).toEqual([]);
    expect(attribute(byName("imu"), "trigger:trig10/sampling_frequency")?.unit).toBe("Hz");
  });

  it("leaves out scan elements it cannot read, and keeps the device", async () => {
    sys.device(0, {
      name: "odd",
      buffers: [{ scan: { in_voltage0: "le:s16/16", in_voltage1: "le:s48/48" } }],
    });
    sys.onRead("in_voltage2_type", () => errnoError("EIO"));
    await open();
    expect(byName("odd").channels.map((channel) => channel.scan.length)).toEqual([1, 0]);
  });

  it("has no devices, and no fault, where the kernel has no IIO", async () => {
    const empty = new FakeSysfs();
    const none = new LocalContext(empty.addon(), {
      sysfs: `${empty.root}/nothing`,
      dev: `${empty.root}/nothing`,
    });
    await none.start();
    expect(none.devices()).toEqual([]);
    expect(none.info.state).toEqual({ kind: "ready" });
    await none.close();
    empty.dispose();
  });

  it("tells the machine, the driver and the clock", async () => {
    const sysName = sys.device(0, {
      name: "adc",
      files: { current_timestamp_clock: "realtime" },
    });
    sys.put(`${sys.roots.sysfs}/devices/platform/adc/uevent`, "DRIVER=ad7768\nMODALIAS=x");
    sys.put(`${sys.roots.sysfs}/firmware/devicetree/base/model`, "ZedBoard\0");
    await open();
    expect(await context!.facts(`local:${sysName}`)).toMatchObject({
      hardware: "ZedBoard",
      driver: "ad7768",
      uri: "local:",
      timestampClock: "realtime",
    });
    expect(attribute(byName("adc"), "current_timestamp_clock")!.control).toBe("list");
  });
});

describe("what can be used", () => {
  const adc = () =>
    sys.device(0, { name: "adc", buffers: [{ scan: { in_voltage0: "le:s16/16" } }] });
  const buffer = () => byName("adc").buffers[0]!;

  it("is DMABUF where driver and memory are there", async () => {
    adc();
    sys.heap("system");
    sys.heap("udmabuf");
    await open();
    expect(buffer()).toMatchObject({
      transport: "dmabuf",
      dmabuf: { state: "yes" },
      read: { state: "yes" },
      heaps: [
        { name: "system", usable: { state: "yes" }, directWrites: false },
        { name: "udmabuf", usable: { state: "yes" }, directWrites: true },
      ],
    });
    expect(buffer().fix).toBeUndefined();
  });

  it("is read() for a kfifo, with nothing to mend", async () => {
    adc();
    sys.heap("system");
    sys.probe = () => ({ getFd: 0, attach: 1, holder: "" });
    await open();
    expect(buffer()).toMatchObject({ transport: "read", dmabuf: { state: "no" } });
    expect(buffer().why).toMatch(/buffer without DMABUF/);
    expect(buffer().fix).toBeUndefined();
  });

  it("is read() on kernels without the interface, naming the version", async () => {
    adc();
    sys.heap("system");
    sys.probe = () => ({ getFd: 0, attach: 19, holder: "" });
    await open();
    expect(buffer().why).toMatch(/Linux \d+\.\d+ has no DMABUF interface.*6\.11/);
  });

  it("is read() without permission for memory, with the command that mends it", async () => {
    adc();
    sys.heap("system", 13);
    await open();
    expect(buffer()).toMatchObject({ transport: "read", read: { state: "yes" } });
    expect(buffer().why).toMatch(/dma_heap\/system may not be opened/);
    expect(buffer().fix).toMatch(/60-iio-studio\.rules.*usermod/);
  });

  it("is read() without any heap, saying that none is there", async () => {
    adc();
    await open();
    expect(buffer().why).toMatch(/neither a dma-heap .* nor \/dev\/udmabuf/);
    expect(buffer().fix).toMatch(/modprobe udmabuf/);
  });

  it("is nothing without permission for the device, with the command that mends it", async () => {
    adc();
    sys.heap("system");
    sys.probe = () => ({ getFd: 13, attach: 0, holder: "" });
    await open();
    expect(buffer()).toMatchObject({ dmabuf: { state: "no" }, read: { state: "no" } });
    expect(buffer().why).toMatch(/iio:device0 may not be opened by this user/);
    expect(buffer().fix).toMatch(/usermod/);
  });

  it("is not known while another program holds the buffer, which is named", async () => {
    adc();
    sys.heap("system");
    sys.probe = () => ({ getFd: 16, attach: 0, holder: "iiod (process 712)" });
    await open();
    expect(buffer().dmabuf).toMatchObject({
      state: "unknown",
      reason: "The buffer is in use by iiod (process 712).",
    });
  });

  it("is asked once per buffer", async () => {
    sys.device(0, {
      name: "adc",
      buffers: [{ scan: { in_voltage0: "le:s16/16" } }, { scan: { in_voltage1: "le:s16/16" } }],
    });
    sys.heap("system");
    await open();
    expect(sys.probes).toEqual(["iio:device0 0", "iio:device0 1"]);
    byName("adc");
    await context!.readAttributes("local:iio:device0", 1000);
    sys.overflow();
    await eventually(() => context!.devices().length).toBe(1);
    expect(sys.probes).toHaveLength(2);
  });
});
