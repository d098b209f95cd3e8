/** How a stream deals with a context: the order of steps, what it chooses, and what it leaves behind. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context, SourceCandidate, SourcePlan } from "../../electron/host/context.js";
import { resolvePlan } from "../../electron/host/streams/resolve.js";
import { waitingFor } from "../../electron/host/streams/counters.js";
import type { NativeCounters } from "../../native/addon.js";
import type { DeviceInfo } from "../../shared/device.js";
import { computeLayout } from "../../shared/layout.js";
import { parseScanFormat } from "../../shared/parse-format.js";
import { automaticSettings } from "../../shared/stream.js";
import { makeBench, refusal, type Bench } from "./fake/host.js";

const format = parseScanFormat("le:s16/16>>0");
const candidate = (transport: "dmabuf" | "read"): SourceCandidate => ({
  transport,
  heap: transport === "dmabuf" ? "system" : "pages",
  arena:
    transport === "dmabuf"
      ? { kind: "heap", devicePath: "/dev/dma_heap/system" }
      : { kind: "pages", devicePath: "" },
  directWrites: false,
  why: transport === "dmabuf" ? "The heap works." : "DMABUF can't be had.",
});
const plan = (more: Partial<SourcePlan> = {}): SourcePlan => ({
  layout: computeLayout([{ channel: "voltage0", index: 0, format }]),
  rateHz: 1e6,
  rate: null,
  rateSource: null,
  lengthAlignBytes: 1,
  largestBlockBytes: null,
  candidates: [candidate("dmabuf"), candidate("read")],
  missing: [],
  ...more,
});
const PHY_RATE = {
  device: "local:iio:device1",
  scope: { kind: "device" as const },
  name: "sampling_frequency",
};
const settings = automaticSettings(["voltage0"]);
const machine = { availableBytes: 8e9, fileLimit: 4096 };

describe("the choice of transport", () => {
  it("takes the best one, and read() where DMABUF blocks would last too long, saying why", () => {
    expect(resolvePlan(plan(), settings, machine).candidate.transport).toBe("dmabuf");
    const slow = resolvePlan(plan({ rateHz: 125 }), settings, machine);
    expect(slow.candidate.transport).toBe("read");
    expect(slow.candidate.why).toMatch(/^The smallest DMABUF block \(4 KiB\) would last 16.4 s/);
    expect(slow.geometry.secondsPerBlock).toBeLessThan(0.1);
  });

  it("keeps DMABUF where it was asked for, or where nothing else works", () => {
    const asked = resolvePlan(plan({ rateHz: 125 }), { ...settings, transport: "dmabuf" }, machine);
    expect(asked.candidate.transport).toBe("dmabuf");
    const only = plan({ rateHz: 125, candidates: [candidate("dmabuf")] });
    expect(resolvePlan(only, settings, machine).candidate.transport).toBe("dmabuf");
  });

  it("takes the rate of a linked device where the context knows none", () => {
    const resolved = resolvePlan(plan({ rateHz: null }), settings, machine, {
      elsewhere: { rate: PHY_RATE, rateHz: 2e6 },
    });
    expect(resolved).toMatchObject({ rateHz: 2e6, rate: PHY_RATE, rateSource: PHY_RATE });
  });

  it("refuses more blocks than files may be open, with the way out", () => {
    const work = Promise.resolve().then(() =>
      resolvePlan(plan(), { ...settings, blockCount: 3000 }, machine),
    );
    return expect(refusal(work)).resolves.toMatchObject({ code: "EMFILE", field: "blockCount" });
  });
});

describe("what a stream waits for", () => {
  const counters = (more: Partial<NativeCounters>): NativeCounters =>
    ({
      state: "running",
      blocks: 3,
      newestTimeNs: 10_000_000_000n,
      startTimeNs: 0n,
      nowNs: 10_500_000_000n,
      ...more,
    }) as NativeCounters;
  const ask = (native: NativeCounters, more: object = {}) =>
    waitingFor({
      counters: native,
      secondsPerBlock: 0.02,
      deviceLabel: "adc",
      deviceTrigger: null,
      scopeTrigger: null,
      ...more,
    });

  it("is nothing within ten block times, at least 2 s", () => {
    expect(ask(counters({}))).toBeNull();
    expect(ask(counters({ nowNs: 11_900_000_000n }))).toBeNull();
    expect(ask(counters({ nowNs: 12_100_000_000n }))).toBe(
      "Waiting for samples from adc: none for 2.1 s.",
    );
    expect(ask(counters({ nowNs: 14_000_000_000n }), { secondsPerBlock: 0.5 })).toBeNull();
    expect(ask(counters({ nowNs: 15_100_000_000n }), { secondsPerBlock: 0.5 })).toContain("5.1 s");
  });

  it("counts from the start where no block came at all, and names the trigger", () => {
    const none = counters({ blocks: 0, newestTimeNs: 0n });
    expect(ask(none, { deviceTrigger: "t0" })).toBe(
      "Waiting for the device trigger t0: no scan for 11 s.",
    );
  });

  it("is the scope trigger while a single acquisition waits and blocks flow", () => {
    expect(ask(counters({}), { scopeTrigger: "voltage0" })).toContain("scope trigger on voltage0");
    expect(ask(counters({ state: "stopped" }), { scopeTrigger: "voltage0" })).toBeNull();
  });
});

describe("a stream and its context", () => {
  let bench: Bench;
  let steps: string[];
  let failAt: string;
  let plannedRate: SourcePlan["rate"];
  let changed: (device: DeviceInfo) => void = () => {};
  const STREAM = "local:iio:device0/buffer0";

  const device: DeviceInfo = {
    id: "local:iio:device0",
    context: "local",
    name: "adc",
    label: "adc",
    detail: "",
    presence: "present",
    channels: [
      {
        id: "voltage0",
        direction: "in",
        type: "voltage",
        modifier: "",
        label: "",
        scan: [{ buffer: 0, index: 0, format, enabled: false }],
        scale: "1",
        offset: "0",
        unitFactor: 0.001,
        unit: "V",
        scaled: true,
      },
    ],
    pairs: [],
    buffers: [
      {
        index: 0,
        direction: "in",
        transport: "dmabuf",
        why: "",
        dmabuf: { state: "yes" },
        read: { state: "yes" },
        heaps: [],
        lengthAlignBytes: 1,
        needsTrigger: false,
        rate: null,
        rateHz: null,
      },
    ],
    attributes: [],
    links: [],
    triggers: [],
    currentTrigger: null,
  };

  const step = (name: string): void => {
    steps.push(name);
    if (name === failAt) throw Object.assign(new Error(`${name} refused.`), { code: "EBUSY" });
  };

  const context: Context = {
    info: { id: "local", kind: "local", label: "", detail: "", state: { kind: "ready" } },
    devices: () => [device],
    onChange: (listener) => {
      changed = (one) => listener({ kind: "device", device: one });
      return { dispose: () => {} };
    },
    readAttribute: async () => ({ state: "unread" }),
    readAttributes: async () => {
      step("attributes");
      return [];
    },
    writeAttribute: async () => ({ state: "unread" }),
    facts: async () => ({
      hardware: "",
      driver: "",
      kernel: "",
      uri: "local:",
      timestampClock: "",
    }),
    plan: async () => plan({ rate: plannedRate }),
    prepare: async () => {
      step("prepare");
      return {
        ...plan({ rate: plannedRate }),
        notes: ["The buffer was left enabled by a program that died; it was switched off."],
        arm: async (chosen, geometry) => {
          step(`arm ${chosen.transport} ${geometry.payloadBytes}`);
          return {
            kind: "dmabuf",
            devicePath: "",
            bufferIndex: 0,
            enablePath: "",
            devicePresencePath: "",
          };
        },
        release: async ({ vanished }) => {
          steps.push(vanished ? "release vanished" : "release");
        },
      };
    },
    close: async () => {
      steps.push("close");
    },
  };

  beforeEach(async () => {
    steps = [];
    failAt = "";
    plannedRate = null;
    bench = await makeBench({ local: async () => context });
  });
  afterEach(() => bench.close());
  const start = () => bench.client.request("stream.start", { stream: STREAM });

  it("prepares, reads the attributes, arms, and releases after the stop; then closes", async () => {
    const notice = bench.next("notice");
    await start();
    expect((await notice).error.message).toContain("left enabled");
    await bench.client.request("stream.stop", { stream: STREAM });
    expect(steps).toEqual(["prepare", "attributes", "arm dmabuf 32768", "release"]);
    await bench.close();
    expect(steps.at(-1)).toBe("close");
    expect(bench.addon.open()).toBe(0);
  });

  it("gives back what it prepared when a later step is refused, and says which", async () => {
    failAt = "arm dmabuf 32768";
    expect(await refusal(start())).toMatchObject({ code: "EBUSY", message: `${failAt} refused.` });
    expect(steps.at(-1)).toBe("release");
    expect(bench.addon.open()).toBe(0);
    failAt = "prepare";
    expect(await refusal(start())).toMatchObject({ code: "EBUSY" });
    expect(steps.at(-1)).toBe("prepare");
  });

  it("restarts for the rate of the channels that run, wherever the buffer as a whole has its own", async () => {
    const rate = { device: device.id, scope: { kind: "channel" as const, channel: "voltage0" } };
    plannedRate = { ...rate, name: "sampling_frequency" };
    const write = (name: string) =>
      bench.client.request("attribute.write", { ...rate, name, value: "1" });
    await start();
    await write("offset");
    expect(steps.filter((one) => one === "prepare")).toHaveLength(1);
    await write("sampling_frequency");
    expect(steps.filter((one) => one === "prepare")).toHaveLength(2);
  });

  it("refuses to run as fast as it can where the device has a clock", async () => {
    const work = bench.client.request("stream.configure", {
      stream: STREAM,
      patch: { rateMax: true },
    });
    expect(await refusal(work)).toMatchObject({ code: "BAD_REQUEST", field: "rateMax" });
    const { settings } = await bench.client.request("stream.configure", {
      stream: STREAM,
      patch: { rateMax: false, blockCount: 32 },
    });
    expect(settings).toMatchObject({ rateMax: false, blockCount: 32 });
  });

  it("records with the attributes missing rather than not at all", async () => {
    failAt = "attributes";
    expect((await start()).state.kind).toBe("running");
  });

  it("tells the context that the device went while it ran", async () => {
    await start();
    await bench.next("stream.progress", ({ counters }) => counters.blocks > 1);
    const failed = bench.next("stream", ({ stream }) => stream.state.kind === "failed");
    bench.addon.streams.at(-1)!.fault("vanish");
    await failed;
    await expect.poll(() => steps.at(-1)).toBe("release vanished");
  });

  it("leaves the simulator usable when it can't be made at all", async () => {
    const other = await makeBench({ local: () => Promise.reject(new Error("No sysfs here.")) });
    const ids = other.hello.inventory.contexts.map((one) => one.id);
    expect(ids).toEqual(["sim", "rec"]);
    await other.close();
  });

  it("enables all channels of a buffer that has none enabled, and follows the device", async () => {
    const info = await bench.client.request("stream.get", { stream: STREAM });
    expect(info.settings.channels).toEqual(["voltage0"]);
    const told = bench.next("device", (data) => data.device.label === "renamed");
    changed({ ...device, label: "renamed" });
    await told;
  });
});
