// Loss: exact where a counter or a timestamp tells, within the stated bounds where only times do.

import assert from "node:assert/strict";

import { flows, getControl, setControl } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, checkSums, countsOf, gapsIn, gapsOf, readRecording } from "./recording.mjs";
import { beginRecording, record, sleep, until, verify } from "./studio.mjs";

const blocksOf = (device) => getControl(device, "blocks");

/** Waits for so many more blocks than there are. */
async function moreBlocks(device, count) {
  const from = blocksOf(device);
  await until(() => blocksOf(device) >= from + count, `${count} blocks of ${device}`);
}

/** Stops the whole program until its queue has run dry, as a machine under load does. */
async function starve({ program }, device) {
  await moreBlocks(device, 4);
  program.signal("SIGSTOP");
  await until(() => getControl(device, "outstanding") === 0, "the queue to run dry");
  await sleep(300);
  program.signal("SIGCONT");
  // What came after the pause is on its way into the file.
  await moreBlocks(device, 12);
}

/**
 * A queue of well over a second rides out every pause but those of the test; 300 more blocks let the recorder catch up.
 * The way is named always: at these rates the program would choose read() by itself.
 */
const deep = ["--blocks", "320", "--block-size", "2048", "--queue", "32", "--no-hash"];

const devices = {
  counter: {
    name: "studio-counter",
    args: ["--channels", "voltage0,voltage1,voltage2,voltage3", "--rate", "5000", ...deep],
  },
  timestamped: {
    name: "studio-timestamped",
    args: [
      ...["--channels", "voltage0,voltage1,voltage2,voltage3,timestamp", "--rate", "1000"],
      ...deep,
    ],
  },
};

const known = [
  {
    of: "a declared counter over DMABUF",
    device: devices.counter,
    transport: "dmabuf",
    more: ["--counter", "voltage0,voltage1"],
  },
  {
    of: "a declared counter over read()",
    device: devices.counter,
    transport: "read",
    more: ["--counter", "voltage0,voltage1"],
  },
  { of: "timestamps over DMABUF", device: devices.timestamped, transport: "dmabuf", more: [] },
  {
    of: "timestamps over read()",
    device: devices.timestamped,
    transport: "read",
    // The kernel's two halves share what the queue holds: blocks of half a second.
    more: ["--queue", "8"],
  },
];

for (const { of, device, transport, more } of known) {
  test(`loss: by ${of} it is the driver's own count, gap by gap`, async () => {
    const way = ["--transport", transport];
    const running = beginRecording([`local:${device.name}`, ...device.args, ...way, ...more]);
    await until(() => flows(device.name, 1), "blocks");
    await starve(running, device.name);
    await starve(running, device.name);
    const result = await running.stop();
    assert.equal(result.transport, transport);
    const { recording, gaps } = checkCounter(running.out, { first: 0 });
    assert.equal(result.continuity, "exact");
    assert.ok(gaps.length >= 2, "the test provoked no loss");
    assert.deepEqual(gapsIn(result), gaps);
    assert.equal(result.lostSamples, getControl(device.name, "lost"));
    assert.equal(result.gaps.length, getControl(device.name, "gaps"));
    checkSums(result, recording);
    await verify(running.out);
  });
}

test("loss: scans that the device itself drops are seen by a counter and by timestamps", async () => {
  for (const [device, more] of [
    [devices.counter, ["--counter", "voltage0,voltage1"]],
    [devices.timestamped, []],
  ]) {
    const way = ["--transport", "dmabuf"];
    const running = beginRecording([`local:${device.name}`, ...device.args, ...way, ...more]);
    await until(() => flows(device.name, 1), "blocks");
    for (const scans of [1, 300, 2000]) {
      setControl(device.name, "drop_scans", scans);
      await moreBlocks(device.name, 40);
    }
    const result = await running.stop();
    const { gaps } = checkCounter(running.out, { first: 0 });
    assert.deepEqual(
      gaps.map((gap) => gap.lost),
      [1, 300, 2000],
    );
    assert.deepEqual(gapsIn(result), gaps);
    assert.equal(getControl(device.name, "lost"), result.lostSamples);
  }
});

test("loss: jitter of the timestamps is stated, and no gap is made of it", async () => {
  const { name, args } = devices.timestamped;
  // Steps of 1 ms that spread by more than an eighth of that (rms) could hide a lost scan.
  for (const [jitterNs, grade] of [
    [100_000, "exact"],
    [200_000, "estimated"],
  ]) {
    setControl(name, "jitter_ns", jitterNs);
    try {
      const { out, result } = await record([`local:${name}`, ...args, "--samples", "4000"]);
      assert.deepEqual(result.gaps, []);
      assert.equal(result.continuity, grade);
      const jitter = readRecording(out).global["iio:timestamp_jitter"] * 1e9;
      assert.ok(jitter > 0.25 * jitterNs && jitter < 1.5 * jitterNs, `${jitter} ns`);
    } finally {
      setControl(name, "jitter_ns", 0);
    }
  }
});

