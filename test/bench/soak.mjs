#!/usr/bin/env node
// A soak, run by hand: the simulator at the highest rate that this machine keeps without loss, recorded into a ring, for
// half an hour. Says what was lost, how memory went, and checks every sample that the ring holds at the end.
//   node test/bench/soak.mjs [--minutes 30] [--folder DIR] [--ring 4G] [--rate HZ]
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { closeSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "./report.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    folder: { type: "string", default: join(root, ".cache") },
    ring: { type: "string", default: "4G" },
    rate: { type: "string" },
  },
});
const minutes = Number(values.minutes);
const program = join(root, "dist", "cli", "cli.js");
if (!existsSync(program)) throw new Error("The command line is not built. Run: npm run build");
const folder = mkdtempSync(join(values.folder, "soak-"));

const SCAN_BYTES = 8;
const command = (out, rateHz, seconds) => [
  ...["record", "sim:adc", "--out", out, "--channels", "voltage0,voltage1,voltage2,voltage3"],
  ...["--set", "counter_mode=1", "--rate", String(rateHz), "--seconds", String(seconds)],
  ...["--block-size", "1Mi", "--blocks", "256", "--ring-size", values.ring],
  ...["--no-hash", "--no-check", "--json"],
];

function tryRate(rateHz) {
  const out = join(folder, `try-${rateHz}`);
  const { stdout } = spawnSync(process.execPath, [program, ...command(out, rateHz, 6)], {
    encoding: "utf8",
  });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  const result = JSON.parse(stdout);
  const kept = !result.error && result.lostSamples === 0;
  console.log(
    `  ${rateHz / 1e6} MS/s of 4 channels, ${(rateHz * SCAN_BYTES) / 1e6} MB/s: ${kept ? "kept" : `lost ${result.lostSamples}`}`,
  );
  return kept;
}

const stepBelow = (rateHz) => Math.round(rateHz / 1.17 / 1e5) * 1e5;

/** A step below the highest of a ladder of rates that is kept for six seconds: half an hour sees worse moments. */
function findRate() {
  for (let rateHz = 250e6; rateHz > 1e6; rateHz = stepBelow(rateHz)) {
    if (tryRate(rateHz)) return stepBelow(rateHz);
  }
  throw new Error("No rate was kept without loss.");
}

const status = (pid, field) => {
  const line = readFileSync(`/proc/${pid}/status`, "utf8").match(
    new RegExp(`^${field}:\\s+(\\d+)`, "m"),
  );
  return Number(line?.[1] ?? 0) / 1024;
};
const files = (pid) => readdirSync(`/proc/${pid}/fd`).length;

async function soak(rateHz) {
  const out = join(folder, "soak");
  const child = spawn(process.execPath, [program, ...command(out, rateHz, minutes * 60)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const seen = [];
  const look = setInterval(() => {
    try {
      seen.push({ rss: status(child.pid, "RssAnon"), files: files(child.pid) });
    } catch {
      // It has just ended.
    }
  }, 5000);
  const code = await ended;
  clearInterval(look);
  if (stdout === "") throw new Error(`record ended with ${code} and printed nothing`);
  return { out, result: JSON.parse(stdout), seen };
}

/** Every sample is its own index: all four channels of a scan are equal, and one more than those before. */
function checkSamples(out) {
  const parts = readdirSync(dirname(out))
    .filter((name) => name.endsWith(".sigmf-data"))
    .sort();
  const chunk = Buffer.alloc(64 * 1024 * 1024);
  let expected = null;
  let scans = 0;
  for (const part of parts) {
    const file = openSync(join(dirname(out), part), "r");
    for (let bytes = readSync(file, chunk); bytes > 0; bytes = readSync(file, chunk)) {
      const samples = new Uint16Array(chunk.buffer, chunk.byteOffset, bytes / 2);
      for (let i = 0; i < samples.length; i += 4) {
        const value = samples[i];
        if (expected !== null && value !== expected)
          throw new Error(`${part}: ${value} after ${expected - 1}`);
        if (samples[i + 1] !== value || samples[i + 2] !== value || samples[i + 3] !== value)
          throw new Error(`${part}: the channels of a scan are not equal`);
        expected = (value + 1) & 0xffff;
      }
      scans += samples.length / 4;
    }
    closeSync(file);
  }
  return { parts: parts.length, scans };
}

try {
  const here = machine();
  console.log(
    Object.entries(here)
      .map(([key, value]) => `${key} ${value}`)
      .join(", "),
  );
  const rateHz = values.rate ? Number(values.rate) : findRate();
  console.log(`Soaking for ${minutes} min at ${rateHz / 1e6} MS/s into a ring of ${values.ring}.`);
  const { out, result, seen } = await soak(rateHz);
  const warm = seen.slice(Math.min(12, seen.length >> 1));
  const rss = warm.map((one) => one.rss);
  console.log(
    `${result.samples} scans in ${result.seconds.toFixed(1)} s, ${((result.samples * SCAN_BYTES) / result.seconds / 1e6).toFixed(0)} MB/s`,
  );
  console.log(
    `lost ${result.lostSamples}, gaps ${result.gaps.length}, continuity ${result.continuity}`,
  );
  console.log(
    `private memory after a minute ${rss[0].toFixed(0)} MiB, at the end ${rss.at(-1).toFixed(0)} MiB, most ${Math.max(...rss).toFixed(0)} MiB, least ${Math.min(...rss).toFixed(0)} MiB; open files ${warm[0].files} to ${warm.at(-1).files}`,
  );
  const { parts, scans } = checkSamples(out);
  console.log(`the ring holds ${scans} scans in ${parts} parts, each the one after the other`);
  const verified = spawnSync(process.execPath, [program, "verify", out], { encoding: "utf8" });
  console.log(`verify: ${verified.status === 0 ? "no fault" : verified.stdout + verified.stderr}`);
  process.exitCode = verified.status === 0 && !result.error ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
