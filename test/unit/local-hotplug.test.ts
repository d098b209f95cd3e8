import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ContextChange } from "../../electron/host/context.js";
import { LocalContext } from "../../electron/host/local/context.js";
import { FakeSysfs, eventually } from "./fake-sysfs.js";

let sys: FakeSysfs;
let context: LocalContext;
let changes: ContextChange[];

beforeEach(() => {
  sys = new FakeSysfs();
  sys.heap("system");
});
afterEach(async () => {
  await context.close();
  expect(sys.openControls).toBe(0);
  sys.dispose();
});

const adc = (name = "adc") => ({
  name,
  buffers: [{ scan: { in_voltage0: "le:s16/16" } }],
});
async function open(): Promise<void> {
  context = new LocalContext(sys.addon(), sys.roots);
  changes = [];
  context.onChange((change) => changes.push(change));
  await context.start();
  changes.length = 0;
}
const list = () =>
  context.devices().map((device) => `${device.id.slice(6)} ${device.name} ${device.presence}`);
const settled = (expected: string[]) => eventually(list).toEqual(expected);

describe("devices that come and go", () => {
  it("appear when they are plugged in, without looking at the others again", async () => {
    sys.device(0, adc("first"));
    await open();
    let looked = 0;
    sys.onRead("iio:device0/name", () => {
      looked++;
      return "first";
    });
    sys.device(1, adc("second"));
    sys.uevent("add", "iio:device1");
    await settled(["iio:device0 first present", "iio:device1 second present"]);
    expect(looked).toBe(0);
    expect(sys.probes).toEqual(["iio:device0 0", "iio:device1 0"]);
  });

  it("stay listed as gone, with the time, and with what was known", async () => {
    sys.device(0, adc());
    await open();
    sys.remove("iio:device0");
    sys.uevent("remove", "iio:device0");
    await settled(["iio:device0 adc gone"]);
    expect(context.devices()[0]!.goneAtMs).toBeGreaterThan(0);
    expect(context.devices()[0]!.channels).toHaveLength(1);
  });

  it("come back under a new number as another row, or under the old one as the same", async () => {
    sys.device(0, adc());
    await open();
    sys.remove("iio:device0");
    sys.uevent("remove", "iio:device0");
    await settled(["iio:device0 adc gone"]);
    sys.device(1, adc());
    sys.uevent("add", "iio:device1");
    await settled(["iio:device0 adc gone", "iio:device1 adc present"]);
    sys.device(0, adc("other"));
    sys.uevent("add", "iio:device0");
    await settled(["iio:device0 other present", "iio:device1 adc present"]);
  });

  it("are looked at anew when one takes the place of another within a moment", async () => {
    sys.device(0, adc("before"));
    await open();
    sys.remove("iio:device0");
    sys.device(0, adc("after"));
    sys.uevent("remove", "iio:device0");
    sys.uevent("add", "iio:device0");
    await settled(["iio:device0 after present"]);
    const seen = changes.flatMap((change) =>
      change.kind === "device" ? [`${change.device.name} ${change.device.presence}`] : [],
    );
    expect(seen[0]).toBe("before gone");
  });

  it("are told once for a burst of events", async () => {
    await open();
    sys.device(0, adc());
    for (let n = 0; n < 200; n++) sys.uevent("add", "iio:device0");
    await settled(["iio:device0 adc present"]);
    expect(sys.probes).toHaveLength(1);
    expect(changes.length).toBeLessThan(5);
  });

  it("are found after the kernel dropped events", async () => {
    sys.device(0, adc("a"));
    sys.device(1, adc("b"));
    await open();
    sys.remove("iio:device0");
    sys.device(2, adc("c"));
    sys.overflow();
    await settled(["iio:device0 a gone", "iio:device1 b present", "iio:device2 c present"]);
  });

  it("do not wake for events of others", async () => {
    await open();
    sys.device(0, adc());
    sys.uevent("add", "sda", "block");
    sys.uevent("change", "iio:device0");
    sys.uevent("add", "event0");
    sys.device(1, adc("b"));
    sys.uevent("add", "iio:device1");
    await settled(["iio:device1 b present"]);
  });

  it("are not crowded out by rows of those that went", async () => {
    await open();
    for (let n = 0; n < 12; n++) {
      sys.device(n, adc(`d${n}`));
      sys.uevent("add", `iio:device${n}`);
      await eventually(() => list().includes(`iio:device${n} d${n} present`)).toBe(true);
      sys.remove(`iio:device${n}`);
      sys.uevent("remove", `iio:device${n}`);
      await eventually(() => list().includes(`iio:device${n} d${n} gone`)).toBe(true);
    }
    expect(list().length).toBeLessThan(11);
    expect(changes.filter((change) => change.kind === "removed").length).toBeGreaterThan(1);
  });
});

describe("triggers and memory that come later", () => {
  it("are offered as soon as they are there", async () => {
    sys.device(0, { ...adc(), trigger: "" });
    await open();
    sys.hrtimer(0, "t0", "100");
    sys.uevent("add", "trigger0");
    await eventually(() => context.devices()[0]!.triggers.map((t) => t.name)).toEqual(["t0"]);
  });

  it("turn read() into DMABUF", async () => {
    const late = new FakeSysfs();
    late.device(0, adc());
    context = new LocalContext(late.addon(), late.roots);
    await context.start();
    expect(context.devices()[0]!.buffers[0]!.transport).toBe("read");
    late.heap("system");
    late.uevent("add", "system", "dma_heap");
    await eventually(() => context.devices()[0]!.buffers[0]!.transport).toBe("dmabuf");
    await context.close();
    late.dispose();
    await open();
  });
});

describe("permissions", () => {
  it("are asked for again after udev had time to set them", async () => {
    let asked = 0;
    sys.probe = () => ({ getFd: ++asked < 3 ? 13 : 0, attach: 0, holder: "" });
    await open();
    sys.device(0, adc());
    sys.uevent("add", "iio:device0");
    await settled(["iio:device0 adc present"]);
    await eventually(() => context.devices()[0]!.buffers[0]!.transport).toBe("dmabuf");
    expect(asked).toBe(3);
  });
});

describe("without the kernel's events", () => {
  it("says so, and works with what is there", async () => {
    sys.netlink = false;
    sys.device(0, adc());
    await open();
    expect(list()).toEqual(["iio:device0 adc present"]);
    expect(context.info.detail).toMatch(/plugging in is not seen/);
  });
});
