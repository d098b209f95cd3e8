// The last test: what the kernel itself said of all that went before.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

import { dmabufBytes, forgivenMemory } from "./driver.mjs";
import { test } from "./harness.mjs";
import { until } from "./studio.mjs";

/** Says behind each test what memory of blocks is still held that was not before: a hint where a leak began. */
export function watchMemory() {
  let before = dmabufBytes();
  return () => {
    const now = dmabufBytes();
    if (now > before) console.log(`    ${now - before} bytes of blocks are still held`);
    before = now;
  };
}

/** Declares it; called after all other suites were. */
export function declareKernelLog() {
  const before = dmabufBytes();
  test("kernel: no oops, no warning, no block of memory left behind", async () => {
    const left = () => dmabufBytes() - before - forgivenMemory();
    await until(
      () => left() === 0,
      () => `${left()} bytes to be freed`,
    );
    const { stdout } = spawnSync("dmesg", ["--color=never"], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    const bad = stdout
      .split("\n")
      .filter((line) =>
        /WARNING:|BUG:|Oops[: ]|refcount_t|use-after-free|blocked for more than|memory leak/.test(
          line,
        ),
      );
    assert.deepEqual(bad, []);
  });
}
