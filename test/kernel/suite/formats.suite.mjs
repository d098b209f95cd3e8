// Odd formats, recorded and read back to the values that the driver put there.

import assert from "node:assert/strict";

import { getControl, linearValue } from "./driver.mjs";
import { test } from "./harness.mjs";
import { column, readRecording } from "./recording.mjs";
import { record, verify } from "./studio.mjs";

const formats = "local:studio-formats";
/** A queue of well over a second, so that nothing is lost. */
const deep = ["--blocks", "160", "--queue", "80"];

/** By scan index: sign and bits. */
const elements = {
  voltage0_i: { index: 0, bits: 12, signed: true },
  voltage0_q: { index: 1, bits: 12, signed: true },
  voltage1: { index: 2, bits: 8 },
  voltage2: { index: 3, bits: 24 },
  voltage3: { index: 4, bits: 20, signed: true },
  voltage4: { index: 5, bits: 64, signed: true },
  rot_quaternion: { index: 6, bits: 32, signed: true, repeats: 4 },
  voltage5: { index: 7, bits: 12 },
};

function expectedValue({ index, bits, signed }, repeat, count) {
  const value = linearValue(count, index, repeat);
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** The recording holds scans 0, 1, 2, … of the device: nothing was lost, as the driver knows. */
function checkValues(out, ids, { buffer = 0 } = {}) {
  assert.equal(getControl("studio-formats", "lost", buffer), 0);
  const recording = readRecording(out);
  for (const id of ids) {
    const element = elements[id];
    for (let repeat = 0; repeat < (element.repeats ?? 1); repeat++) {
      const value = column(recording, id, { repeat });
      for (let sample = 0; sample < recording.samples; sample++) {
        const expected = expectedValue(element, repeat, BigInt(sample));
        if (BigInt(value(sample)) !== expected) {
          throw new Error(
            `sample ${sample} of ${id}[${repeat}] is ${value(sample)}, not ${expected}`,
          );
        }
      }
    }
  }
  return recording;
}

for (const transport of ["dmabuf", "read"]) {
  test(`formats: all channels at once over ${transport} read back to the same values`, async () => {
    const ids = Object.keys(elements);
    const { out, result } = await record([
      ...deep,
      ...[formats, "--channels", [...ids, "timestamp"].join(","), "--rate", "5000"],
      ...["--transport", transport, "--samples", "6001"],
    ]);
    const recording = checkValues(out, ids);
    assert.equal(recording.samples, 6001);
    assert.ok(recording.collection, "a collection ties the parts together");
    assert.equal(result.files.length > 4, true);
    const time = column(recording, "timestamp");
    for (let sample = 1; sample < 6001; sample++) {
      assert.equal(time(sample) - time(sample - 1), 200_000n);
    }
    assert.equal(result.continuity, "exact");
    assert.equal(result.lostSamples, 0);
    await verify(out);
  });
}

test("formats: I and Q are one complex channel, 12 bits widened to 16", async () => {
  const { out } = await record([
    ...deep,
    ...[formats, "--channels", "voltage0_i+voltage0_q", "--rate", "20000", "--samples", "9999"],
  ]);
  const recording = checkValues(out, ["voltage0_i", "voltage0_q"]);
  assert.equal(recording.parts.length, 1);
  assert.equal(recording.global["core:datatype"], "ci16_le");
  assert.equal(recording.global["core:num_channels"], 1);
  assert.ok(Math.abs(Number(recording.global["iio:channels"][0].scale) - 0.00024414) < 1e-9);
  await verify(out);
});

test("formats: subsets with padding between and behind the values", async () => {
  for (const ids of [
    ["voltage1", "voltage2"],
    ["voltage1", "voltage4"],
    ["voltage5", "voltage1"],
    ["voltage1"],
  ]) {
    const { out } = await record([
      ...deep,
      ...[
        formats,
        "--channels",
        ids.join(","),
        "--rate",
        "20000",
        "--samples",
        "4000",
        "--no-hash",
      ],
    ]);
    checkValues(out, ids);
  }
});

test("formats: the second buffer records as the first does, at its own rate", async () => {
  const { out, notes } = await record([
    ...deep,
    ...[formats, "--buffer", "1", "--channels", "voltage3,voltage5", "--rate", "25000"],
    ...["--samples", "5000", "--no-hash"],
  ]);
  assert.match(notes, /buffer1\/sampling_frequency = 25000/);
  const recording = checkValues(out, ["voltage3", "voltage5"], { buffer: 1 });
  assert.equal(recording.global["iio:buffer"], 1);
});
