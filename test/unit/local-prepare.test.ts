import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseCandidates } from "../../electron/host/local/candidates.js";
import { LocalContext } from "../../electron/host/local/context.js";
import { NOT_ASKED } from "../../electron/host/local/probe.js";
import { UdmabufProofs } from "../../electron/host/local/proofs.js";
import type { StudioError } from "../../shared/errors.js";
import type { BlockGeometry, StreamSettings } from "../../shared/stream.js";
import { FakeSysfs, errnoError, eventually } from "./fake-sysfs.js";
import type { FakeDevice } from "./fake-sysfs.js";

let sys: FakeSysfs;
let context: LocalContext;
const ID = "local:iio:device0";

const ADC: FakeDevice = {
  name: "adc",
  files: { sampling_frequency: "100000" },
  buffers: [
    {
      scan: {
        in_voltage0: "le:s16/16",
        in_voltage1: "le:s16/16",
        in_voltage2: "le:s32/32",
        in_timestamp: "le:s64/64",
      },
      files: { length_align_bytes: "ro:8" },
    },
  ],
};
const IMU: FakeDevice = {
  name: "imu",
  trigger: "",
  buffers: [{ scan: { in_accel_x: "le:s16/16", in_accel_y: "be:s16/16" } }],
};

beforeEach(() => {
  sys = new FakeSysfs();
  sys.heap("system");
  sys.heap("udmabuf");
});
afterEach(async () => {
  await context.close();
  sys.dispose();
});

async function open(device: FakeDevice): Promise<void> {
  sys.device(0, device);
  context = new LocalContext(sys.addon(), sys.roots);
  await context.start();
}
const settings = (more: Partial<StreamSettings> = {}): StreamSettings => ({
  channels: ["voltage0"],
  blockCount: null,
  blockSize: { kind: "auto" },
  queueDepth: null,
  memoryBudgetBytes: null,
  transport: "auto",
  heap: "auto",
  rateMax: false,
  deviceTrigger: null,
  counter: [],
  ...more,
});
const geometry = (more: Partial<BlockGeometry> = {}): BlockGeometry => ({
  blockCount: 16,
  queueDepth: 8,
  scanBytes: 2,
  scansPerBlock: 2048,
  payloadBytes: 4096,
  allocatedBytes: 4096,
  askedBytes: 4096,
  secondsPerBlock: null,
  reserveSeconds: null,
  historySeconds: null,
  poolBytes: 65536,
  notes: [],
  ...more,
});
const prepare = (more: Partial<StreamSettings> = {}) => context.prepare(ID, 0, settings(more));
const plan = (more: Partial<StreamSettings> = {}) => context.plan(ID, 0, settings(more));
const refusal = async (work: Promise<unknown>): Promise<StudioError> => {
  try {
    await work;
  } catch (error) {
    return (error as { detail: StudioError }).detail;
  }
  throw new Error("it was accepted");
};

