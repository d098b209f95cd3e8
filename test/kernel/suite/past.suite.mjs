// The pool as history, over DMABUF: what was recorded from before the start, in parts and as a ring, with
// thousands of blocks, and by a program that was killed. Each sample is checked, across the seams too.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { dmabufBytes, flows, getControl, readAttribute, writeAttribute } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, checkOnlyLost, countsOfParts, gapsOf, partsOf } from "./recording.mjs";
import {
  beginRecording,
  newRecording,
  record,
  sleep,
  until,
  verify,
  verifyHere,
  withHost,
} from "./studio.mjs";

const counter = "local:studio-counter";
const two = ["--channels", "voltage0,voltage1", "--counter", "voltage0,voltage1", "--no-hash"];
/** Also what the suites behind this one find enabled. */
const four = ["--channels", "voltage0,voltage1,voltage2,voltage3"];
const heaps = ["system", "udmabuf"];

/** The test kernel allows a process 4,096 open files, and a block over DMABUF takes two. */
const manyBlocks = 1800;
/** With the limit raised. */
const mostBlocks = 4096;

const lostIn = (gaps) => gaps.reduce((sum, { lost }) => sum + lost, 0);

for (const heap of heaps) {
  test(`past: with memory of ${heap}, a recording begins before its start and has every sample`, async () => {
    const args = ["--rate", "50000", "--block-size", "8192", "--pre", "0.5", "--samples", "60000"];
    const { out, result } = await record([counter, ...two, ...args, "--heap", heap]);
    const { recording, counts, gaps } = checkCounter(out, { channels: 2 });
    assert.deepEqual([result.transport, result.heap], ["dmabuf", heap]);
    assert.deepEqual(
      gaps,
      result.gaps.map(({ sampleStart, lost }) => ({ sampleStart, lost })),
    );
    const [mark] = recording.parts[0].meta.annotations;
    assert.equal(mark["iio:mark"], "pressed");
    const start = mark["core:sample_start"];
    // Half a second before it, to the border of a block.
    assert.ok(start >= 25_000 && start < 25_000 + 4096, `the start is at sample ${start}`);
    assert.ok(counts[0] > 0, "it ran before");
    const after = counts.length - start;
    assert.ok(after >= 60_000 && after < 60_000 + 4096, `${after} samples from the start on`);
    await verify(out);
  });

  test(`past: in parts with memory of ${heap}, no sample is lost or doubled at a seam`, async () => {
    const args = ["--rate", "50000", "--block-size", "8192", "--split-size", "100000"];
    const { out, result } = await record([
      ...[counter, ...two, ...args, "--heap", heap, "--samples", "150000"],
    ]);
    const parts = partsOf(out);
    assert.ok(parts.length >= 3, `${parts.length} parts`);
    const counts = countsOfParts(parts);
    assert.equal(counts.length, 150_000);
    assert.equal(result.samples, 150_000);
    assert.equal(lostIn(gapsOf(counts)), result.lostSamples);
    await verify(out);
  });
}

test("past: a ring keeps the newest, whole, and deletes what lies further back", async () => {
  const { out, result } = await record([
    ...[counter, ...two, "--rate", "100000", "--block-size", "8192", "--ring-size", "400000"],
    ...["--samples", "600000"],
  ]);
  const parts = partsOf(out);
  const counts = countsOfParts(parts);
  const bytes = counts.length * 4;
  assert.ok(bytes >= 400_000 && bytes < 2_400_000, `${bytes} bytes are kept`);
  assert.equal(counts.at(-1), 599_999 + result.lostSamples);
  checkOnlyLost(gapsOf(counts), getControl("studio-counter", "lost"));
  await verify(out);
});

test("past: out of thousands of blocks, what was before is kept after the fact, while it goes on and once it ended", async () => {
  const out = newRecording("kept");
  await withHost(
    async ({ client, find }) => {
      const stream = `${find("studio-counter").id}/buffer0`;
      await client.request("stream.configure", {
        stream,
        patch: {
          blockCount: manyBlocks,
          blockSize: { kind: "bytes", bytes: 4096 },
          channels: ["voltage0", "voltage1"],
          counter: ["voltage0", "voltage1"],
        },
      });
      writeAttribute("studio-counter", "sampling_frequency", 100_000);
      const counters = () => client.request("stream.counters", { stream });
      await client.request("stream.start", { stream });
      const { historyToScan: to } = await until(async () => {
        const now = await counters();
        return now.blocks >= 300 && now;
      }, "blocks");
      const keep = (name, span) =>
        client.request("recording.keep", { stream, name, hash: false, ...span });
      const past = await keep("past", { fromScan: to - 150_000, toScan: to - 50_000 });
      await client.request("stream.stop", { stream });
      const after = await keep("after", { seconds: 1 });
      assert.deepEqual([past.error, after.error], [null, null]);
    },
    { recordingsFolder: path.dirname(out) },
  );
  for (const [name, least] of Object.entries({ past: 100_000, after: 100_000 })) {
    const base = path.join(path.dirname(out), name);
    const { counts, gaps } = checkCounter(base, { channels: 2 });
    assert.ok(counts.length >= least && counts.length < least + 3 * 1024, `${counts.length}`);
    checkOnlyLost(gaps, getControl("studio-counter", "lost"));
    await verify(base);
  }
});

