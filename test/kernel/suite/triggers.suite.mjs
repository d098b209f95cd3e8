// The device with a kfifo, clocked by a device trigger: its own, or an hrtimer of configfs.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { getControl, readAttribute, triggerFolder, writeAttribute } from "./driver.mjs";
import { test } from "./harness.mjs";
import { column, countsOf, gapsOf, readRecording, timestampsOf } from "./recording.mjs";
import { beginRecording, newRecording, record, refused, until, verify } from "./studio.mjs";

const kfifo = "local:studio-kfifo";
const hrtimers = "/sys/kernel/config/iio/triggers/hrtimer";

const rateOf = (name) =>
  Number(fs.readFileSync(path.join(triggerFolder(name), "sampling_frequency"), "utf8"));

/** Each sample's three values belong to one count, and the timestamps go up. */
function checkScans(out) {
  const recording = readRecording(out);
  const counts = countsOf(recording, "accel_x", "accel_y");
  const inverted = column(recording, "accel_z");
  const time = timestampsOf(recording);
  for (let i = 0; i < counts.length; i++) {
    assert.equal(inverted(i), (~counts[i] << 16) >> 16, `accel_z of sample ${i}`);
    if (i > 0) assert.ok(time(i) > time(i - 1), `the time of sample ${i}`);
  }
  return { recording, counts };
}

const trigger = (name, rate) => [
  ...["--device-trigger", name],
  ...(rate === undefined ? [] : ["--device-trigger-rate", String(rate)]),
];

test("triggers: without a device trigger the recording is refused, and the choice is named", async () => {
  writeAttribute("studio-kfifo", "trigger/current_trigger", "\n");
  await refused(
    ["record", kfifo, "--out", newRecording(), "--samples", "10"],
    /trigger.*studio-trigger/s,
  );
});

test("triggers: one whose rate is 0 is refused before the buffer is enabled", async () => {
  const out = newRecording();
  await refused(
    ["record", kfifo, ...trigger("studio-trigger"), "--out", out, "--samples", "10"],
    /studio-trigger.*rate/,
  );
  assert.equal(readAttribute("studio-kfifo", "buffer0/enable"), "0");
});

test("triggers: names are matched exactly, never by their beginning", async () => {
  const made = `${hrtimers}/studio-trigger2`;
  fs.mkdirSync(made);
  try {
    await refused(
      ["record", kfifo, ...trigger("studio-trig", 100), "--out", newRecording(), "--samples", "10"],
      /studio-trig\b.*studio-trigger/s,
    );
    const before = rateOf("studio-trigger2");
    await record([kfifo, ...trigger("studio-trigger", 200), "--samples", "20", "--no-hash"]);
    assert.equal(readAttribute("studio-kfifo", "trigger/current_trigger"), "studio-trigger");
    assert.deepEqual([rateOf("studio-trigger"), rateOf("studio-trigger2")], [200, before]);
  } finally {
    fs.rmdirSync(made);
  }
});

test("triggers: the driver's own one, chosen with its rate, clocks a recording over read()", async () => {
  const { out, result } = await record([
    ...[kfifo, ...trigger("studio-trigger", 500), "--samples", "1001"],
  ]);
  const { recording, counts } = checkScans(out);
  assert.equal(result.transport, "read");
  assert.equal(recording.samples, 1001);
  assert.deepEqual(gapsOf(counts), []);
  assert.equal(counts[0], 0);
  assert.equal(getControl("studio-kfifo", "lost"), 0);
  assert.deepEqual(recording.global["iio:device_trigger"], { name: "studio-trigger", rateHz: 500 });
  await verify(out);
});

test("triggers: an hrtimer made through configfs clocks it as well", async () => {
  const made = `${hrtimers}/suite-timer`;
  fs.mkdirSync(made);
  try {
    const { out } = await record([
      ...[kfifo, ...trigger("suite-timer", 250), "--samples", "500", "--no-hash"],
    ]);
    const { counts } = checkScans(out);
    assert.deepEqual(gapsOf(counts), []);
    assert.equal(rateOf("suite-timer"), 250);
    assert.equal(getControl("studio-kfifo", "lost"), 0);
  } finally {
    writeAttribute("studio-kfifo", "trigger/current_trigger", "\n");
    fs.rmdirSync(made);
  }
});

test("triggers: without timestamps nothing is known of a kfifo's loss, and 0 is not claimed", async () => {
  const { result } = await record([
    ...[kfifo, ...trigger("studio-trigger", 500), "--channels", "accel_x,accel_y,accel_z"],
    ...["--samples", "200", "--no-hash"],
  ]);
  assert.equal(result.continuity, "unknown");
  assert.equal(result.lostSamples, null);
  assert.equal(result.lostMax, null);
});

test("triggers: what a full kfifo refused is told by the timestamps, as the driver counts it", async () => {
  // Blocks enough to catch up with the kfifo at once: only what the kfifo refused is lost then.
  const running = beginRecording([
    ...[kfifo, ...trigger("studio-trigger", 20), "--blocks", "64", "--block-size", "160"],
    ...["--channels", "accel_x,accel_y,accel_z,timestamp", "--queue", "2", "--no-hash"],
  ]);
  const produced = () => getControl("studio-kfifo", "produced");
  await until(
    () => readAttribute("studio-kfifo", "buffer0/enable") === "1" && produced() > 20,
    "scans",
  );
  running.program.signal("SIGSTOP");
  await until(() => getControl("studio-kfifo", "lost") > 20, "the kfifo to overflow");
  running.program.signal("SIGCONT");
  const from = produced();
  await until(() => produced() > from + 40, "scans after it");
  const result = await running.stop();
  const { counts } = checkScans(running.out);
  const gaps = gapsOf(counts);
  assert.equal(gaps.length, 1);
  const [{ sampleStart, lost }] = gaps;
  assert.equal(lost, getControl("studio-kfifo", "lost"));
  assert.notEqual(result.continuity, "unknown");
  const told = result.gaps.find((gap) => gap.sampleStart === sampleStart);
  assert.ok(told, JSON.stringify(result.gaps));
  // Time tells of triggers that the emulator was late for as well: a little more than was refused.
  assert.ok(told.lostMax >= lost && told.lostMin <= lost * 1.1 + 2, JSON.stringify([told, lost]));
});
