// npm run bench [-- core|flow|ports|frames|kernel …] [--json FILE]: prints a table and, if asked, JSON.
import { createRequire } from "node:module";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchCore } from "./core.mjs";
import { benchFlow } from "./flow.mjs";
import { benchFrames } from "./frames.mjs";
import { benchKernel } from "./kernel.mjs";
import { benchPorts } from "./ports.mjs";
import { format, machine, Report } from "./report.mjs";

const SECTIONS = {
  core: benchCore,
  flow: benchFlow,
  ports: benchPorts,
  frames: benchFrames,
  kernel: benchKernel,
};

export async function bench(root, argv) {
  const jsonAt = argv.indexOf("--json");
  const jsonFile = jsonAt >= 0 ? argv.splice(jsonAt, 2)[1] : join(root, ".cache", "bench.json");
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
      await SECTIONS[name](addon, report, folder, root);
    } catch (error) {
      report.note(`${name} could not run: ${error.message}`);
      process.exitCode = 1;
    }
  }
  process.stdout.write(`${report.rows.map(format).join("\n")}\n`);
  writeFileSync(jsonFile, `${JSON.stringify({ machine: here, rows: report.rows }, null, 2)}\n`);
  process.stdout.write(`JSON: ${jsonFile}\n`);
}
