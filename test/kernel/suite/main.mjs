// The kernel suite. Runs inside the test kernel:
//   node test/kernel/run.mjs node test/kernel/suite/main.mjs [FILTER]
// Every file NAME.suite.mjs beside this one declares tests with harness.mjs.

import fs from "node:fs";

import { runAll } from "./harness.mjs";

if (process.env.KERNEL_TEST !== "1") {
  console.error(
    "This suite runs inside the test kernel: node test/kernel/run.mjs node " + process.argv[1],
  );
  process.exit(2);
}
const folder = new URL(".", import.meta.url);
for (const name of fs.readdirSync(folder).sort()) {
  if (name.endsWith(".suite.mjs")) await import(new URL(name, folder));
}
process.exitCode = await runAll(process.argv[2]);
