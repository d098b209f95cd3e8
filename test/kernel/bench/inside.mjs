// Runs inside the test kernel: the studio's pool and the C loops of tools/, in turns, so that both
// meet the machine in the same state. The device runs unpaced: blocks complete as they are filled.
//   node inside.mjs ADDON [--rounds N] [--seconds T]

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { parseArgs } from "node:util";

import { deviceFolder, setControl, writeAttribute } from "../suite/driver.mjs";

const device = "studio-counter";
const unpacedHz = 1_000_000_000;
const scanBytes = 8;
/** The same for the loops and the studio. */
const blocks = 16;
const queued = 8;
const sizes = [16, 64, 256, 1024, 4096].map((kibibytes) => kibibytes * 1024);

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string" }, seconds: { type: "string" } },
  allowPositionals: true,
});
const paceSteps = 8;
const leftOutMost = 0.01;
const rounds = Number(values.rounds ?? 5);
const seconds = Number(values.seconds ?? 0.8);
const addon = createRequire(import.meta.url)(positionals[0]);

const layout = {
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

function loop(blockBytes, fill, options) {
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
  const { bytes, seconds: took, cpuSeconds } = JSON.parse(stdout);
  return { rate: bytes / took, cpuPerGB: (cpuSeconds / bytes) * 1e9 };
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

let failedBlocks = 0;

/** `pyramid`: with the pyramid as the only consumer; without it the pool has none. */
async function studio(blockBytes, fill, { transport, pyramid, rateHz = unpacedHz }) {
  const folder = deviceFolder(device);
  writeAttribute(device, "sampling_frequency", rateHz);
  for (const n of [0, 1, 2, 3]) writeAttribute(device, `buffer0/in_voltage${n}_en`, 1);
  setControl(device, "fill", fill ? 1 : 0);
  if (transport === "read") {
    writeAttribute(device, "buffer0/length", (2 * blockBytes) / scanBytes);
  }
  const heap = { kind: "heap", devicePath: "/dev/dma_heap/system" };
  const pages = { kind: "pages", devicePath: "" };
  const stream = addon.openStream({
    layout,
    arena: {
      ...(transport === "read" ? pages : heap),
      blockCount: blocks,
      allocatedBytes: blockBytes,
    },
    source: {
      kind: transport,
      devicePath: `/dev/${path.basename(folder)}`,
      bufferIndex: 0,
      enablePath: `${folder}/buffer0/enable`,
      devicePresencePath: folder,
    },
    payloadBytes: blockBytes,
    queueDepth: queued,
    rateHz: 0,
    counter: [],
    timestampGaps: false,
    pyramidBytes: pyramid ? 64 * 1024 * 1024 : 0,
    deadlineMs: 10_000,
  });
  try {
    await stream.start();
    // What the start itself costs is not a matter of the bytes.
    await sleep(100);
    const before = stream.counters();
    const cpuBefore = cpuSeconds();
    const started = process.hrtime.bigint();
    await sleep(seconds * 1000);
    const after = stream.counters();
    const cpu = cpuSeconds() - cpuBefore;
    const took = Number(process.hrtime.bigint() - started) / 1e9;
    await stream.stop();
    failedBlocks += after.failedBlocks;
    // Blocks that the summaries fell behind on count as not done.
    const leftOut = after.unsummarisedBlocks - before.unsummarisedBlocks;
    const bytes = after.bytes - before.bytes - leftOut * blockBytes;
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

const variants = {
  loop: (bytes, fill) => loop(bytes, fill, []),
  pool: (bytes, fill) => studio(bytes, fill, { transport: "dmabuf", pyramid: false }),
  touch: (bytes, fill) => loop(bytes, fill, ["--touch"]),
  readLoop: (bytes, fill) => loop(bytes, fill, ["--read"]),
  read: (bytes, fill) => studio(bytes, fill, { transport: "read", pyramid: false }),
};

/**
 * The fastest pace at which the pyramid leaves out no more than `leftOutMost` of the blocks, by
 * bisection. A device without a pace would not wait: the queue comes before the summaries, and what
 * is queued for nobody takes the processor from them.
 */
async function sustained(blockBytes, fill, mostBytesPerSecond) {
  let [low, high] = [0, mostBytesPerSecond];
  let best;
  for (let step = 0; step < paceSteps; step++) {
    const pace = step === 0 ? high : (low + high) / 2;
    const rateHz = Math.round(pace / scanBytes);
    const run = await studio(blockBytes, fill, { transport: "dmabuf", pyramid: true, rateHz });
    if (run.leftOut <= leftOutMost) {
      low = pace;
      if (!best || run.rate > best.rate) best = run;
      if (step === 0) break;
    } else {
      high = pace;
    }
  }
  return best ?? { rate: 0, cpuPerGB: Infinity };
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function measure(bytes, fill) {
  const runs = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(variants)) runs[name].push(await run(bytes, fill));
  }
  const found = Object.fromEntries(
    Object.entries(runs).map(([name, list]) => [
      name,
      {
        rate: median(list.map((one) => one.rate)),
        cpuPerGB: median(list.map((one) => one.cpuPerGB)),
      },
    ]),
  );
  found.pyramid = await sustained(bytes, fill, found.pool.rate);
  return found;
}

function row(fields) {
  console.log(`ROW ${JSON.stringify({ section: "kernel", ...fields })}`);
}

function compare(what, mine, theirs, against, goal) {
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

const sizeText = (bytes) => (bytes < 2 ** 20 ? `${bytes / 1024} KiB` : `${bytes / 2 ** 20} MiB`);

console.log(
  `${blocks} blocks of the system heap, ${queued} queued, scans of 8 bytes; medians of ${rounds} runs of ${seconds} s in turns`,
);
for (const fill of [true, false]) {
  for (const bytes of sizes) {
    const found = await measure(bytes, fill);
    const mode = `${sizeText(bytes)}, ${fill ? "filled by the driver" : "not filled"}`;
    // Goals are for data that are there, in blocks as large as a fast device has them.
    const goal = (value) => (fill && bytes >= 256 * 1024 ? value : undefined);
    compare(`pool alone, ${mode}`, found.pool, found.loop, "a loop of the same ioctls", goal(0.95));
    compare(
      `with the pyramid, ${mode}`,
      found.pyramid,
      found.touch,
      "a loop that reads every byte",
      goal(0.9),
    );
    compare(`read(), ${mode}`, found.read, found.readLoop, "a loop of read()");
  }
}

console.log(`blocks that failed in all runs: ${failedBlocks}`);
