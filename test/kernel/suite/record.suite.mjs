// Recordings over both transports and every heap, with blocks of many sizes; each sample is checked.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { readAttribute, setControl } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, checkSums, gapsIn } from "./recording.mjs";
import {
  Program,
  assertSentence,
  newRecording,
  record,
  refused,
  verify,
  withHost,
} from "./studio.mjs";

const counter = "local:studio-counter";
const all = ["--channels", "voltage0,voltage1,voltage2,voltage3"];
const declared = ["--counter", "voltage0,voltage1"];

/** Records with a declared counter and holds every sample and every sum against the driver. */
async function recordAndCheck(args, { samples, first = 0, channels = 4 } = {}) {
  const recorded = await record([counter, ...args, ...declared, "--samples", String(samples)]);
  const { result } = recorded;
  // read() may lose what came before its first sample; a block that is queued before the start may not.
  const checked = checkCounter(recorded.out, {
    channels,
    first: result.transport === "read" ? null : first,
  });
  assert.equal(result.error, null);
  assert.equal(result.samples, samples);
  assert.equal(result.continuity, "exact");
  assert.deepEqual(gapsIn(result), checked.gaps);
  checkSums(result, checked.recording);
  return { ...recorded, ...checked };
}

for (const heap of ["system", "udmabuf"]) {
  test(`record: over DMABUF with memory of ${heap}, every sample is there and right`, async () => {
    const { result, out, notes } = await recordAndCheck(
      [...all, "--rate", "100000", "--transport", "dmabuf", "--heap", heap],
      { samples: 150_000 },
    );
    assert.deepEqual([result.transport, result.heap], ["dmabuf", heap]);
    assert.equal(result.lostSamples, 0);
    assert.equal(result.bytes, 150_000 * 8);
    assert.match(notes, /sampling_frequency = 100000/);
    assert.ok(Math.abs(result.rateMeasuredHz / 100_000 - 1) < 0.2, `${result.rateMeasuredHz} Hz`);
    for (const file of result.files) assert.ok(fs.existsSync(file), file);
    const { checked } = await verify(out);
    assert.ok(
      checked.some((each) => /SHA-512/.test(each)) && checked.some((each) => /CRC32C/.test(each)),
    );
  });
}

test("record: over read(), every sample is there and right", async () => {
  // read() has but two blocks in the kernel: they last 0.2 s each here, however late the emulator is.
  const { result, out } = await recordAndCheck(
    [...all, "--rate", "20000", "--block-size", "32768", "--transport", "read"],
    { samples: 40_000 },
  );
  assert.deepEqual([result.transport, result.heap], ["read", "pages"]);
  assert.equal(result.lostSamples, 0);
  await verify(out);
});

test("record: channels of one type go to disk as they are, with udmabuf without a copy", async () => {
  const { result, recording } = await recordAndCheck(
    ["--channels", "voltage0,voltage1", "--rate", "1000000", "--heap", "udmabuf", "--no-hash"],
    { samples: 1_000_000, channels: 2 },
  );
  assert.equal(recording.parts.length, 1);
  assert.equal(recording.global["core:datatype"], "ru16_le");
  assert.equal(recording.global["core:sha512"], undefined);
  assert.ok(result.copiesPerByte < 0.05, `${result.copiesPerByte} copies per byte`);
});

const sizes = [
  { blocks: 2, bytes: 65536 },
  { blocks: 3, bytes: 4096 },
  { blocks: 200, bytes: 4096 },
  { blocks: 5, bytes: 12344 },
  { blocks: 4, bytes: 1_048_576 },
];
for (const [at, { blocks, bytes }] of sizes.entries()) {
  for (const transport of ["dmabuf", "read"]) {
    const heap = transport === "dmabuf" ? ["--heap", at % 2 === 0 ? "system" : "udmabuf"] : [];
    test(`record: ${blocks} blocks of ${bytes} bytes over ${transport}`, async () => {
      const shape = ["--blocks", String(blocks), "--block-size", String(bytes)];
      const { recording } = await recordAndCheck(
        [...all, "--rate", "20000", "--transport", transport, ...heap, ...shape, "--no-hash"],
        { samples: bytes > 1e6 ? 140_000 : 30_001 },
      );
      assert.equal(recording.global["iio:block"].count, blocks);
    });
  }
}

test("record: without pacing a million scans come as fast as they can, and none is lost", async () => {
  const { result } = await recordAndCheck(
    [
      "--channels",
      "voltage0,voltage1",
      "--rate",
      "1000000000",
      "--block-size",
      "262144",
      "--no-hash",
    ],
    { samples: 4_000_000, channels: 2 },
  );
  assert.equal(result.lostSamples, 0);
});

test("record: the count of samples is exact where blocks are not whole, and the seconds are those of the rate", async () => {
  await recordAndCheck([...all, "--rate", "10000", "--block-size", "8192"], { samples: 1 });
  const { result, out } = await record([
    counter,
    "--rate",
    "50000",
    "--seconds",
    "1.5",
    "--no-hash",
  ]);
  const { recording } = checkCounter(out);
  assert.equal(recording.samples, 75_000);
  assert.equal(result.error, null);
});

