#!/usr/bin/env node
// The kernel suite: sets up, boots, runs the suite inside and passes its lines on. The last line is
// "N passed, N failed", with ", N skipped" where some were. Two machines share the work, side by side.
//   node test/kernel/test.mjs [FILTER]     only tests whose name matches FILTER, in one machine

import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { environmentInside, runInside } from "./lib/machine.mjs";
import { cache, kernelFolder, repository } from "./lib/paths.mjs";
import { Sentence } from "./lib/say.mjs";
import { takeSnapshot } from "./lib/snapshot.mjs";
import { setUp } from "./setup.mjs";
import { machines } from "./suite/suites.mjs";

/** For one machine; several times what it takes on an idle host with 2 processors. */
const timeoutSeconds = 2100;

/** Boots one machine and runs these suites in it; answers the exit code. */
function runMachine(name, suites, filter, studio) {
  const inside = { KERNEL_TEST_STUDIO: studio, KERNEL_TEST_SUITES: suites.join(",") };
  return runInside({
    name,
    command: [process.execPath, path.join(kernelFolder, "suite/main.mjs"), filter],
    folder: repository,
    environment: { ...environmentInside(), ...inside },
    results: path.join(cache, "results", name),
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
}

/** The same program once more, for one machine of several; answers what it counted. */
function runBeside(name, studio, onLine) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--machine", name], {
      env: { ...process.env, KERNEL_TEST_STUDIO: studio },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const counted = { passed: 0, failed: 0, skipped: 0 };
    let told = false;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const totals = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(line);
      if (!totals) return onLine(line);
      told = true;
      counted.passed += Number(totals[1]);
      counted.failed += Number(totals[2]);
      counted.skipped += Number(totals[3] ?? 0);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (!told || (code !== 0 && counted.failed === 0)) counted.failed++;
      resolve(counted);
    });
  });
}

async function runAll(studio) {
  const each = await Promise.all(
    Object.keys(machines).map((name) => runBeside(name, studio, (line) => console.log(line))),
  );
  const sum = (what) => each.reduce((total, counted) => total + counted[what], 0);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  return sum("failed") > 0 ? 1 : 0;
}

async function run([first = "", name = ""]) {
  if (first === "--machine") {
    return runMachine(name, machines[name], "", process.env.KERNEL_TEST_STUDIO);
  }
  const studio = await takeSnapshot();
  try {
    if (first === "") return await runAll(studio);
    return await runMachine("filtered", Object.values(machines).flat(), first, studio);
  } finally {
    fs.rmSync(studio, { recursive: true, force: true });
  }
}

const given = process.argv.slice(2);
try {
  if (given[0] !== "--machine") await setUp();
} catch (error) {
  const reason = (error instanceof Sentence ? error.message : String(error)).trim();
  console.log(`cannot run: ${reason.replace(/\s*\n\s*/g, " ")}`);
  process.exit(1);
}
try {
  process.exitCode = await run(given);
} catch (error) {
  console.log(error instanceof Sentence ? error.message : error.stack);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
