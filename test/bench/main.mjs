// npm run bench [-- core|flow|pool|disk|ports|open|frames|kernel …] [--gb N] [--json FILE]: prints a table and, if asked, JSON.
// --gb: size of the recording that `open` makes (10).
import { createRequire } from "node:module";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchCore } from "./core.mjs";
import { benchDisk } from "./disk.mjs";
import { benchFlow } from "./flow.mjs";
import { benchFrames } from "./frames.mjs";
import { benchKernel } from "./kernel.mjs";
import { benchOpen } from "./open.mjs";
import { benchPool } from "./pool.mjs";
import { benchPorts } from "./ports.mjs";
import { format, machine, Report } from "./report.mjs";

const SECTIONS = {
  core: benchCore,
  flow: benchFlow,
  pool: benchPool,
  disk: benchDisk,
  ports: benchPorts,
  open: benchOpen,
  frames: benchFrames,
  kernel: benchKernel,
};

export async function bench(root, argv) {
  const jsonAt = argv.indexOf("--json");
  const jsonFile = jsonAt >= 0 ? argv.splice(jsonAt, 2)[1] : join(root, ".cache", "bench.json");
  const sizeAt = argv.indexOf("--gb");
  const gigabytes = sizeAt >= 0 ? Number(argv.splice(sizeAt, 2)[1]) : 10;
  if (!(gigabytes >= 1)) throw new Error("--gb needs a number of GB, 1 or more.");
  const names = argv.length > 0 ? argv : Object.keys(SECTIONS);
  const unknown = names.find((name) => !SECTIONS[name]);
  if (unknown)
    throw new Error(`There is no bench "${unknown}". Known: ${Object.keys(SECTIONS).join(", ")}.`);
  const addon = createRequire(import.meta.url)(join(root, "native", "build", "iio_studio.node"));
  const report = new Report();
  const folder = join(root, ".cache", "bench");
  mkdirSync(folder, { recursive: true });
  const here = machine();
  report.note(
    Object.entries(here)
      .map(([key, value]) => `${key} ${value}`)
      .join(", "),
  );
  for (const name of names) {
    try {
      await SECTIONS[name](addon, report, folder, root, { gigabytes });
    } catch (error) {
      report.note(`${name} could not run: ${error.message}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${report.rows.map(format).join("\n")}\n`);
  writeFileSync(jsonFile, `${JSON.stringify({ machine: here, rows: report.rows }, null, 2)}\n`);
  process.stdout.write(`JSON: ${jsonFile}\n`);
}
