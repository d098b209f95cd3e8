// The kernel suite. Runs inside the test kernel, started by test/kernel/test.mjs.
// Every suite (suites.mjs) declares tests with harness.mjs; they run in the order given.

import { runAll } from "./harness.mjs";

if (process.env.KERNEL_TEST !== "1" || !process.env.KERNEL_TEST_STUDIO) {
  console.error("This suite runs inside the test kernel: node test/kernel/test.mjs [FILTER]");
  process.exit(2);
}

const suites = process.env.KERNEL_TEST_SUITES.split(",");
for (const name of suites) await import(new URL(`${name}.suite.mjs`, import.meta.url));
const { endAll, installStudio } = await import("./studio.mjs");
const { declareKernelLog, watchMemory } = await import("./kernel-log.mjs");
installStudio();
declareKernelLog();
const lookAtMemory = watchMemory();
process.exitCode = await runAll(process.argv[2], async () => {
  await endAll();
  lookAtMemory();
});
