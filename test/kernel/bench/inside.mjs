// Runs inside the test kernel, started by test/kernel/bench.mjs.
//   node inside.mjs ADDON [--rounds N] [--seconds T] [--only path,pool,recorder] [--disk-rate MB/S] [--filled]

import { createRequire } from "node:module";
import { parseArgs } from "node:util";

import { benchPath } from "./path.mjs";
import { benchPool } from "./pool.mjs";
import { benchRecorder } from "./recorder.mjs";

const sections = { path: benchPath, pool: benchPool, recorder: benchRecorder };

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "0.8" },
    "disk-rate": { type: "string" },
    filled: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(sections).join(",") },
  },
  allowPositionals: true,
});
const addon = createRequire(import.meta.url)(positionals[0]);
const given = { rounds: Number(values.rounds), seconds: Number(values.seconds), diskMBps: null };
given.fills = values.filled ? [true] : [true, false];
if (values["disk-rate"]) given.diskMBps = Number(values["disk-rate"]);

for (const name of values.only.split(",")) {
  const bench = sections[name];
  if (!bench) throw new Error(`There is no bench "${name}". Known: ${Object.keys(sections)}.`);
  await bench(addon, given);
}
