// The path from the kernel to the pool: the studio and the C loops of tools/, in turns, so that both
// meet the machine in the same state.

import { compare, failed, loop, middle, scanBytes, sizeText, studio, unpacedHz } from "./rig.mjs";

/** What a stream takes unasked at such rates, and the loops too: three quarters of it are queued. */
const poolBytes = 256 * 1024 * 1024;
const mostBlocks = 1024;
const sizes = [16, 64, 256, 1024, 4096].map((kibibytes) => kibibytes * 1024);
const paceSteps = 8;
const leftOutMost = 0.01;

function countsOf(blockBytes) {
  const blocks = Math.min(mostBlocks, poolBytes / blockBytes);
  return { blocks, queued: (blocks * 3) / 4 };
}

function variantsOf(addon, given) {
  return {
    loop: (run) => loop({ ...given, ...run }),
    pool: (run) => studio(addon, { ...given, ...run }),
    touch: (run) => loop({ ...given, ...run, options: ["--touch"] }),
    // The device waits here as it does for the loop: what neither has read yet is not queued again.
    pyramid: (run) => studio(addon, { ...given, ...run, pyramid: true, waits: true }),
    readLoop: (run) => loop({ ...given, ...run, options: ["--read"] }),
    read: (run) => studio(addon, { ...given, ...run, transport: "read" }),
  };
}

/**
 * The fastest pace of a device that does not wait at which the pyramid leaves out no more than
 * `leftOutMost` of the blocks, by bisection: the queue comes before the summaries then, and what is
 * queued for nobody takes the processor from them.
 */
async function sustained(addon, run, mostBytesPerSecond) {
  let [low, high] = [0, mostBytesPerSecond];
  let best;
  for (let step = 0; step < paceSteps; step++) {
    const pace = step === 0 ? high : (low + high) / 2;
    const rateHz = Math.min(unpacedHz, Math.round(pace / scanBytes));
    const tried = await studio(addon, { ...run, pyramid: true, rateHz });
    if (tried.leftOut <= leftOutMost) {
      low = pace;
      if (!best || tried.rate > best.rate) best = tried;
      if (step === 0) break;
    } else {
      high = pace;
    }
  }
  return best ?? { rate: 0, cpuPerGB: Infinity };
}

async function measure(addon, run, { rounds, seconds }) {
  const counts = { ...countsOf(run.blockBytes), seconds };
  const variants = variantsOf(addon, counts);
  const runs = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, variant] of Object.entries(variants)) runs[name].push(await variant(run));
  }
  const found = Object.fromEntries(
    Object.entries(runs).map(([name, list]) => [name, middle(list)]),
  );
  found.kept = await sustained(addon, { ...run, ...counts }, found.pool.rate);
  return found;
}

export async function benchPath(addon, { rounds, seconds, fills }) {
  console.log(
    `pools of ${poolBytes / 2 ** 20} MiB in the system heap, at most ${mostBlocks} blocks, three quarters queued, scans of ${scanBytes} bytes; medians of ${rounds} runs of ${seconds} s in turns; "a pace that is kept" is the best of ${paceSteps} tries by bisection. CPU is that of the stream's threads, and of the whole loop`,
  );
  for (const fill of fills) {
    for (const blockBytes of sizes) {
      const found = await measure(addon, { blockBytes, fill }, { rounds, seconds });
      const mode = `${sizeText(blockBytes)}, ${fill ? "filled by the driver" : "not filled"}`;
      // Goals are for data that are there, in blocks as large as a fast device has them.
      const goal = (value) => (fill && blockBytes >= 256 * 1024 ? value : undefined);
      const { pool, pyramid, kept, read, touch, readLoop } = found;
      compare(`pool alone, ${mode}`, pool, found.loop, "a loop of the same ioctls", goal(0.95));
      const touching = "a loop that reads every byte";
      compare(`with the pyramid, the device waits, ${mode}`, pyramid, touch, touching, goal(0.9));
      compare(`with the pyramid, a pace that is kept, ${mode}`, kept, touch, touching, goal(0.9));
      compare(`read(), ${mode}`, read, readLoop, "a loop of read()");
    }
  }
  console.log(`blocks that failed in all runs: ${failed.blocks}`);
}
