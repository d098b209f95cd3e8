import { describe, expect, it } from "vitest";
import { recordingFacts } from "../../electron/host/recordings/facts.js";
import type { DeviceInfo } from "../../shared/device.js";
import type { Run } from "../../electron/host/streams/run.js";
import { channelsOf, layoutOf } from "./sigmf-fixture.js";

const channels = channelsOf(["voltage0_i", "le:s16/16"], ["voltage0_q", "le:s16/16"]);
const device = (id: string, more: Partial<DeviceInfo> = {}): DeviceInfo => ({
  id,
  context: "local",
  name: id,
  label: id,
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
const lo = (id: string, label = ""): DeviceInfo["channels"][number] => ({
  ...channels[0]!,
  id,
  label,
  type: "altvoltage",
  direction: "out",
  scan: [],
});
const frequency = (of: string, channel: string, raw: string) => ({
  device: of,
  deviceName: of,
  scope: { kind: "channel" as const, channel },
  name: "frequency",
  state: "ok" as const,
  raw,
  unit: "Hz",
});

/** A receiver with a control device and a DDS, as AD9361's come. */
function frequencyOf(attributes: ReturnType<typeof frequency>[]): number | null {
  const receiver = device("cf-ad9361-lpc", {
    channels,
    links: [
      { device: "cf-ad9361-dds-core-lpc", role: "transmitter", origin: "name" },
      { device: "ad9361-phy", role: "control", origin: "name" },
    ],
  });
  const phy = device("ad9361-phy", {
    channels: [lo("altvoltage0", "RX_LO"), lo("altvoltage1", "TX_LO")],
  });
  const dds = device("cf-ad9361-dds-core-lpc", { channels: [lo("altvoltage0", "TX1_I_F1")] });
  const layout = layoutOf(channels);
  const run = {
    layout,
    settings: { counter: [] },
    facts: { hardware: "", driver: "", kernel: "", uri: "", timestampClock: "" },
    attributes,
    resolved: {
      rateHz: 1e6,
      rateSource: null,
      plan: { layout },
      candidate: { kind: "dmabuf", why: "", arena: { kind: "heap", heap: "system" } },
      geometry: { blockCount: 4, queueDepth: 2, payloadBytes: 4096 },
    },
  } as unknown as Run;
  return recordingFacts({
    name: "a",
    note: "",
    continues: undefined,
    hash: false,
    version: "0",
    run,
    buffer: 0,
    device: receiver,
    devices: [receiver, dds, phy],
    clocks: { monotonicNs: 0n, realtimeNs: 0n },
    writer: { pid: 1, startTicks: "", bootId: "" },
    startedAtMs: 0,
  }).frequencyHz;
}

describe("the frequency of a recording", () => {
  const tone = frequency("cf-ad9361-dds-core-lpc", "altvoltage0", "1000000");
  const tx = frequency("ad9361-phy", "altvoltage1", "2450000000");
  const rx = frequency("ad9361-phy", "altvoltage0", "2400000000");

  it("is the receiver's oscillator, not a tone of the transmitter linked to it", () => {
    expect(frequencyOf([tone, tx, rx])).toBe(2.4e9);
    expect(frequencyOf([rx, tone])).toBe(2.4e9);
  });

  it("is not known where only the transmitter could be asked", () => {
    expect(frequencyOf([tone])).toBeNull();
  });
});
