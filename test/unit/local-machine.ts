/** A machine of a converter or an inertial sensor on a tree like /sys, for tests of what streams of them need. */
import { afterEach, beforeEach } from "vitest";
import { LocalContext } from "../../electron/host/local/context.js";
import type { StudioError } from "../../shared/errors.js";
import { automaticSettings, type BlockGeometry, type StreamSettings } from "../../shared/stream.js";
import { FakeSysfs, type FakeDevice } from "./fake-sysfs.js";

/** Of the test that runs; the context from open() on. */
export let sys: FakeSysfs;
export let context: LocalContext;
export const ID = "local:iio:device0";

export const ADC: FakeDevice = {
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
export const IMU: FakeDevice = {
  name: "imu",
  trigger: "",
  buffers: [{ scan: { in_accel_x: "le:s16/16", in_accel_y: "be:s16/16" } }],
};

/** To be called once in a file. */
export function machineForEach(): void {
  beforeEach(() => {
    sys = new FakeSysfs();
    sys.heap("system");
    sys.heap("udmabuf");
  });
  afterEach(async () => {
    await context.close();
    sys.dispose();
  });
}

/** With this device on it. */
export async function open(device: FakeDevice): Promise<void> {
  sys.device(0, device);
  context = new LocalContext(sys.addon(), sys.roots);
  await context.start();
}
const settings = (more: Partial<StreamSettings> = {}): StreamSettings => ({
  ...automaticSettings(["voltage0"]),
  ...more,
});
export const geometry = (more: Partial<BlockGeometry> = {}): BlockGeometry => ({
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
export const prepare = (more: Partial<StreamSettings> = {}) =>
  context.prepare(ID, 0, settings(more));
export const plan = (more: Partial<StreamSettings> = {}) => context.plan(ID, 0, settings(more));
export const refusal = async (work: Promise<unknown>): Promise<StudioError> => {
  try {
    await work;
  } catch (error) {
    return (error as { detail: StudioError }).detail;
  }
  throw new Error("it was accepted");
};
