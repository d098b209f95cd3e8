// Recordings that go on behind a kill and behind an unplug: each part holds what was sampled while it was recorded, every
// sample of it, and the hole between two of them is told.

import assert from "node:assert/strict";
import path from "node:path";

import {
  deviceFolder,
  dmabufBytes,
  enableAllChannels,
  flows,
  forgiveMemory,
  getControl,
  isQuiet,
  setPresent,
} from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, partsOf } from "./recording.mjs";
import { beginRecording, newRecording, until, verifyHere } from "./studio.mjs";

const device = "studio-counter";
const rateHz = 20_000;
const blockBytes = 4096;
const enough = 40;
const args = [
  ...[`local:${device}`, "--resume", "--channels", "voltage0,voltage1"],
  ...[
    "--counter",
    "voltage0,voltage1",
    "--rate",
    String(rateHz),
    "--block-size",
    String(blockBytes),
  ],
  ...["--blocks", "128", "--queue", "64", "--no-hash", "--no-check"],
];

/** Where the metadata say that samples are missing within a run, and up to where they can tell. */
function told(captures) {
  const starts = (cause) =>
    captures
      .filter((one) => "iio:gap_cause" in one && cause(one["iio:gap_cause"]))
      .map((one) => one["core:sample_start"]);
  const [until = Infinity] = starts((cause) => cause === "unjournaled");
  return { starts: starts((cause) => cause !== "unjournaled" && cause !== "resumed"), until };
}

/**
 * Every sample of the parts, run by run: the device counts from 0 in each, and what is missing is told, at the seams within
 * a run too. Answers the counts of each run's last samples.
 */
function checkRuns(parts) {
  const ends = [];
  let [base, end] = [0, 0];
  for (const part of parts) {
    const { counts, gaps, recording } = checkCounter(part, { channels: 2 });
    const { captures } = recording.parts[0].meta;
    const [first] = captures;
    const resumed = first["iio:gap_cause"] === "resumed";
    if (resumed) assert.ok(first["iio:gap_seconds"] > 0, `${first["iio:gap_seconds"]} s`);
    if (resumed || ends.length === 0) {
      assert.equal(counts[0], 0, `${part} begins with the first sample of its run`);
      base = end;
      ends.push(-1);
    }
    assert.equal(first["core:global_index"], base + counts[0], `where ${part} lies`);
    const missing = gaps.map((gap) => gap.sampleStart);
    if (counts[0] !== ends.at(-1) + 1) missing.unshift(0);
    const { starts, until: known } = told(captures);
    assert.deepEqual(
      starts,
      missing.filter((sample) => sample < known),
    );
    ends[ends.length - 1] = counts.at(-1);
    end = base + counts.at(-1) + 1;
  }
  return ends;
}

for (const [heap, more] of [
  ["system", []],
  ["udmabuf", ["--split-size", "100000"]],
]) {
  const how = more.length > 0 ? "in parts" : "whole";
  test(`resume: killed while it recorded ${how} with memory of ${heap}, it goes on in the next part, every sample in place`, async () => {
    const before = dmabufBytes();
    const out = newRecording("killed");
    const begin = () => beginRecording([...args, "--heap", heap, ...more], { out });
    const delivered = [];
    for (const kill of [true, true, false]) {
      const running = begin();
      // The buffer of a program that was killed stays enabled, with its counters.
      if (delivered.length > 0) await until(() => !flows(device, enough), "the next run");
      await until(() => flows(device, enough), "blocks");
      delivered.push(getControl(device, "delivered"));
      if (kill) {
        running.program.signal("SIGKILL");
        await running.program.ended;
        await until(() => dmabufBytes() === before, "its blocks to be freed");
      } else {
        const result = await running.stop();
        assert.equal(result.resumed.length, 1);
      }
    }
    const ends = checkRuns(partsOf(out));
    assert.equal(ends.length, 3);
    for (const [run, end] of ends.entries()) {
      const missing = (delivered[run] - end - 1) / rateHz;
      assert.ok(missing <= 1, `${missing} s are missing of run ${run}`);
    }
    assert.ok(isQuiet(device));
    await verifyHere(out);
  });

  test(`resume: unplugged while it recorded ${how} with memory of ${heap}, it goes on when the device is back`, async () => {
    const before = dmabufBytes();
    const running = beginRecording([...args, "--heap", heap, ...more], {
      out: newRecording("gone"),
    });
    await until(() => flows(device, enough), "blocks");
    setPresent(device, false);
    try {
      await until(() => /[Ww]aiting for/.test(running.program.stderr), "it to wait");
    } finally {
      setPresent(device, true);
      await until(() => deviceFolder(device), "the device to be back");
    }
    await until(() => flows(device, enough), "blocks to come again");
    const result = await running.stop();
    assert.equal(result.error, null);
    assert.equal(result.resumed.length, 1);
    const parts = partsOf(running.out);
    assert.equal(checkRuns(parts).length, 2);
    assert.deepEqual(
      parts.map((part) => path.basename(part)),
      result.parts,
    );
    await verifyHere(running.out);
    await until(() => dmabufBytes() - before <= blockBytes, "all blocks but one to be freed", 30);
    // The instant that unplug.suite.mjs tells of.
    forgiveMemory(dmabufBytes() - before);
  });
}

test("resume: all channels are enabled again", () => enableAllChannels(device));
