// Buffers in other hands: held by another program, or left enabled by one that died.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { dmabufBytes, flows, getControl, readAttribute } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, checkOnlyLost } from "./recording.mjs";
import { beginRecording, newRecording, record, refused, run, until, verify } from "./studio.mjs";

const counter = "local:studio-counter";
const slow = ["--rate", "20000", "--blocks", "32", "--block-size", "4096", "--queue", "16"];

test("holders: a second program is told who has the buffer; the first goes on unharmed", async () => {
  const first = beginRecording([counter, ...slow, "--counter", "voltage0,voltage1"]);
  await until(() => flows("studio-counter", 4), "blocks");
  const error = await refused(
    ["record", counter, "--out", newRecording(), "--samples", "100"],
    new RegExp(`in use by .*${first.program.pid}|${first.program.pid}.*in use`),
  );
  assert.equal(error.code, "EBUSY");
  const inventory = await run(["devices"]);
  const [buffer] = inventory.devices.find((each) => each.name === "studio-counter").buffers;
  assert.match(JSON.stringify(buffer), new RegExp(String(first.program.pid)));
  const result = await first.stop();
  assert.equal(result.error, null);
  const { gaps } = checkCounter(first.out, { first: 0 });
  assert.deepEqual(
    gaps,
    result.gaps.map(({ sampleStart, lost }) => ({ sampleStart, lost })),
  );
});

for (const transport of ["dmabuf", "read"]) {
  test(`holders: a program killed while it recorded over ${transport} leaves what the next start mends`, async () => {
    const before = dmabufBytes();
    const killed = beginRecording([counter, ...slow, "--transport", transport]);
    // Longer than the second after which the journal is on disk.
    await until(() => flows("studio-counter", 80), "blocks");
    killed.program.signal("SIGKILL");
    await killed.program.ended;
    assert.equal(readAttribute("studio-counter", "buffer0/enable"), "1");
    const lostWhenKilled = getControl("studio-counter", "lost");
    await until(() => dmabufBytes() === before, "its blocks to be freed");

    const folder = path.dirname(killed.out);
    const next = await record([counter, "--rate", "20000", "--samples", "10000", "--no-hash"], {
      out: path.join(folder, "next"),
    });
    assert.match(next.notes, /still enabled by a program/);
    checkOnlyLost(checkCounter(next.out).gaps, getControl("studio-counter", "lost"));

    const { recording, gaps } = checkCounter(killed.out);
    assert.equal(recording.global["iio:state"], "recovered");
    assert.ok(recording.samples >= 20 * 512, `${recording.samples} samples were recovered`);
    checkOnlyLost(gaps, lostWhenKilled);
    await verify(killed.out);
    assert.equal(readAttribute("studio-counter", "buffer0/enable"), "0");
    assert.ok(
      fs.existsSync(`${next.out}.sigmf-collection`) || fs.existsSync(`${next.out}.sigmf-meta`),
    );
  });
}
