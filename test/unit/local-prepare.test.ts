/** What is written to a local device so that its stream can start. */
import { describe, expect, it } from "vitest";
import { errnoError, eventually } from "./fake-sysfs.js";
import {
  ADC,
  context,
  geometry,
  ID,
  IMU,
  machineForEach,
  open,
  plan,
  prepare,
  refusal,
  sys,
} from "./local-machine.js";

machineForEach();

describe("preparing", () => {
  it("switches channels off before on, and writes nothing that holds already", async () => {
    await open(ADC);
    sys.put(sys.path("iio:device0", "buffer0/in_voltage1_en"), "1");
    sys.put(sys.path("iio:device0", "buffer0/in_timestamp_en"), "1");
    const source = await prepare({ channels: ["voltage0", "timestamp"] });
    expect(sys.written).toEqual(["in_voltage1_en=0", "in_voltage0_en=1"]);
    expect(source.layout.elements.map((element) => element.channel)).toEqual([
      "voltage0",
      "timestamp",
    ]);
    expect(source.missing).toEqual([]);
    await source.release({ vanished: false });
  });

  it("takes in what the driver enabled besides, and formats as they are now", async () => {
    await open(ADC);
    sys.onWrite("in_voltage0_en", (text) => {
      sys.put(sys.path("iio:device0", "buffer0/in_voltage1_en"), text);
      sys.put(sys.path("iio:device0", "buffer0/in_voltage1_type"), "ro:be:s12/16>>4");
      return text;
    });
    const source = await prepare();
    expect(source.layout.elements).toMatchObject([
      { channel: "voltage0" },
      { channel: "voltage1", bits: 12, endianness: "be" },
    ]);
    expect(source.notes).toEqual(["The driver enabled voltage1 as well."]);
    await source.release({ vanished: false });
  });

  it("names the channels when the driver refuses them", async () => {
    await open(ADC);
    sys.onWrite("in_voltage2_en", () => errnoError("EINVAL"));
    expect(await refusal(prepare({ channels: ["voltage0", "voltage2"] }))).toMatchObject({
      field: "channels",
      message: expect.stringContaining("does not take this set of channels"),
    });
    sys.onWrite("in_voltage2_en", () => "0");
    expect(await refusal(prepare({ channels: ["voltage0", "voltage2"] }))).toMatchObject({
      field: "channels",
      message: expect.stringContaining("did not enable voltage2"),
    });
    sys.onWrite("in_voltage2_en", () => errnoError("EACCES"));
    expect(await refusal(prepare({ channels: ["voltage0", "voltage2"] }))).toMatchObject({
      fix: expect.stringContaining("usermod"),
    });
  });

  it("disables a buffer that a dead program left enabled, and says so", async () => {
    await open(ADC);
    sys.put(sys.path("iio:device0", "buffer0/enable"), "1");
    const source = await prepare();
    expect(sys.written[0]).toBe("enable=0");
    expect(source.notes[0]).toMatch(/was still enabled by a program that ended/);
    await source.release({ vanished: false });
  });

  it("does not touch a buffer that somebody holds", async () => {
    await open(ADC);
    sys.put(sys.path("iio:device0", "buffer0/enable"), "1");
    sys.probe = () => ({ getFd: 16, attach: 0, holder: "iio_readdev (process 99)" });
    expect(await refusal(prepare())).toMatchObject({
      code: "EBUSY",
      message: expect.stringContaining("iio_readdev (process 99)"),
    });
    expect(sys.written).toEqual([]);
  });

  it("does not prepare a buffer twice, and knows why the device is busy then", async () => {
    await open(ADC);
    const source = await prepare();
    expect(await refusal(prepare())).toMatchObject({ code: "EBUSY" });
    sys.onWrite("sampling_frequency", () => errnoError("EBUSY"));
    const address = { device: ID, scope: { kind: "device" as const }, name: "sampling_frequency" };
    expect((await refusal(context.writeAttribute(address, "1"))).message).toMatch(
      /only while its buffer is stopped/,
    );
    await source.release({ vanished: false });
    await (await prepare()).release({ vanished: false });
  });

  it("sets the trigger by exact name, with its rate, before anything else", async () => {
    sys.hrtimer(0, "trig1", "0");
    sys.hrtimer(1, "trig10", "0");
    await open(IMU);
    const source = await prepare({
      channels: ["accel_x"],
      deviceTrigger: { name: "trig1", rateHz: 125.5 },
    });
    expect(sys.written).toEqual([
      "sampling_frequency=125.5",
      "current_trigger=trig1",
      "in_accel_x_en=1",
    ]);
    expect(source.rateHz).toBe(125.5);
    await source.release({ vanished: false });
    expect(context.devices()[0]).toMatchObject({ currentTrigger: "trig1" });
    expect(context.devices()[0]!.buffers[0]!.rateHz).toBe(125.5);
  });

  it("says what is missing of a trigger before it writes channels", async () => {
    await open(IMU);
    expect(await refusal(prepare({ channels: ["accel_x"] }))).toMatchObject({
      field: "deviceTrigger",
      fix: expect.stringContaining("hrtimer"),
    });
    sys.hrtimer(0, "t0", "0");
    sys.uevent("add", "trigger0");
    await eventually(() => context.devices()[0]!.triggers.length).toBe(1);
    const t0 = { name: "t0", rateHz: null };
    expect(await refusal(prepare({ channels: ["accel_x"], deviceTrigger: t0 }))).toMatchObject({
      field: "deviceTriggerRate",
      message: expect.stringContaining("t0 has the rate 0"),
    });
    expect(sys.written).toEqual(["current_trigger=t0"]);
  });

  it("says that a driver fixed its trigger, or does not take this one", async () => {
    sys.hrtimer(0, "t0", "100");
    await open({ ...IMU, trigger: "own" });
    const wanted = { channels: ["accel_x"], deviceTrigger: { name: "t0", rateHz: null } };
    sys.onWrite("current_trigger", () => errnoError("EPERM"));
    expect((await refusal(prepare(wanted))).message).toMatch(/has fixed its trigger/);
    sys.onWrite("current_trigger", () => errnoError("EINVAL"));
    expect((await refusal(prepare(wanted))).message).toMatch(/does not take the device trigger t0/);
    sys.onWrite("current_trigger", () => "own");
    expect(await refusal(prepare(wanted))).toMatchObject({ kept: "own", field: "deviceTrigger" });
  });

  it("refuses a trigger where the device has a clock of its own", async () => {
    sys.hrtimer(0, "t0", "100");
    await open(ADC);
    expect((await refusal(prepare({ deviceTrigger: { name: "t0", rateHz: 1 } }))).message).toMatch(
      /takes no device trigger/,
    );
  });

  it("refuses a rate of 0", async () => {
    await open({ ...ADC, files: { sampling_frequency: "0" } });
    expect(await refusal(prepare())).toMatchObject({ field: "rate" });
  });
});

