// The driver itself, checked by the C programs of tools/: what fails here is no fault of the studio.

import { spawnSync } from "node:child_process";
import path from "node:path";

import { test } from "./harness.mjs";

for (const program of ["smoke-stream", "smoke-faults", "smoke-devices"]) {
  test(`driver: ${program}`, () => {
    const file = path.join(process.env.KERNEL_TEST_TOOLS, program);
    const result = spawnSync(file, [], { encoding: "utf8", timeout: 120_000 });
    if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`);
  });
}
