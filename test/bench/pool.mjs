// The host's own part of a pool of thousands of blocks: the simulator at max into 4,096 blocks of 1 MiB of plain pages
// and into 16, in turns. Filling 4 GiB misses the caches that 16 MiB fit into, whoever fills it: what a plain fill of as
// much memory makes of that stands beside it. The kernel's part is measured in the test kernel (test/kernel/bench/pool.mjs).
import { freemem } from "node:os";
import { interleaved } from "./layouts.mjs";
import { median } from "./report.mjs";

const MIB = 1024 * 1024;
const FEW = 16;
const MANY = 4096;
const SPARE_BYTES = 2048 * MIB;
const ROUNDS = 5;
const SECONDS = 2;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const counter = {
  waveform: "counter",
  frequencyHz: 0,
  frequencyEndHz: 0,
  sweepSeconds: 1,
  amplitude: 0,
  offset: 0,
  noise: 0,
  phase: 0,
  duty: 0.5,
  glitchEvery: 0,
};

/** Bytes a second through a pool of so many blocks, once each of them was filled. */
async function flow(addon, blockCount) {
  const stream = addon.openStream({
    layout: interleaved(1),
    arena: { kind: "pages", devicePath: "", blockCount, allocatedBytes: MIB },
    source: { kind: "simulator", channels: [counter], max: true, seed: 1 },
    payloadBytes: MIB,
    queueDepth: 8,
    rateHz: 1e6,
    counter: [],
    timestampGaps: false,
    pyramidBytes: 0,
    deadlineMs: 10_000,
  });
  try {
    await stream.start();
    while (stream.counters().blocks < blockCount) await sleep(5);
    const [first, startedAt] = [stream.counters(), performance.now()];
    await sleep(SECONDS * 1000);
    const [last, endedAt] = [stream.counters(), performance.now()];
    await stream.stop();
    return ((last.bytes - first.bytes) / (endedAt - startedAt)) * 1000;
  } finally {
    await stream.close();
  }
}

/** Bytes a second of a plain fill, MiB by MiB, of so many of them over and over. */
function fill(blockCount) {
  const blocks = Array.from({ length: blockCount }, () => Buffer.alloc(MIB, 1));
  const startedAt = performance.now();
  let filled = 0;
  while (performance.now() - startedAt < SECONDS * 500) {
    for (let at = 0; at < 16; at++) blocks[filled++ % blockCount].fill(filled & 0xff);
  }
  return ((filled * MIB) / (performance.now() - startedAt)) * 1000;
}

export async function benchPool(addon, report) {
  const many = Math.min(MANY, Math.floor((freemem() - SPARE_BYTES) / 2 / MIB));
  if (many < MANY) report.note(`${many} blocks instead of ${MANY}: no more memory is free`);
  const { soft, hard } = addon.raiseFileLimit();
  report.note(`plain pages need no files; of them ${soft} may be open, ${hard} at most`);
  const runs = { few: [], many: [], memory: [] };
  for (let round = 0; round < ROUNDS; round++) {
    runs.few.push(await flow(addon, FEW));
    runs.many.push(await flow(addon, many));
    const few = fill(FEW);
    runs.memory.push(fill(many) / few);
  }
  const ratios = runs.many.map((rate, at) => rate / runs.few[at]);
  const what = `${many.toLocaleString("en")} blocks of 1 MiB, pages`;
  report.add({
    section: "pool",
    what,
    value: median(runs.many) / 1e9,
    unit: "GB/s",
    ratio: median(ratios),
    against: `a pool of ${FEW} of them`,
    goal: 0.9,
  });
  report.note(
    `${what}: ratios ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; of a plain fill of as much memory ${median(runs.memory).toFixed(2)}`,
  );
}
