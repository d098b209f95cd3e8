// What the benches inside the test kernel share: the studio's pool and the C loop of tools/ on the
// same device, and the lines that they print. The device runs unpaced: blocks complete as they are
// filled.

import { spawnSync } from "node:child_process";
import path from "node:path";

import { deviceFolder, setControl, writeAttribute } from "../suite/driver.mjs";

export const device = "studio-counter";
export const scanBytes = 8;
export const unpacedHz = 1_000_000_000;
/** Blocks in the queue, of both, unless told otherwise. */
export const fewQueued = 8;

const MIB = 2 ** 20;

/** Full after half a GB, as that of any stream that has run for a while. */
const summaryBytes = 8 * MIB;

export const layout = {
  scanBytes,
  elements: ["u", "u", "s", "s"].map((kind, at) => ({
    offsetBytes: at * 2,
    storageBits: 16,
    bits: 16,
    shift: 0,
    repeat: 1,
    kind,
    bigEndian: false,
  })),
  timestamp: -1,
};

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
export const sizeText = (bytes) => (bytes < MIB ? `${bytes / 1024} KiB` : `${bytes / MIB} MiB`);

/** The C loop: {rate in bytes a second, cpuPerGB in seconds}. `options` are those of tools/loop.c. */
export function loop({ blockBytes, blocks, queued = fewQueued, fill, seconds, options = [] }) {
  const { status, stdout, stderr } = spawnSync(
    path.join(process.env.KERNEL_TEST_TOOLS, "loop"),
    [
      ...["--block-bytes", String(blockBytes), "--blocks", String(blocks)],
      ...["--queued", String(queued), "--seconds", String(seconds), "--fill", fill ? "1" : "0"],
      ...options,
    ],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`loop ${options}: ${stderr}`);
  const { bytes, seconds: took, cpuSeconds: cpu } = JSON.parse(stdout);
  return { rate: bytes / took, cpuPerGB: (cpu / bytes) * 1e9 };
}

const heaps = {
  system: { kind: "heap", devicePath: "/dev/dma_heap/system" },
  udmabuf: { kind: "udmabuf", devicePath: "/dev/udmabuf" },
  pages: { kind: "pages", devicePath: "" },
};

/** A stream of the device with all four channels, not started; the caller closes it. */
export function openStream(
  addon,
  { transport = "dmabuf", heap, blockBytes, blocks, queued = fewQueued, fill, ...more },
) {
  const { pyramid = false, waits = false, rateHz = unpacedHz } = more;
  const folder = deviceFolder(device);
  writeAttribute(device, "sampling_frequency", rateHz);
  for (const n of [0, 1, 2, 3]) writeAttribute(device, `buffer0/in_voltage${n}_en`, 1);
  setControl(device, "fill", fill ? 1 : 0);
  if (transport === "read") {
    writeAttribute(device, "buffer0/length", (2 * blockBytes) / scanBytes);
  }
  return addon.openStream({
    layout,
    arena: {
      ...heaps[heap ?? (transport === "read" ? "pages" : "system")],
      blockCount: blocks,
      allocatedBytes: blockBytes,
    },
    source: {
      kind: transport,
      devicePath: `/dev/${path.basename(folder)}`,
      bufferIndex: 0,
      enablePath: `${folder}/buffer0/enable`,
      devicePresencePath: folder,
      ...(transport === "dmabuf" ? { waits } : {}),
    },
    payloadBytes: blockBytes,
    queueDepth: queued,
    rateHz: 0,
    counter: [],
    timestampGaps: false,
    pyramidBytes: pyramid ? summaryBytes : 0,
    deadlineMs: 10_000,
  });
}

export const failed = { blocks: 0 };

/** The pool, for so long: as `loop`, and which share of the blocks the summaries left out. */
export async function studio(addon, { seconds, blockBytes, ...options }) {
  const stream = openStream(addon, { blockBytes, ...options });
  try {
    await stream.start();
    // What the start itself costs is not a matter of the bytes: the emulator translates what runs
    // for the first time, and each page of the blocks is met for the first time.
    await sleep(options.pyramid ? 1000 : 100);
    const before = stream.counters();
    const started = process.hrtime.bigint();
    await sleep(seconds * 1000);
    const after = stream.counters();
    // Of the threads that the blocks go through; what reads this here is not among them.
    const cpu = after.cpuSeconds - before.cpuSeconds;
    const took = Number(process.hrtime.bigint() - started) / 1e9;
    await stream.stop();
    failed.blocks += after.failedBlocks;
    // Done is what has its summary: not the blocks that these left out, nor, of a device that waits
    // and loses nothing, what they have not come to yet.
    const leftOut = after.unsummarisedBlocks - before.unsummarisedBlocks;
    const bytes = options.waits
      ? (after.summarisedToScan - before.summarisedToScan) * scanBytes
      : after.bytes - before.bytes - leftOut * blockBytes;
    return {
      rate: bytes / took,
      cpuPerGB: (cpu / bytes) * 1e9,
      leftOut: leftOut / (after.blocks - before.blocks),
    };
  } finally {
    await stream.close();
    setControl(device, "fill", 1);
  }
}

/** Medians of what several runs found. */
export function middle(runs) {
  return {
    rate: median(runs.map((one) => one.rate)),
    cpuPerGB: median(runs.map((one) => one.cpuPerGB)),
  };
}

/** One figure, as test/bench/report.mjs takes it. */
export function row(fields) {
  console.log(`ROW ${JSON.stringify({ section: "kernel", ...fields })}`);
}

/** Two runs held against each other: their rates, and what they cost. */
export function compare(what, mine, theirs, against, goal) {
  row({
    what,
    value: mine.rate / 1e6,
    unit: "MB/s",
    ratio: mine.rate / theirs.rate,
    against,
    ...(goal === undefined ? {} : { goal }),
  });
  row({
    what: `${what}, CPU`,
    value: mine.cpuPerGB,
    unit: "s/GB",
    ratio: mine.cpuPerGB / theirs.cpuPerGB,
    against,
    ...(goal === undefined ? {} : { goal: 1.1 }),
    better: "less",
  });
}
