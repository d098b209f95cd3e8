#!/usr/bin/env node
// The kernel path against C loops, in one boot of the test kernel. Prints a line "ROW {json}" for
// each figure (see test/bench/report.mjs), and other lines as notes.
//   node test/kernel/bench.mjs [--rounds N] [--seconds T]

import fs from "node:fs";
import path from "node:path";

import { environmentInside, runInside } from "./lib/machine.mjs";
import { cache, kernelFolder, repository } from "./lib/paths.mjs";
import { Sentence, runMain } from "./lib/say.mjs";
import { setUp } from "./setup.mjs";

const built = path.join(repository, "native/build/iio_studio.node");

await runMain(async () => {
  if (!fs.existsSync(built)) throw new Sentence(`${built} is not built. Run: npm run build`);
  await setUp();
  // A copy, so that a build meanwhile changes nothing.
  const folder = fs.mkdtempSync(path.join(cache, "bench-"));
  try {
    const addon = path.join(folder, "iio_studio.node");
    fs.copyFileSync(built, addon);
    const inside = path.join(kernelFolder, "bench/inside.mjs");
    return await runInside({
      command: [process.execPath, inside, addon, ...process.argv.slice(2)],
      folder: repository,
      environment: environmentInside(),
      results: path.join(cache, "results"),
      memoryMiB: 2048,
      processors: 2,
      diskGiB: 1,
      diskCache: "unsafe",
      append: "",
      bootSeconds: 90,
      timeoutSeconds: 1800,
      groups: [],
      verbose: false,
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
