/** `?fake=NAME` of a development build: a fake host in the state that a picture of the design shows. */
import type { Port } from "../../shared/port.js";
import { FakeHost } from "./fake-host.js";
import { converter, receiver, receiverControl, sensor, slowConverter } from "./fake-local.js";
import { FakeRecording, oldRecordings } from "./fake-recorder.js";
import {
  simulatedAdc,
  simulatedInertial,
  simulatedTransceiver,
  simulatedTransceiverControl,
} from "./fake-simulator.js";

const simulator = () => [
  simulatedAdc(),
  simulatedTransceiver(),
  simulatedTransceiverControl(),
  simulatedInertial(),
];
const bench = () => [
  receiver(),
  receiverControl(),
  converter(),
  sensor(),
  slowConverter(),
  ...simulator(),
];

/** What the first view of a new layout shows. */
function layoutOn(device: string): string {
  const stream = `${device}/buffer0`;
  return JSON.stringify({
    rows: [[{ id: "g0", tabs: [{ id: "v0", kind: "scope", stream }], active: "v0" }]],
    focusedView: "v0",
    selected: { device, channel: null },
  });
}

function bare(device: string): FakeHost {
  const theme = new URLSearchParams(location.search).get("theme") === "light" ? "light" : "dark";
  return new FakeHost({
    devices: bench(),
    recordings: oldRecordings(),
    settings: { theme, layout: layoutOn(device) },
  });
}

function firstRun(): FakeHost {
  const theme = new URLSearchParams(location.search).get("theme") === "light" ? "light" : "dark";
  return new FakeHost({ devices: simulator(), settings: { theme } });
}

function running(device: string): FakeHost {
  const host = bare(device);
  host.stream(`${device}/buffer0`).start(20);
  return host;
}

function recording(): FakeHost {
  const device = "local:iio:device1";
  const host = running(device);
  const stream = host.stream(`${device}/buffer0`);
  const recording = new FakeRecording(stream, "2026-11-20_12-41-07_ad9361", "", 12);
  stream.recording = recording.name;
  stream.pinnedBlocks = 6;
  host.recordings.set(stream.id, recording);
  stream.addGap(380, 12_000_000);
  return host;
}

function error(): FakeHost {
  const host = recording();
  setTimeout(() => {
    host.unplug("local:iio:device1");
    host.unplug("local:iio:device0");
  }, 1200);
  return host;
}

/** A pool that takes a while to be had. */
function starting(device: string): FakeHost {
  const host = bare(device);
  const stream = host.stream(`${device}/buffer0`);
  const sizes = { blockCount: 4096, blockSize: { kind: "bytes" as const, bytes: 1 << 20 } };
  stream.settings = { ...stream.settings, ...sizes };
  const allocation = { bytes: 1_300_234_240, totalBytes: stream.geometry().poolBytes };
  stream.state = { kind: "starting", allocation };
  return host;
}

const SCENES: Record<string, () => FakeHost> = {
  firstrun: firstRun,
  idle: () => bare("sim:adc"),
  running: () => running("local:iio:device3"),
  starting: () => starting("local:iio:device3"),
  recording,
  error,
  slow: () => running("local:iio:device4"),
};

export function openScene(name: string): Port {
  const host = (SCENES[name] ?? firstRun)();
  Object.assign(window, { fakeHost: host });
  return host.port();
}