test("record: one channel, and channels in any order, are what was asked", async () => {
  const { out, result } = await record([
    ...[counter, "--channels", "voltage3", "--rate", "20000", "--samples", "5000", "--no-hash"],
  ]);
  assert.equal(result.bytes, 10_000);
  const meta = JSON.parse(fs.readFileSync(`${out}.sigmf-meta`, "utf8"));
  assert.deepEqual(
    meta.global["iio:channels"].map((channel) => [channel.id, channel.label, channel.unit]),
    [["voltage3", "triangle", "V"]],
  );
  await recordAndCheck(
    ["--channels", "voltage2,voltage1,voltage0", "--rate", "20000", "--no-hash"],
    {
      samples: 5000,
      channels: 3,
    },
  );
});

test("record: the metadata tell hardware, kernel, transport, block, rate and attributes", async () => {
  const { out } = await record([
    ...[counter, "--rate", "20000", "--samples", "5000", "--note", "a note", "--no-hash"],
    ...["--set", "voltage0/scale=0.25", "--heap", "system"],
  ]);
  const { global, captures } = JSON.parse(
    fs.readFileSync(
      fs.existsSync(`${out}.sigmf-meta`) ? `${out}.sigmf-meta` : `${out}-u16.sigmf-meta`,
      "utf8",
    ),
  );
  assert.match(global["iio:kernel"], /^Linux 6\.12/);
  assert.equal(global["iio:device"].name, "studio-counter");
  assert.equal(global["core:description"], "a note");
  assert.equal(global["core:sample_rate"], 20000);
  assert.equal(global["iio:transport"].path, "dmabuf");
  assert.equal(global["iio:transport"].heap, "system");
  assert.equal(captures[0]["core:global_index"], 0);
  const scale = global["iio:attributes"].find((each) => /scale$/.test(each.name));
  assert.equal(Number(scale.value), 0.25);
  assert.equal(Number(readAttribute("studio-counter", "in_voltage_scale")), 0.25);
  assert.equal(Number(global["iio:channels"][0].scale), 0.25);
});

test("record: blocks over the limits and a buffer that is not there are refused, and no file is left", async () => {
  const cases = [
    [["--heap", "udmabuf", "--block-size", "128Mi", "--blocks", "2"], /64 MiB/],
    [["--rate", "2000000000"], /1 GHz/],
    [["--buffer", "3"], /buffer ?3/],
  ];
  for (const [args, matching] of cases) {
    const out = newRecording("refused");
    await refused(["record", counter, ...args, "--out", out, "--samples", "1000"], matching);
    assert.deepEqual(fs.readdirSync(path.dirname(out)), [], `${args} left files`);
  }
  assert.equal(readAttribute("studio-counter", "buffer0/enable"), "0");
});

test("record: settings that cannot be are refused with a sentence and the field", () =>
  withHost(async ({ client, find }) => {
    const stream = `${find("studio-counter").id}/buffer0`;
    const cases = [
      [{ blockSize: { kind: "bytes", bytes: 64 * 2 ** 20 }, blockCount: 60 }, /memory/],
      [{ blockCount: 4, queueDepth: 4 }, /queued/],
      [{ heap: "nowhere" }, /heap "nowhere"/],
      [{ channels: ["voltage9"] }, /voltage9/],
      [{ channels: [] }, /channel/],
      [{ channels: ["voltage0"], counter: ["voltage1"] }, /voltage1/],
      [{ deviceTrigger: { name: "studio-trigge", rateHz: null } }, /studio-trigge/],
    ];
    for (const [patch, matching] of cases) {
      const error = await client.request("stream.configure", { stream, patch }).then(
        () => assert.fail(`took ${JSON.stringify(patch)}`),
        (thrown) => thrown.detail ?? thrown,
      );
      assertSentence(error.message);
      assert.match(error.message, matching);
      assert.ok(
        Object.keys(patch).some((key) => error.field?.startsWith(key)),
        `${error.field}`,
      );
    }
  }));

test("record: options that contradict each other are wrong usage", async () => {
  const out = newRecording();
  for (const args of [
    ["--seconds", "1", "--samples", "5"],
    ["--blocks", "1"],
    ["--transport", "carrier-pigeon"],
  ]) {
    const program = await new Program(["record", counter, ...args, "--out", out]).end();
    assert.equal(program.status, 2, `${program}`);
    assert.match(program.stderr, / --help/);
  }
});

test("record: a name that is taken, and a folder that is not there, are refused", async () => {
  const { out } = await record([counter, "--rate", "20000", "--samples", "100", "--no-hash"]);
  await refused(["record", counter, "--out", out, "--samples", "100"], /already/);
  await refused(
    ["record", counter, "--out", "/usr/nowhere/recording", "--samples", "100"],
    /nowhere/,
  );
});

test("record: every sample is counted from where the device starts", async () => {
  setControl("studio-counter", "start_count", 4_294_000_000);
  try {
    await recordAndCheck([...all, "--rate", "20000", "--no-hash"], {
      samples: 10_000,
      first: 4_294_000_000,
    });
  } finally {
    setControl("studio-counter", "start_count", 0);
  }
});
