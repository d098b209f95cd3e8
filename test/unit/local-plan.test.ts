/** What a local device's stream would need, before anything is written. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chooseCandidates } from "../../electron/host/local/candidates.js";
import { NOT_ASKED } from "../../electron/host/local/probe.js";
import { UdmabufProofs } from "../../electron/host/local/proofs.js";
import type { StreamSettings } from "../../shared/stream.js";
import { eventually } from "./fake-sysfs.js";
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
