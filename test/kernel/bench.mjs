#!/usr/bin/env node
// The kernel path against C loops, a pool of thousands of blocks, and the recorder against plain
// writes, in the test kernel. Prints a line "ROW {json}" for each figure (see
// test/bench/report.mjs), and other lines as notes.
//   node test/kernel/bench.mjs [--rounds N] [--seconds T] [--boots N] [--only path,pool,recorder,slow]
// "path" is measured once more, with data, in each further boot: where the emulator puts what it translated stays for a boot
// and changes a loop's speed by a third. "slow" is the recorder once more, with a disk that is slower than the emulator.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

import { environmentInside, runInside } from "./lib/machine.mjs";
import { cache, kernelFolder, repository } from "./lib/paths.mjs";
import { Sentence, runMain } from "./lib/say.mjs";
import { setUp } from "./setup.mjs";

/** A pool of 4 GiB and what the machine needs beside it, or as much as the host can spare. */
const memoryMiB = Math.max(2048, Math.min(6144, Math.floor(os.freemem() / 2 ** 20) - 2048));
/** Each block costs a file, and one more in flight. */
const openFiles = 16_384;

const built = path.join(repository, "native/build/iio_studio.node");

/** Slow enough that not the emulated processor, which works out a CRC32C at 400 to 550 MB/s, decides. */
const slowDiskMBps = 150;

/** One boot; answers the exit code. */
function runBench(addon, words, more = {}) {
  const inside = path.join(kernelFolder, "bench/inside.mjs");
  return runInside({
    command: [
      ...["prlimit", `--nofile=${openFiles}:${openFiles}`],
      ...[process.execPath, inside, addon, ...words],
    ],
    folder: repository,
    environment: environmentInside(),
    results: path.join(cache, "results"),
    memoryMiB,
    processors: 2,
    diskGiB: 3,
    // Past the host's page cache, which would take any write at the speed of memory.
    diskCache: "none",
    append: "",
    bootSeconds: 90,
    timeoutSeconds: 1800,
    groups: [],
    verbose: false,
    ...more,
  });
}

await runMain(async () => {
  if (!fs.existsSync(built)) throw new Sentence(`${built} is not built. Run: npm run build`);
  await setUp();
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      seconds: { type: "string" },
      boots: { type: "string", default: "3" },
      only: { type: "string", default: "path,pool,recorder,slow" },
    },
  });
  const { only, boots, ...rest } = values;
  const words = Object.entries(rest).flatMap(([name, value]) => [`--${name}`, value]);
  const sections = only.split(",");
  const fast = sections.filter((name) => name !== "slow");
  // A copy, so that a build meanwhile changes nothing.
  const folder = fs.mkdtempSync(path.join(cache, "bench-"));
  try {
    const addon = path.join(folder, "iio_studio.node");
    fs.copyFileSync(built, addon);
    let code = 0;
    if (fast.length > 0) code = await runBench(addon, [...words, "--only", fast.join(",")]);
    for (let boot = 1; code === 0 && sections.includes("path") && boot < Number(boots); boot++)
      code = await runBench(addon, [...words, "--only", "path", "--filled"]);
    if (code === 0 && sections.includes("slow")) {
      const slow = ["--only", "recorder", "--disk-rate", String(slowDiskMBps)];
      code = await runBench(addon, [...words, ...slow], { diskMBps: slowDiskMBps });
    }
    return code;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
