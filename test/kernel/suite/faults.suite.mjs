// Faults while something is recorded, whole, in parts, into a ring or around triggers: what came is whole and verifies,
// what is missing is known, and every descriptor, mapping and thread is given back.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";

import { enableAllChannels, forgiveMemory, getControl, isQuiet } from "./driver.mjs";
import { device, provoke, whileRecording } from "./going.mjs";
import { test } from "./harness.mjs";
import { givesAllBack } from "./holdings.mjs";
import {
  checkCounter,
  checkOnlyLost,
  checkSums,
  countsOfParts,
  gapsIn,
  gapsOf,
  partsOf,
} from "./recording.mjs";
import { assertSentence, record, until, verifyHere } from "./studio.mjs";
import { unplugged } from "./unplugging.mjs";

const scopeTrigger = {
  trace: { channel: "voltage3", part: "value" },
  edge: "rising",
  level: 0,
  hysteresis: 256,
  physical: false,
};
const lostIn = (gaps) => gaps.reduce((sum, { lost }) => sum + lost, 0);

/** How many blocks to wait for, and what besides; what is asked of the recording, and what must be true of it. */
const shapes = {
  "all in one file": {
    least: 60,
    request: {},
    check(out, result) {
      const { counts, gaps, recording } = checkCounter(out, { channels: 2, first: 0 });
      assert.equal(counts.length, result.samples);
      assert.deepEqual(gaps, gapsIn(result));
      checkOnlyLost(gaps, getControl(device, "lost"));
      checkSums(result, recording);
    },
  },
  "in parts": {
    least: 60,
    request: { split: { kind: "bytes", bytes: 100_000 } },
    check(out, result) {
      const parts = partsOf(out);
      assert.deepEqual(
        parts.map((part) => part.split("/").at(-1)),
        result.parts,
      );
      assert.ok(parts.length >= 2, `${parts.length} parts`);
      const counts = countsOfParts(parts);
      assert.equal(counts.length, result.samples);
      assert.equal(counts[0], 0);
      assert.equal(lostIn(gapsOf(counts)), result.lostSamples);
      assert.ok(result.lostSamples <= getControl(device, "lost"));
    },
  },
  "into a ring": {
    least: 300,
    // The oldest parts have gone.
    ready: (out) => partsOf(out).length > 0 && !/-part0001$/.test(partsOf(out)[0]),
    request: { ring: { kind: "bytes", bytes: 800_000 } },
    check(out, result) {
      const parts = partsOf(out);
      assert.ok(parts.length >= 2, `${parts.length} parts`);
      assert.doesNotMatch(parts[0], /-part0001$/);
      const counts = countsOfParts(parts);
      checkOnlyLost(gapsOf(counts), getControl(device, "lost"));
      assert.ok(counts.length >= 200_000, `${counts.length} samples are kept`);
      assert.equal(result.samples, counts.length);
    },
  },
  "around triggers": {
    least: 60,
    channels: 4,
    request: { captures: { beforeSeconds: 0.004, afterSeconds: 0.004 } },
    before: ({ client, stream }) =>
      client.request("stream.trigger", { stream, trigger: scopeTrigger }),
    check(out, result) {
      const { counts } = checkCounter(out);
      assert.ok(result.captures.count >= 4, `${result.captures.count} captures`);
      // Scans of the stream, lost ones counted, are what the device counts.
      for (const { sample, scan } of result.captures.list) {
        if (sample !== undefined) assert.equal(counts[sample], scan);
      }
    },
  },
};

const blockBytes = 4096;
/** Left behind by each unplug. One of them may be the instant that unplug.suite.mjs tells of. */
const left = [];

async function begun({ least, ready = () => true }, { blocks, out, ended }) {
  let over = null;
  void ended.then((result) => (over = result));
  await blocks(least);
  await until(() => over !== null || ready(out), "what is recorded to be ready");
  assert.equal(over, null, `it ended by itself: ${over?.error?.message ?? JSON.stringify(over)}`);
}

for (const [of, { least, ready, check, ...asked }] of Object.entries(shapes)) {
  test(`faults: failed transfers, refused blocks, a stall and an unplug while it records ${of}: known gaps, and all is given back`, () =>
    givesAllBack(async () => {
      const spared = left.some((bytes) => bytes > 0) ? 0 : blockBytes;
      const body = async (unplug) => {
        const { out, result } = await whileRecording(asked, async (going) => {
          await begun({ least, ready }, going);
          await provoke(going);
          assert.equal(getControl(device, "failed_blocks"), 2);
          unplug();
        });
        assert.equal(result.error.code, "ENODEV");
        assert.match(result.error.message, /gone/);
        assert.ok(getControl(device, "lost") > 0);
        check(out, result);
        await verifyHere(out);
      };
      left.push(await unplugged(device, body, spared));
      forgiveMemory(left.at(-1));
    }));
}

for (const of of ["in parts", "into a ring"]) {
  const { least, ready, check, ...asked } = shapes[of];
  test(`faults: a disk that runs full while it records ${of}: it ends, is kept, and says why`, () =>
    givesAllBack(async () => {
      const folder = "/run/small";
      fs.mkdirSync(folder, { recursive: true });
      spawnSync("mount", ["-t", "tmpfs", "-o", "size=200M", "small", folder]);
      try {
        const given = { ...asked, out: `${folder}/full` };
        const { out, result } = await whileRecording(given, async (going) => {
          await begun({ least, ready }, going);
          fs.writeFileSync(`${folder}/ballast`, Buffer.alloc(140 * 2 ** 20));
        });
        assert.match(result.error.message, /free|full|space/);
        assertSentence(result.error.message);
        assert.ok(isQuiet(device));
        check(out, result);
        await verifyHere(out);
      } finally {
        await until(() => spawnSync("umount", [folder]).status === 0, "the small disk to be free");
      }
    }));
}

test("faults: the device is as good as new after all that", async () => {
  enableAllChannels(device);
  const { out } = await record([`local:${device}`, "--rate", "100000", "--samples", "50000"]);
  checkOnlyLost(checkCounter(out, { first: 0 }).gaps, getControl(device, "lost"));
});