/** Every true gap is reported where it is and within its bounds; what is reported besides may be none. */
function checkEstimates(result, truth) {
  const reported = new Map(result.gaps.map((gap) => [gap.sampleStart, gap]));
  for (const { sampleStart, lost } of truth) {
    const gap = reported.get(sampleStart);
    assert.ok(gap, `the gap at sample ${sampleStart} was not reported`);
    assert.ok(
      gap.lostMin <= lost && (gap.lostMax === null || lost <= gap.lostMax),
      `${lost} lost at sample ${sampleStart}, stated ${gap.lostMin} to ${gap.lostMax}`,
    );
    reported.delete(sampleStart);
  }
  for (const gap of reported.values()) {
    assert.equal(gap.lostMin, 0, `invented: ${JSON.stringify(gap)}`);
  }
}

test("loss: without either, a queue that ran dry is an estimate that holds the driver's count", async () => {
  const { name, args } = devices.counter;
  const running = beginRecording([`local:${name}`, ...args]);
  await until(() => flows(name, 1), "blocks");
  await starve(running, name);
  await starve(running, name);
  const result = await running.stop();
  const { gaps, recording } = checkCounter(running.out, { first: 0 });
  assert.ok(gaps.length >= 2, "the test provoked no loss");
  assert.equal(result.continuity, "estimated");
  checkEstimates(result, gaps);
  const lost = getControl(name, "lost");
  assert.ok(result.lostMin <= lost && lost <= result.lostMax, `${lost}: ${JSON.stringify(result)}`);
  // A pause that falls between a look at the clock and the ENQUEUE may leave one of them wide.
  assert.ok(
    result.gaps.some((gap) => gap.lostMin > 0.5 * gap.lost),
    JSON.stringify(result.gaps),
  );
  checkSums(result, recording);
  await verify(running.out);
});

test("loss: a queue of one block at a high rate, dry at every block: each gap is reported", async () => {
  const args = ["--channels", "voltage0,voltage1", "--rate", "5000000", "--no-hash"];
  const { out, result } = await record([
    ...["local:studio-counter", ...args, "--blocks", "8", "--block-size", "16384", "--queue", "1"],
    ...["--samples", "1000000"],
  ]);
  const truth = gapsOf(countsOf(readRecording(out)));
  assert.ok(truth.length > 20, `${truth.length} gaps`);
  checkEstimates(result, truth);
  const lost = truth.reduce((sum, gap) => sum + gap.lost, 0);
  assert.ok(result.lostMin <= lost && lost <= result.lostMax);
});

test("loss: where nothing was lost, none is reported", async () => {
  const { name, args } = devices.counter;
  for (const more of [[], ["--heap", "udmabuf"]]) {
    const { out, result } = await record([`local:${name}`, ...args, ...more, "--samples", "15000"]);
    assert.equal(getControl(name, "lost"), 0, "the machine was too slow for this test");
    assert.deepEqual(checkCounter(out, { first: 0 }).gaps, []);
    assert.deepEqual(result.gaps, []);
    assert.deepEqual([result.continuity, result.lostMin, result.lostMax], ["estimated", 0, 0]);
  }
});

test("loss: over read() a DMA buffer's full halves are an estimate that holds the driver's count", async () => {
  const { name, args } = devices.counter;
  const { result } = await record([
    ...[`local:${name}`, ...args, "--transport", "read", "--samples", "8000"],
  ]);
  assert.equal(result.continuity, "estimated");
  const lost = getControl(name, "lost");
  assert.ok(result.lostMin <= lost && lost <= result.lostMax, `${lost}: ${JSON.stringify(result)}`);
});

test("loss: a counter that does not count proves nothing, declared or not", async () => {
  const { name, args } = devices.counter;
  // Its high half stands still.
  const { out, result } = await record([
    ...[`local:${name}`, ...args, "--transport", "read", "--samples", "8000"],
    ...["--counter", "voltage1"],
  ]);
  assert.notEqual(result.continuity, "exact");
  const { evidence } = readRecording(out).global["iio:continuity"];
  assert.match(evidence, /voltage1 does not count/);
});

test("loss: a failed transfer is a gap of a block; the recording goes on", async () => {
  const { name, args } = devices.counter;
  for (const more of [["--counter", "voltage0,voltage1"], []]) {
    const running = beginRecording([`local:${name}`, ...args, ...more]);
    await until(() => flows(name, 4), "blocks");
    setControl(name, "abort_next", 1);
    await until(() => getControl(name, "failed_blocks") === 1, "the failure");
    await moreBlocks(name, 40);
    const result = await running.stop();
    const { gaps } = checkCounter(running.out, { first: 0 });
    assert.deepEqual(
      gaps.map((gap) => gap.lost),
      [256],
    );
    if (more.length > 0) assert.deepEqual(gapsIn(result), gaps);
    else checkEstimates(result, gaps);
    assert.equal(getControl(name, "lost"), 256);
    await verify(running.out);
  }
});

test("loss: blocks that the driver refuses are offered again; nothing hangs, nothing is made up", async () => {
  const { name, args } = devices.counter;
  const running = beginRecording([`local:${name}`, ...args, "--counter", "voltage0,voltage1"]);
  await until(() => flows(name, 4), "blocks");
  setControl(name, "refuse_next", 3);
  await until(() => getControl(name, "refuse_next") === 0, "the refusals");
  await moreBlocks(name, 60);
  // The queue is as deep as before: each refused block was attached again.
  await until(() => getControl(name, "outstanding") >= 31, "the queue to be full again");
  const result = await running.stop();
  const { gaps } = checkCounter(running.out, { first: 0 });
  assert.deepEqual(gapsIn(result), gaps);
  assert.equal(result.lostSamples, getControl(name, "lost"));
  assert.equal(result.error, null);
});
