import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LocalContext } from "../../electron/host/local/context.js";
import type { ContextChange } from "../../electron/host/context.js";
import { parseAttributeName } from "../../shared/attributes.js";
import type { AttributeInfo } from "../../shared/device.js";
import type { StudioError } from "../../shared/errors.js";
import { FakeSysfs, errnoError, eventually } from "./fake-sysfs.js";

let sys: FakeSysfs;
let context: LocalContext;
let changes: ContextChange[];

beforeEach(async () => {
  sys = new FakeSysfs();
  sys.device(0, {
    name: "phy",
    files: {
      sampling_frequency: "1000",
      sampling_frequency_available: "ro:1000 2000 4000",
      in_voltage_scale: "0.125000",
      in_voltage0_raw: "ro:5",
      in_voltage1_raw: "ro:6",
      in_voltage0_hardwaregain: "42.000000 dB",
      in_voltage0_hardwaregain_available: "ro:[-10 0.25 70]",
      out_altvoltage0_LO_frequency: "2140000000",
      out_altvoltage0_LO_frequency_available: "ro:[46875001 1 6000000000]",
      note: "hello",
      reset: "wo:0",
      slow: "ro:1",
    },
    buffers: [{ scan: { in_voltage0: "le:s16/16", in_voltage1: "le:s16/16" } }],
  });
  context = new LocalContext(sys.addon(), sys.roots);
  await context.start();
  changes = [];
  context.onChange((change) => changes.push(change));
});
afterEach(async () => {
  await context.close();
  sys.dispose();
});

const at = (name: string) => ({ device: "local:iio:device0", ...parseAttributeName(name)! });
const read = (name: string) => context.readAttribute(at(name));
const write = (name: string, text: string) => context.writeAttribute(at(name), text);
const refusal = async (name: string, text: string): Promise<StudioError> => {
  try {
    await write(name, text);
  } catch (error) {
    return (error as { detail: StudioError }).detail;
  }
  throw new Error("it was accepted");
};
const told = () =>
  changes.flatMap((change) =>
    change.kind === "attribute" && change.value.state === "ok"
      ? [`${JSON.stringify(change.address.scope)} ${change.address.name}=${change.value.raw}`]
      : [],
  );

describe("reading an attribute", () => {
  it("gives the driver's text without the newline", async () => {
    expect(await read("note")).toMatchObject({ state: "ok", raw: "hello" });
    sys.onRead("note", () => "first\nsecond");
    expect(await read("note")).toMatchObject({ raw: "first\nsecond" });
  });

  it("turns a refusal into a value that keeps the last text", async () => {
    await read("note");
    sys.onRead("note", () => errnoError("EIO", "note"));
    const value = await read("note");
    expect(value).toMatchObject({ state: "failed", raw: "hello", error: { code: "EIO" } });
    expect(value.state === "failed" && value.error.message).toMatch(/did not answer on its bus/);
  });

  it("tells when a value is not what it was", async () => {
    await read("note");
    changes.length = 0;
    await read("note");
    expect(told()).toEqual([]);
    sys.onRead("note", () => "other");
    await read("note");
    expect(told()).toEqual(['{"kind":"device"} note=other']);
  });

  it("rejects what does not exist", async () => {
    await expect(read("nothing")).rejects.toThrow(/no attribute nothing/);
    await expect(
      context.readAttribute({ ...at("note"), device: "local:iio:device9" }),
    ).rejects.toThrow(/no device local:iio:device9/);
  });
});

describe("reading all attributes", () => {
  const names = (all: AttributeInfo[], state: string) =>
    all.filter((info) => info.value.state === state).map((info) => info.name);

  it("answers within the deadline, and a slow one costs no other", async () => {
    let release = (): void => {};
    sys.onRead("slow", () => new Promise((resolve) => (release = () => resolve("1"))));
    const all = await context.readAttributes("local:iio:device0", 2_000);
    expect(names(all, "failed")).toEqual(["slow"]);
    expect(all.find((info) => info.name === "slow")!.value).toMatchObject({
      error: { code: "ETIMEDOUT" },
    });
    expect(names(all, "unread")).toEqual(["reset"]);
    release();
  });

  it("does not begin one that was slow before", async () => {
    sys.onRead("slow", () => new Promise((resolve) => setTimeout(() => resolve("1"), 300)));
    expect(names(await context.readAttributes("local:iio:device0", 10_000), "failed")).toEqual([]);
    const all = await context.readAttributes("local:iio:device0", 250);
    expect(all.find((info) => info.name === "slow")!.value).toEqual({ state: "unread" });
  });

  it("gives up a device on which all is slow, with what was and was not begun", async () => {
    const held: (() => void)[] = [];
    for (const file of ["slow", "note", "sampling_frequency", "in_voltage_scale"])
      sys.onRead(file, () => new Promise((resolve) => held.push(() => resolve("1"))));
    const all = await context.readAttributes("local:iio:device0", 1_500);
    expect(names(all, "failed").length).toBeGreaterThanOrEqual(3);
    expect(names(all, "unread").length).toBeGreaterThan(1);
    for (const release of held) release();
  });
});

