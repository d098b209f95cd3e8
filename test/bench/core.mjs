// Pyramid and scope trigger on one core, over 64 MiB, in turns with a plain read of the same memory.
import { interleaved, samples } from "./layouts.mjs";
import { median } from "./report.mjs";

const MIB = 1024 * 1024;
const CASES = [
  { name: "1 × s16", channels: 1, goal: 5 },
  { name: "2 × s16", channels: 2, goal: 5 },
  { name: "3 × s16", channels: 3 },
  { name: "4 × s16", channels: 4, goal: 5 },
  { name: "8 × s16", channels: 8, goal: 5 },
  { name: "2 × s12 in 16, shift 4", channels: 2, format: { bits: 12, shift: 4 } },
];

const ROUNDS = 8;
const TRIES = 5;

async function fastest(run, tries = TRIES) {
  const seconds = [];
  for (let i = 0; i < tries; i++) seconds.push(await run());
  return { best: Math.min(...seconds), middle: median(seconds) };
}

/** Seconds of reading all of it so many times: a search for a byte that is not there, which libc does by vectors. */
function readAll(memory, rounds) {
  const startedAt = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (memory.indexOf(1) !== -1) throw new Error("the memory is not as it was made");
  }
  return (performance.now() - startedAt) / 1000;
}

export async function benchCore(addon, report) {
  report.note(`vector path chosen at run time: ${addon.vectorPath}`);
  for (const { name, channels, format, goal } of CASES) {
    const bytes = Math.floor((64 * MIB) / (channels * 2)) * channels * 2;
    const data = samples(bytes, channels);
    // Written, so that it has pages of its own.
    const zeros = Buffer.allocUnsafe(bytes).fill(0);
    const layout = interleaved(channels, format);
    const seconds = { pyramid: [], read: [] };
    for (let i = 0; i < TRIES; i++) {
      seconds.pyramid.push(await addon.benchPyramid(data, layout, ROUNDS));
      seconds.read.push(readAll(zeros, ROUNDS));
    }
    const rate = (list) => (bytes * ROUNDS) / Math.min(...list) / 1e9;
    report.add({
      section: "pyramid",
      what: `${name}, 64 MiB`,
      value: rate(seconds.pyramid),
      unit: "GB/s per core",
      ratio: rate(seconds.pyramid) / rate(seconds.read),
      against: `a plain read of as much memory (${rate(seconds.read).toFixed(1)} GB/s)`,
      ...(goal && { goal: 0.8, orValue: 10 }),
    });
  }
  const data = samples(64 * MIB, 1);
  for (const [what, level] of [
    ["a crossing every 50,000 samples", 0],
    ["level never reached", 32_000],
  ]) {
    const trigger = {
      trace: {
        part: "value",
        element: 0,
        elementQ: -1,
        scale: 1,
        offset: 0,
        scaleQ: 1,
        offsetQ: 0,
      },
      edge: "rising",
      level,
      hysteresis: 2000,
    };
    let found = 0;
    const { best } = await fastest(async () => {
      const answer = await addon.benchTrigger(data, interleaved(1), trigger, 4);
      found = answer.found;
      return answer.seconds;
    });
    report.add({
      section: "trigger",
      what: `${what} (${found} found)`,
      value: (32 * MIB * 4) / best / 1e9,
      unit: "GS/s per core, on top of the pyramid",
    });
  }
}
