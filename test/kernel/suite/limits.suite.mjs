// Counts of 32 bits, crossed by starting near them: holes that the device leaves bring the stream close, and it goes over
// by itself while it is recorded in parts. (Byte offsets in files: test/native/limits.test.cc.)

import assert from "node:assert/strict";
import path from "node:path";

import { enableAllChannels, getControl, setControl } from "./driver.mjs";
import { device, whileRecording } from "./going.mjs";
import { test } from "./harness.mjs";
import { checkCounter, countsOfParts, gapsOf, partsOf, readRecording } from "./recording.mjs";
import { sleep, until, verifyHere } from "./studio.mjs";

const blockScans = 128;
const blockCount = 1500;
const near = 50_000;
/** Blocks that are queued while the device stands still are counted as taken. */
const beyond = near / 2;
const limits = [2 ** 31, 2 ** 32];

/** Once the converter stands still: every block but those that are being written is queued. */
async function standStill() {
  setControl(device, "stall", 1);
  let seen = -1;
  await until(async () => {
    const before = seen;
    await sleep(300);
    seen = getControl(device, "produced");
    return seen === before;
  }, "the queue to be full");
  return seen;
}

/** The next block that is queued begins `near` scans before the limit; goes on until that is passed. */
async function cross(limit) {
  const scans = await standStill();
  assert.ok(scans < limit - near, `${scans} scans are beyond ${limit - near}`);
  const hole = limit - near - scans;
  setControl(device, "drop_scans", hole);
  setControl(device, "stall", 0);
  await until(() => getControl(device, "produced") > limit + near, `scan ${limit}`);
  return hole;
}

test("limits: scan indices go over 2^31 and 2^32 while parts are recorded, kept and looked at, with every sample in place", async () => {
  const holes = [];
  const kept = {};
  // Nothing moves before it is told to.
  setControl(device, "stall", 1);
  try {
    const { out, result } = await whileRecording(
      {
        rateHz: 1_000_000_000,
        request: { split: { kind: "bytes", bytes: 400_000 } },
        patch: {
          ...{ blockCount, queueDepth: 16, memoryBudgetBytes: null },
          blockSize: { kind: "scans", scans: blockScans },
        },
      },
      async ({ client, stream, stop }) => {
        for (const limit of limits) holes.push(await cross(limit));
        await standStill();
        const { historyToScan: to } = await client.request("stream.counters", { stream });
        assert.ok(to > 2 ** 32 + beyond, `the stream stands at scan ${to}`);
        const samples = { stream, channel: "voltage0", fromScan: to - 1000, count: 1000 };
        const { values, fromScan } = await client.request("view.samples", samples);
        assert.equal(fromScan, to - 1000);
        assert.deepEqual(
          Array.from(values),
          Array.from({ length: 1000 }, (_, i) => (to - 1000 + i) % 65_536),
        );
        const span = { fromScan: to - 20_000, toScan: to - 10_000 };
        const name = "kept";
        Object.assign(
          kept,
          span,
          await client.request("recording.keep", { stream, name, hash: false, ...span }),
        );
        setControl(device, "stall", 0);
        return stop();
      },
    );
    checkParts(out, result, holes);
    await verifyHere(out);
    const base = path.join(path.dirname(out), "kept");
    checkKept(base, kept);
    await verifyHere(base);
  } finally {
    setControl(device, "stall", 0);
    setControl(device, "drop_scans", 0);
    enableAllChannels(device);
  }
});

function checkParts(out, result, holes) {
  assert.equal(result.error, null);
  assert.equal(result.continuity, "exact");
  const parts = partsOf(out);
  const counts = countsInTurns(parts);
  assert.equal(counts.length, result.samples);
  assert.equal(counts[0], 0);
  assert.ok(counts.at(-1) > 2 ** 32 + beyond);
  const gaps = gapsOf(counts);
  assert.deepEqual(
    gaps.map(({ lost }) => lost),
    holes,
  );
  assert.deepEqual(
    result.gaps.map(({ sampleStart, lost }) => ({ sampleStart, lost })),
    gaps,
  );
  assert.equal(result.lostSamples, holes[0] + holes[1]);
  assert.equal(getControl(device, "lost"), result.lostSamples);
  // Where each part says that it lies in the stream.
  let at = 0;
  for (const part of parts) {
    const {
      samples,
      parts: [{ meta }],
    } = readRecording(part);
    const [first] = meta.captures;
    assert.equal(first["core:global_index"], counts[at]);
    at += samples;
  }
}

/** The counts of all parts; each part alone knows no more than 32 bits of them. */
function countsInTurns(parts) {
  const counts = countsOfParts(parts);
  let turns = 0;
  return counts.map((count, i) => {
    const low = count % 2 ** 32;
    if (i > 0 && low < (counts[i - 1] % 2 ** 32) - 2 ** 31) turns += 2 ** 32;
    return turns + low;
  });
}

function checkKept(base, { fromScan, toScan, error }) {
  assert.equal(error, null);
  const { counts, gaps, recording } = checkCounter(base, { channels: 2 });
  assert.deepEqual(gaps, []);
  const first = recording.parts[0].meta.captures[0]["core:global_index"];
  assert.ok(first <= fromScan && first > fromScan - blockScans, `${first} for ${fromScan}`);
  assert.equal(counts[0], first % 2 ** 32);
  assert.ok(first + counts.length >= toScan && first + counts.length < toScan + blockScans);
}