describe("arming", () => {
  it("writes length and watermark for a block, and answers the source", async () => {
    await open(ADC);
    const source = await prepare();
    sys.written.length = 0;
    expect(await source.arm(source.candidates[0]!, geometry())).toEqual({
      kind: "dmabuf",
      devicePath: `${sys.roots.dev}/iio:device0`,
      bufferIndex: 0,
      enablePath: sys.path("iio:device0", "buffer0/enable"),
      devicePresencePath: sys.path("iio:device0"),
    });
    expect(sys.written).toEqual(["length=2048", "watermark=2048"]);
    await source.release({ vanished: false });
  });

  it("gives read() a kernel buffer that covers the reserve, with a watermark of one block", async () => {
    await open(ADC);
    const source = await prepare({ transport: "read" });
    sys.written.length = 0;
    const armed = await source.arm(source.candidates[0]!, geometry({ scansPerBlock: 4 }));
    expect(armed).toMatchObject({ kind: "read" });
    expect(sys.written).toEqual(["length=32", "watermark=4"]);
    sys.written.length = 0;
    await source.arm(source.candidates[0]!, geometry({ scansPerBlock: 1, queueDepth: 1 }));
    expect(sys.written).toEqual(["length=2", "watermark=1"]);
    await source.release({ vanished: false });
  });

  it("takes a fixed watermark of DMA buffers as normal", async () => {
    await open(ADC);
    sys.onWrite("watermark", () => errnoError("EACCES"));
    const source = await prepare();
    await source.arm(source.candidates[0]!, geometry());
    expect(source.notes).toEqual([]);
    sys.onWrite("watermark", () => errnoError("EINVAL"));
    sys.put(sys.path("iio:device0", "buffer0/watermark"), "9999");
    await source.arm(source.candidates[0]!, geometry());
    expect(source.notes[0]).toMatch(/9999 scans at a time/);
    await source.release({ vanished: false });
  });

  it("does not start with a format that changed meanwhile", async () => {
    await open(ADC);
    const source = await prepare();
    sys.put(sys.path("iio:device0", "buffer0/in_voltage0_type"), "ro:le:s24/32>>8");
    expect((await refusal(source.arm(source.candidates[0]!, geometry()))).message).toMatch(
      /format of voltage0 changed to le:s24\/32>>8/,
    );
    await source.release({ vanished: false });
    expect((await plan()).layout.scanBytes).toBe(4);
  });

  it("keeps a device that vanished, as gone", async () => {
    await open(ADC);
    const source = await prepare();
    sys.remove("iio:device0");
    await source.release({ vanished: true });
    expect(context.devices()).toMatchObject([{ presence: "gone", name: "adc" }]);
    expect(await refusal(prepare())).toMatchObject({ code: "ENODEV" });
  });
});
