// Pyramid and scope trigger on one core, over memory larger than the caches and over memory that fits them.
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

async function fastest(run, tries = 5) {
  const seconds = [];
  for (let i = 0; i < tries; i++) seconds.push(await run());
  return { best: Math.min(...seconds), middle: median(seconds) };
}

export async function benchCore(addon, report) {
  report.note(`vector path chosen at run time: ${addon.vectorPath}`);
  for (const { name, channels, format, goal } of CASES) {
    const bytes = Math.floor((64 * MIB) / (channels * 2)) * channels * 2;
    const data = samples(bytes, channels);
    const layout = interleaved(channels, format);
    const rounds = 8;
    const { best } = await fastest(() => addon.benchPyramid(data, layout, rounds));
    report.add({
      section: "pyramid",
      what: `${name}, 64 MiB`,
      value: (bytes * rounds) / best / 1e9,
      unit: "GB/s per core",
      goal,
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
