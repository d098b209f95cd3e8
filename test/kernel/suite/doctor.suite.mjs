// What the machine offers, as the doctor says it to root.

import assert from "node:assert/strict";

import { test } from "./harness.mjs";
import { assertSentence, run } from "./studio.mjs";

test("doctor: says what is there: kernel, DMABUF, heaps, udmabuf, devices, triggers", async () => {
  const { checks } = await run(["doctor"]);
  for (const check of checks) {
    assertSentence(`${check.title}: ${check.detail}`);
    if (check.state !== "good") assert.ok(check.fix.length > 0, `${check.id} has no fix`);
  }
  const text = JSON.stringify(checks);
  for (const there of [/6\.12/, /DMABUF/, /system/, /udmabuf/, /studio-/, /trigger/]) {
    assert.match(text, there);
  }
  const bad = checks.filter((check) => check.state === "missing");
  assert.deepEqual(
    bad.map((check) => check.id).filter((id) => /heap|udmabuf|kernel|dmabuf|device/.test(id)),
    [],
    JSON.stringify(bad),
  );
});
