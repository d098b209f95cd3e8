// The driver itself, checked by the C programs of tools/: what fails here is no fault of the studio.

import { spawnSync } from "node:child_process";
import path from "node:path";

import { dmabufBytes, forgiveMemory } from "./driver.mjs";
import { test } from "./harness.mjs";
import { until } from "./studio.mjs";

for (const program of ["smoke-stream", "smoke-faults", "smoke-devices"]) {
  test(`driver: ${program}`, async () => {
    const before = dmabufBytes();
    const file = path.join(process.env.KERNEL_TEST_TOOLS, program);
    const result = spawnSync(file, [], { encoding: "utf8", timeout: 120_000 });
    if (result.status !== 0) throw new Error(`${result.stdout}${result.stderr}`);
    // They provoke what the studio keeps clear of: blocks that the kernel forgets are theirs, not the studio's.
    await until(() => dmabufBytes() === before, "", 5).catch(() => undefined);
    forgiveMemory(dmabufBytes() - before);
  });
}