describe("planning", () => {
  it("lays out the channels in scan order and writes nothing", async () => {
    await open(ADC);
    const { layout, ...rest } = await plan({ channels: ["timestamp", "voltage2", "voltage0"] });
    expect(layout.elements.map((element) => [element.channel, element.offsetBytes])).toEqual([
      ["voltage0", 0],
      ["voltage2", 4],
      ["timestamp", 8],
    ]);
    expect(layout).toMatchObject({ scanBytes: 16, timestamp: 2 });
    expect(rest).toMatchObject({ rateHz: 100_000, lengthAlignBytes: 8, missing: [] });
    expect(sys.written).toEqual([]);
  });

  it("names where the rate is set for these channels, and where it comes from", async () => {
    await open({
      ...ADC,
      files: { in_voltage0_sampling_frequency: "1000", in_voltage1_sampling_frequency: "2000" },
    });
    const of = (channel: string) => ({
      device: ID,
      scope: { kind: "channel", channel },
      name: "sampling_frequency",
    });
    expect(await plan({ channels: ["voltage1"] })).toMatchObject({
      rateHz: 2000,
      rate: of("voltage1"),
      rateSource: of("voltage1"),
    });
    expect(await plan({ channels: ["voltage2"] })).toMatchObject({ rateHz: null, rate: null });
    const source = await prepare({ channels: ["voltage1", "voltage2"] });
    expect(source).toMatchObject({ rateHz: 2000, rateSource: of("voltage1") });
    await source.release({ vanished: false });
  });

  it("runs at the rate that another program set since", async () => {
    await open({ ...ADC, files: { sampling_frequency: "100000" } });
    writeFileSync(sys.path("iio:device0", "sampling_frequency"), "48000");
    const source = await prepare();
    expect(source.rateHz).toBe(48_000);
    expect(context.devices()[0]!.buffers[0]!.rateHz).toBe(48_000);
    await source.release({ vanished: false });
  });

  it("takes the rate from the device trigger that is to be chosen, not from the one in use", async () => {
    sys.hrtimer(0, "t0", "100");
    sys.hrtimer(1, "t1", "250");
    await open({ ...IMU, trigger: "t0" });
    const of = (trigger: string) => ({
      device: ID,
      scope: { kind: "trigger", trigger },
      name: "sampling_frequency",
    });
    const channels = ["accel_x"];
    expect(await plan({ channels })).toMatchObject({ rateHz: 100, rateSource: of("t0") });
    const other = await plan({ channels, deviceTrigger: { name: "t1", rateHz: null } });
    expect(other).toMatchObject({ rateHz: 250, rate: of("t1"), rateSource: of("t1") });
  });

  it("tells a rate that the device has from that of the timer which clocks its scans", async () => {
    sys.hrtimer(0, "t0", "100");
    await open({ ...IMU, trigger: "t0", files: { sampling_frequency: "4000" } });
    expect(await plan({ channels: ["accel_x"] })).toMatchObject({
      rateHz: 100,
      rate: { scope: { kind: "device" } },
      rateSource: { scope: { kind: "trigger", trigger: "t0" } },
    });
  });

  it("offers DMABUF first and read() behind it", async () => {
    await open(ADC);
    const { candidates } = await plan();
    expect(candidates.map(({ transport, heap }) => `${transport} ${heap}`)).toEqual([
      "dmabuf system",
      "read pages",
    ]);
    expect(candidates[0]!.arena).toEqual({
      kind: "heap",
      devicePath: `${sys.roots.dev}/dma_heap/system`,
    });
    expect(candidates[1]).toMatchObject({ arena: { kind: "pages" }, directWrites: true });
  });

  it("takes memory of udmabuf unasked only after a run in which the device filled every block", async () => {
    await open(ADC);
    const heaps = async () => (await plan()).candidates.map(({ heap }) => heap);
    const run = async (overwritten: { blocks: number; staleBytes: number }) => {
      const source = await prepare({ heap: "udmabuf" });
      await source.arm(source.candidates[0]!, geometry());
      await source.release({ vanished: false, overwritten });
    };
    await run({ blocks: 3, staleBytes: 0 });
    expect(await heaps()).toEqual(["system", "pages"]);
    await run({ blocks: 40, staleBytes: 0 });
    expect(await heaps()).toEqual(["udmabuf", "system", "pages"]);
    expect((await plan()).candidates[0]!.why).toMatch(/udmabuf, which a run has proven/);
    await run({ blocks: 40, staleBytes: 64 });
    expect(await heaps()).toEqual(["system", "pages"]);
  });

  it("keeps what was proven for the kernel on which it was", async () => {
    const told = (error: unknown) => expect.unreachable(String(error));
    const folder = join(sys.root, "config");
    const before = new UdmabufProofs(folder, told, "Linux 6.12.1");
    expect(before.learn("ad4020", { blocks: 8, staleBytes: 0 })).toBe(true);
    const load = async (kernel: string) => {
      const proofs = new UdmabufProofs(folder, told, kernel);
      await proofs.load();
      return proofs.has("ad4020");
    };
    await expect.poll(() => load("Linux 6.12.1")).toBe(true);
    expect(await load("Linux 6.13.0")).toBe(false);
  });

  it("says how udmabuf is proven where there is no other memory", async () => {
    const yes = { state: "yes" as const };
    const info = { name: "udmabuf", usable: yes, directWrites: true };
    const heaps = [{ info, kind: "udmabuf" as const, devicePath: "/dev/udmabuf" }];
    const answers = { ...NOT_ASKED, dmabuf: yes };
    const choose = (transport: StreamSettings["transport"]) =>
      chooseCandidates({ transport, heap: "auto" }, answers, heaps)[0]!;
    expect(choose("auto")).toMatchObject({
      transport: "read",
      why: expect.stringMatching(/not proven yet.* Choose the memory udmabuf once/),
      fix: expect.stringContaining("--heap udmabuf"),
    });
    expect(choose("dmabuf")).toMatchObject({ transport: "dmabuf", heap: "udmabuf" });
  });

  it("takes what was asked for by name, or says why it can't", async () => {
    sys.heap("secret", 13);
    await open(ADC);
    sys.put(`${sys.roots.sysfs}/module/udmabuf/parameters/size_limit_mb`, "64");
    const heaps = async (more: Partial<StreamSettings>) =>
      (await plan(more)).candidates.map(({ transport, heap }) => `${transport} ${heap}`);
    expect(await heaps({ heap: "udmabuf" })).toEqual(["dmabuf udmabuf"]);
    expect(await heaps({ transport: "read" })).toEqual(["read pages"]);
    expect(await heaps({ transport: "dmabuf" })).toEqual(["dmabuf system"]);
    expect(await refusal(plan({ heap: "cma" }))).toMatchObject({
      field: "heap",
      message: 'There is no heap "cma" on this machine. There are: system, secret, udmabuf.',
    });
    expect(await refusal(plan({ heap: "secret" }))).toMatchObject({
      field: "heap",
      code: "EACCES",
      fix: expect.stringContaining("usermod"),
    });
  });

  it("refuses DMABUF by name where the driver has none", async () => {
    sys.probe = () => ({ getFd: 0, attach: 1, holder: "" });
    await open(ADC);
    expect(await refusal(plan({ transport: "dmabuf" }))).toMatchObject({
      field: "transport",
      code: "EPERM",
    });
    expect((await plan()).candidates).toMatchObject([{ transport: "read" }]);
  });

  it("refuses channels that are not there, and none at all", async () => {
    await open(ADC);
    expect(await refusal(plan({ channels: ["voltage9"] }))).toMatchObject({
      field: "channels",
      message: expect.stringContaining("There are: voltage0, voltage1, voltage2, timestamp."),
    });
    expect(await refusal(plan({ channels: [] }))).toMatchObject({ field: "channels" });
  });

  it("says what is missing: trigger, rate of the trigger, rate of the device", async () => {
    await open(IMU);
    const missing = async (more: Partial<StreamSettings> = {}) =>
      (await plan({ channels: ["accel_x"], ...more })).missing.join();
    expect(await missing()).toMatch(/needs a device trigger, and there is none/);
    sys.hrtimer(0, "t0", "0");
    sys.uevent("add", "trigger0");
    await eventually(() => context.devices()[0]!.triggers.length).toBe(1);
    expect(await missing()).toMatch(/none is chosen. Choose one of: t0/);
    expect(await missing({ deviceTrigger: { name: "t0", rateHz: null } })).toMatch(
      /t0 has the rate 0/,
    );
    expect(await missing({ deviceTrigger: { name: "t0", rateHz: 100 } })).toBe("");
    expect(
      await refusal(plan({ channels: ["accel_x"], deviceTrigger: { name: "t", rateHz: 1 } })),
    ).toMatchObject({
      field: "deviceTrigger",
      message: 'There is no device trigger "t". There are: t0.',
    });
  });
});

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
