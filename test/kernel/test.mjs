#!/usr/bin/env node
// The kernel suite: sets up, boots, runs the suite inside and passes its lines on. The last line is
// "N passed, N failed", with ", N skipped" where some were.
//   node test/kernel/test.mjs [FILTER]     only tests whose name matches FILTER

import fs from "node:fs";
import path from "node:path";

import { environmentInside, runInside } from "./lib/machine.mjs";
import { cache, kernelFolder, repository } from "./lib/paths.mjs";
import { Sentence } from "./lib/say.mjs";
import { takeSnapshot } from "./lib/snapshot.mjs";
import { setUp } from "./setup.mjs";

/** For the whole suite; several times what it takes on an idle machine with 2 processors. */
const timeoutSeconds = 1800;

async function runSuite(filter) {
  const studio = await takeSnapshot();
  try {
    return await runInside({
      command: [process.execPath, path.join(kernelFolder, "suite/main.mjs"), filter],
      folder: repository,
      environment: { ...environmentInside(), KERNEL_TEST_STUDIO: studio },
      results: path.join(cache, "results"),
      memoryMiB: 2048,
      processors: 2,
      diskGiB: 4,
      diskCache: "unsafe",
      append: "",
      bootSeconds: 90,
      timeoutSeconds,
      groups: [],
      verbose: false,
    });
  } finally {
    fs.rmSync(studio, { recursive: true, force: true });
  }
}

try {
  await setUp();
} catch (error) {
  const reason = (error instanceof Sentence ? error.message : String(error)).trim();
  console.log(`cannot run: ${reason.replace(/\s*\n\s*/g, " ")}`);
  process.exit(1);
}
try {
  process.exitCode = await runSuite(process.argv[2] ?? "");
} catch (error) {
  console.log(error instanceof Sentence ? error.message : error.stack);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
