#!/usr/bin/env node
// Fetches and builds what the kernel suite runs on. Quick when everything is there.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { buildDriver, buildInitramfs, buildTools } from "./lib/build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { cache, checkPath } from "./lib/paths.mjs";
import { Sentence, runMain, say } from "./lib/say.mjs";

const lock = path.join(cache, "setup.lock");
const lockDeadlineSeconds = 900;

function holderIsAlive() {
  try {
    process.kill(Number(fs.readFileSync(lock, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

async function takeLock() {
  fs.mkdirSync(cache, { recursive: true });
  for (let waited = 0; waited < lockDeadlineSeconds; waited++) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (!holderIsAlive()) fs.rmSync(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Sentence(`Another set-up holds ${lock} for too long: end it or remove the file.`);
}

/** Makes everything that is missing or stale; returns {release, version} of the kernel. */
export async function setUp() {
  checkPath();
  await takeLock();
  try {
    const kernel = ensurePackages();
    const driver = buildDriver(kernel);
    buildTools();
    buildInitramfs(kernel, driver);
    return kernel;
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await runMain(async () => {
    const { release } = await setUp();
    say(`ready: Linux ${release}`);
    return 0;
  });
}