describe("writing an attribute", () => {
  it("takes prefixes and answers what the device kept", async () => {
    expect(await write("altvoltage0_LO/frequency", "2.4 GHz")).toMatchObject({ raw: "2400000000" });
    sys.onWrite("in_voltage0_hardwaregain", (text) => `${Number(text).toFixed(2)}0000 dB`);
    expect(await write("voltage0/hardwaregain", "41.3")).toMatchObject({ raw: "41.300000 dB" });
    expect(sys.written).toEqual([
      "out_altvoltage0_LO_frequency=2400000000",
      "in_voltage0_hardwaregain=41.3",
    ]);
  });

  it("tells every name of a shared file, and the device whose scaling changed", async () => {
    await write("voltage1/scale", "0.25");
    expect(told()).toEqual([
      '{"kind":"channel","channel":"voltage0"} scale=0.25',
      '{"kind":"channel","channel":"voltage1"} scale=0.25',
    ]);
    const device = changes.findLast((change) => change.kind === "device");
    expect(
      device?.kind === "device" && device.device.channels.slice(0, 2).map((c) => c.scale),
    ).toEqual(["0.25", "0.25"]);
  });

  it("follows a rate that changed with another attribute", async () => {
    sys.onWrite("note", (text) => {
      sys.put(sys.path("iio:device0", "sampling_frequency"), "4000");
      return text;
    });
    await write("note", "turbo");
    expect(told()).toContain('{"kind":"device"} sampling_frequency=4000');
    expect(context.devices()[0]!.buffers[0]!.rateHz).toBe(4000);
  });

  it("names the bound and what was kept when the driver refuses", async () => {
    for (const file of ["in_voltage0_hardwaregain", "sampling_frequency", "note"])
      sys.onWrite(file, () => errnoError("EINVAL", file));
    expect(await refusal("voltage0/hardwaregain", "71")).toMatchObject({
      code: "EINVAL",
      field: "value",
      kept: "42.000000 dB",
      message: "At most 70 dB. The device kept 42 dB.",
    });
    expect((await refusal("voltage0/hardwaregain", "-11")).message).toBe(
      "At least \u221210 dB. The device kept 42 dB.",
    );
    expect((await refusal("voltage0/hardwaregain", "0.1")).message).toBe(
      "\u221210 dB to 70 dB in steps of 0.25 dB. The device kept 42 dB.",
    );
    expect((await refusal("sampling_frequency", "3k")).message).toBe(
      "One of 1 kHz, 2 kHz, 4 kHz. The device kept 1 kHz.",
    );
    expect((await refusal("note", "long")).message).toMatch(/does not say what it takes/);
  });

  it("names the cause when the device is busy", async () => {
    sys.onWrite("note", () => errnoError("EBUSY", "note"));
    sys.probe = () => ({ getFd: 16, attach: 0, holder: "iiod (process 712)" });
    expect((await refusal("note", "x")).message).toMatch(/in use by iiod \(process 712\)/);
    sys.probe = () => ({ getFd: 0, attach: 0, holder: "" });
    expect((await refusal("note", "x")).message).toMatch(
      /driver is busy .* no program holds its buffer/,
    );
  });

  it("gives the command that mends a missing permission", async () => {
    sys.onWrite("note", () => errnoError("EACCES", "note"));
    expect(await refusal("note", "x")).toMatchObject({
      message: expect.stringContaining("note may not be written by this user"),
      fix: expect.stringContaining("60-iio-studio.rules"),
    });
  });

  it("refuses without asking the device what is no number, or can only be read", async () => {
    expect((await refusal("sampling_frequency", "1,5")).message).toMatch(/point for decimals/);
    expect((await refusal("voltage0/raw", "1")).message).toMatch(/only be read/);
    expect(sys.written).toEqual([]);
  });

  it("writes what cannot be read, and clears texts", async () => {
    await write("reset", "1");
    await write("note", "");
    expect(sys.written).toEqual(["reset=1", "note=\n"]);
    expect(await read("note")).toMatchObject({ raw: "" });
  });

  it("says that the device is gone", async () => {
    sys.remove("iio:device0");
    sys.uevent("remove", "iio:device0");
    await eventually(() => context.devices()[0]!.presence).toBe("gone");
    expect(await refusal("note", "x")).toMatchObject({ code: "ENODEV" });
    // The last known value stays readable.
    expect(await read("sampling_frequency")).toMatchObject({ state: "ok", raw: "1000" });
  });
});