test("past: thousands of blocks over DMABUF lose nothing", async () => {
  const { out, result } = await record(
    [
      ...[counter, ...two, "--rate", "200000", "--block-size", "4096"],
      ...["--blocks", String(mostBlocks), "--queue", "16", "--samples", "600000"],
    ],
    { openFiles: 3 * mostBlocks },
  );
  const { recording, gaps } = checkCounter(out, { channels: 2 });
  assert.equal(recording.global["iio:block"].count, mostBlocks);
  assert.equal(lostIn(gaps), result.lostSamples);
});

const kills = Number(process.env.KERNEL_TEST_KILLS ?? 6);
const rateHz = 20_000;
/** Whole, in parts, as a ring, in turns. */
const inParts = [[], ["--split-size", "100000"], ["--ring-size", "400000"]];

/** The next program finds the buffer enabled and the recording without an end, and mends both. */
async function mend(folder) {
  await withHost(
    async ({ client, find }) => {
      const stream = `${find("studio-counter").id}/buffer0`;
      await client.request("stream.start", { stream });
      await client.request("stream.stop", { stream });
    },
    { recordingsFolder: folder },
  );
  assert.equal(readAttribute("studio-counter", "buffer0/enable"), "0");
}

test(`past: killed at ${kills} random moments, what was recorded verifies, and at most a second is missing`, async () => {
  const before = dmabufBytes();
  let most = 0;
  for (let round = 0; round < kills; round++) {
    const more = inParts[round % inParts.length];
    const killed = beginRecording([
      ...[counter, ...two, "--rate", String(rateHz), "--block-size", "4096", "--no-check"],
      ...["--heap", heaps[Math.floor(round / inParts.length) % heaps.length], ...more],
    ]);
    const begun = `${killed.out}${more.length > 0 ? "-part0001" : ""}.sigmf-meta`;
    await until(() => fs.existsSync(begun) && flows("studio-counter"), "blocks");
    await sleep(Math.random() * 4000);
    const delivered = getControl("studio-counter", "delivered");
    killed.program.signal("SIGKILL");
    await killed.program.ended;
    await until(() => dmabufBytes() === before, "its blocks to be freed");

    await mend(path.dirname(killed.out));
    const parts = more.length > 0 ? partsOf(killed.out) : [killed.out];
    const counts = countsOfParts(parts);
    const missing = (delivered - (counts.at(-1) ?? -1) - 1) / rateHz;
    assert.ok(missing <= 1, `${missing} s are missing after kill ${round}`);
    most = Math.max(most, missing);
    for (const part of parts) await verifyHere(part);
  }
  console.log(`    ${kills} kills: at most ${Math.max(0, most).toFixed(3)} s were missing`);
});

test("past: around each trigger over DMABUF, and of what lies between only that it was not recorded", async () => {
  const { out, result } = await record([
    ...[counter, ...four, "--rate", "100000", "--block-size", "8192"],
    ...["--counter", "voltage0,voltage1"],
    ...["--trigger", "voltage3:0counts", "--before", "5ms", "--after", "5ms", "--captures", "6"],
    "--no-hash",
  ]);
  const { recording, counts } = checkCounter(out);
  assert.equal(result.captures.count, 6);
  const meta = recording.parts[0].meta;
  const listed = meta.global["iio:captures"] ?? meta.annotations;
  assert.ok(listed, "the metadata list them");
  // The triangle rises through 0 at the count 1024 of every 4096.
  const rises = [];
  for (let i = 1; i < counts.length; i++) {
    if (counts[i] === counts[i - 1] + 1 && counts[i] % 4096 === 1024) rises.push(i);
  }
  assert.ok(rises.length >= 6, `${rises.length} crossings are in the file`);
  for (const at of rises.slice(0, 6)) {
    const from = Math.max(0, at - 480);
    assert.equal(counts[at] - counts[from], at - from, "what is before the trigger is whole");
    assert.equal(counts[at + 480] - counts[at], 480, "what is after it is whole");
  }
  await verify(out);
});
