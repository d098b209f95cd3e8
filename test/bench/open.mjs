// Opening a long recording: how soon all of it is drawn, and a part of it after a zoom; with its side index and without.
// Cold: its files are not in the page cache. Warm: they are, and nothing of them is in the program's memory.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { interleaved } from "./layouts.mjs";
import { median, quantile } from "./report.mjs";

const MIB = 1024 * 1024;
const GB = 1e9;
const CHANNELS = 2;
const COLUMNS = 1920;
const ZOOMS = 200;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function benchOpen(addon, report, folder, _root, { gigabytes = 10 } = {}) {
  const free = statfsSync(folder);
  const fits = Math.floor((free.bavail * free.bsize) / GB / 1.2 - 1);
  const size = Math.min(gigabytes, fits);
  if (size < 1) throw new Error("the disk has no room for a recording of 1 GB");
  const place = mkdtempSync(join(folder, "open-"));
  try {
    await benchRecording(addon, report, place, Math.min(size, 2));
    await record(addon, place, "long", size * GB, true);
    const what = `${size.toFixed(size < 10 ? 1 : 0)} GB`;
    await benchFirst(addon, report, place, what);
    await benchZooms(addon, report, place, what);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** What the index costs while it is written. */
async function benchRecording(addon, report, place, size) {
  const without = await record(addon, place, "without", size * GB, false);
  const indexed = await record(addon, place, "with", size * GB, true);
  report.add({
    section: "index",
    what: `recording ${size} GB with its index`,
    value: indexed.bytesPerSecond / GB,
    unit: "GB/s",
    ratio: indexed.bytesPerSecond / without.bytesPerSecond,
    against: "the same without",
  });
  report.add({
    section: "index",
    what: "CPU for it",
    value: ((indexed.cpuSeconds - without.cpuSeconds) / size) * 1000,
    unit: "ms per GB",
  });
  const { size: bytes } = statSync(join(place, "with.iio-index"));
  report.add({
    section: "index",
    what: "its size",
    value: bytes / size / 1e7,
    unit: "% of the data",
  });
  for (const name of ["without", "with"]) rmSync(join(place, `${name}.sigmf-data`));
}

async function record(addon, place, name, bytes, indexed) {
  const wave = { waveform: "sine", frequencyHz: 1000, frequencyEndHz: 0, sweepSeconds: 1 };
  const channel = {
    ...wave,
    amplitude: 20_000,
    offset: 0,
    noise: 0,
    phase: 0,
    duty: 0.5,
    glitchEvery: 0,
  };
  const stream = addon.openStream({
    layout: interleaved(CHANNELS),
    arena: { kind: "pages", devicePath: "", blockCount: 64, allocatedBytes: 4 * MIB },
    source: { kind: "simulator", channels: Array(CHANNELS).fill(channel), max: true, seed: 1 },
    payloadBytes: 4 * MIB,
    queueDepth: 4,
    rateHz: 1e6,
    counter: [],
    timestampGaps: false,
    pyramidBytes: 0,
    deadlineMs: 5000,
  });
  try {
    await stream.start();
    const recording = await stream.record({
      outputs: [{ path: join(place, `${name}.sigmf-data`), verbatim: true, elements: [] }],
      journalPath: join(place, `${name}.journal`),
      journalHeader: new Uint8Array([123, 125]),
      scans: Math.floor(bytes / (2 * CHANNELS)),
      fromScan: -1,
      freeFloorBytes: 0,
      indexPaths: [indexed ? join(place, `${name}.iio-index`) : ""],
    });
    while (recording.status().state === "recording") await sleep(5);
    const status = await recording.stop();
    const fault = status.error ?? status.indexError;
    if (fault) throw new Error(fault.message);
    return { bytesPerSecond: status.bytes / status.seconds, cpuSeconds: status.cpuSeconds };
  } finally {
    await stream.close();
  }
}

const fileOf = (place) => join(place, "long.sigmf-data");
const indexOf = (place) => join(place, "long.iio-index");

function openStore(addon, place, indexed) {
  return addon.openFile({
    path: fileOf(place),
    headerBytes: 0,
    layout: interleaved(CHANNELS),
    rateHz: 1e6,
    captures: noGaps(),
    firstTimeNs: -1n,
    indexPath: indexed ? indexOf(place) : "",
  });
}

/** Captures in columns, none of them. */
function noGaps() {
  const empty = () => new Float64Array(0);
  return {
    scan: empty(),
    sample: empty(),
    lost: empty(),
    lostMin: empty(),
    lostMax: empty(),
    grade: new Uint8Array(0),
    cause: new Uint8Array(0),
    timeNs: new BigInt64Array(0),
  };
}

const traces = Array.from({ length: CHANNELS }, (_, element) => ({
  part: "value",
  element,
  elementQ: -1,
  scale: 1,
  offset: 0,
  scaleQ: 1,
  offsetQ: 0,
}));

/** posix_fadvise DONTNEED over the whole file, which dd does for anybody who may read it. */
function forget(place) {
  for (const path of [fileOf(place), indexOf(place)])
    execFileSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
}

async function benchFirst(addon, report, place, what) {
  const first = async (indexed, cold) => {
    if (cold) forget(place);
    const startedAt = performance.now();
    const store = await openStore(addon, place, indexed);
    try {
      for (;;) {
        const frame = await store.query({ traces, range: { kind: "all" }, columns: COLUMNS });
        if (frame.summarised === 1) return (performance.now() - startedAt) / 1000;
        await sleep(5);
      }
    } finally {
      await store.close();
    }
  };
  const row = (name, value, goal) =>
    report.add({
      section: "open",
      what: `${what}, first full-width trace, ${name}`,
      value,
      unit: "s",
      goal,
      better: "less",
    });
  const several = async (indexed, cold, tries) => {
    const seconds = [];
    for (let i = 0; i < tries; i++) seconds.push(await first(indexed, cold));
    return median(seconds);
  };
  row("index, cold", await several(true, true, 3), 0.3);
  row("index, warm", await several(true, false, 5), 0.3);
  row("without index, cold", await several(false, true, 1));
  row("without index, as warm as memory allows", await several(false, false, 1));
}

/** Spans of all sizes, in equal numbers of each octave, at places of all the recording. */
function randomZooms(scans) {
  let seed = 7;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  return Array.from({ length: ZOOMS }, () => {
    const span = Math.round(100 * (scans / 100) ** random());
    const fromScan = Math.floor(random() * (scans - span));
    return { kind: "range", fromScan, toScan: fromScan + span };
  });
}

async function benchZooms(addon, report, place, what) {
  const zooms = randomZooms(Math.floor(statSync(fileOf(place)).size / (2 * CHANNELS)));
  const times = async () => {
    const store = await openStore(addon, place, true);
    const ms = [];
    try {
      for (const range of zooms) {
        const startedAt = performance.now();
        const frame = await store.query({ traces, range, columns: COLUMNS });
        ms.push(performance.now() - startedAt);
        if (frame.summarised !== 1) throw new Error("a zoom was answered with holes");
      }
    } finally {
      await store.close();
    }
    return ms;
  };
  forget(place);
  for (const [name, goal] of [
    ["cold", undefined],
    ["warm", 16],
  ]) {
    const ms = await times();
    report.add({
      section: "open",
      what: `${what}, zoom ${name}, p95 of ${ZOOMS}`,
      value: quantile(ms, 0.95),
      unit: `ms (median ${median(ms).toFixed(2)}, worst ${Math.max(...ms).toFixed(1)})`,
      goal,
      better: "less",
    });
  }
}
