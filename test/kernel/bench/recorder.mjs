// The recorder over DMABUF against the largest plain O_DIRECT write that the same disk takes in the
// same run, in turns. "Not filled" is the way to the disk alone, as behind a DMA engine: the driver
// fills blocks by the processor, which takes it from the recorder.

import fs from "node:fs";
import path from "node:path";

import { setControl } from "../suite/driver.mjs";
import { plainWrite } from "../../bench/plain-write.mjs";
import { device, openStream, row, scanBytes, sizeText, sleep, unpacedHz } from "./rig.mjs";

const MIB = 2 ** 20;
const plainSizes = [1, 4, 16].map((mebibytes) => mebibytes * MIB);
const folder = process.env.KERNEL_TEST_DISK;
const lookMs = 40;

/** A file of 768 MiB, or what a slow disk takes in a few seconds. */
const totalOf = (diskMBps) =>
  (diskMBps ? Math.ceil((3 * diskMBps * 1e6) / (16 * MIB)) * 16 : 768) * MIB;

const cases = [
  { heap: "udmabuf", blockBytes: MIB, blocks: 64, fill: false, goal: 0.9 },
  { heap: "udmabuf", blockBytes: MIB, blocks: 64, fill: true },
  { heap: "udmabuf", blockBytes: 64 * 1024, blocks: 512, fill: false },
  { heap: "udmabuf", blockBytes: MIB, blocks: 64, fill: false, indexed: true },
  { heap: "system", blockBytes: MIB, blocks: 64, fill: false },
  { heap: "system", blockBytes: MIB, blocks: 64, fill: false, writePath: "direct" },
];

/** Those that say something of a disk which is slower than all else. */
const slowCases = cases.filter(({ heap, writePath }) => heap === "udmabuf" || !writePath);

/** The best of several sizes: {rate, cpuPerGB, blockBytes}. */
function bestPlain(totalBytes) {
  const each = plainSizes.map((blockBytes) => ({
    blockBytes,
    ...plainWrite(folder, totalBytes, blockBytes),
  }));
  return each.reduce((best, one) => (one.rate > best.rate ? one : best));
}

async function record(addon, { indexed, writePath, totalBytes, ...given }) {
  const place = fs.mkdtempSync(path.join(folder, "bench-"));
  const stream = openStream(addon, given);
  try {
    await stream.start();
    const startedAt = process.hrtime.bigint();
    const recording = await stream.record({
      outputs: [{ path: path.join(place, "a.sigmf-data"), verbatim: true, elements: [] }],
      journalPath: path.join(place, "a.journal"),
      journalHeader: new Uint8Array([123, 125]),
      scans: totalBytes / scanBytes,
      fromScan: -1,
      freeFloorBytes: 0,
      indexPaths: [indexed ? path.join(place, "a.iio-index") : ""],
      ...(writePath && { writePath }),
    });
    // A look costs the emulated processor milliseconds.
    while (recording.status().state === "recording") await sleep(lookMs);
    const status = await recording.stop();
    const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
    if (status.error) throw new Error(status.error.message);
    return { status, rate: status.bytes / seconds };
  } finally {
    await stream.close();
    setControl(device, "fill", 1);
    fs.rmSync(place, { recursive: true });
  }
}

function tell(given, rounds, disk) {
  const ordered = [...rounds].sort((a, b) => a.ratio - b.ratio);
  const { ratio, run, plain } = ordered[Math.floor(ordered.length / 2)];
  const { writePath, copiesPerByte, cpuSeconds, worstWriteMs } = run.status;
  const what = [
    `${given.heap}, ${sizeText(given.blockBytes)}, ${writePath}`,
    ...(given.fill ? ["filled by the driver"] : []),
    ...(given.indexed ? ["with its index"] : []),
  ].join(", ");
  const { goal } = given;
  const add = (fields) => row({ section: "recorder", ...fields });
  add({
    what: `kernel${disk}: ${what}`,
    value: run.rate / 1e6,
    unit: "MB/s",
    ratio,
    against: `the best plain O_DIRECT write (${sizeText(plain.blockBytes)})`,
    ...(goal && { goal }),
  });
  add({
    what: `kernel${disk}: ${what}, copies`,
    value: copiesPerByte,
    unit: "per byte",
    ...(goal && { goal: 0.001 }),
    better: "less",
  });
  const cpuPerGB = (cpuSeconds / run.status.bytes) * 1e9;
  add({
    what: `kernel${disk}: ${what}, CPU`,
    value: cpuPerGB,
    unit: "s/GB",
    ratio: cpuPerGB / plain.cpuPerGB,
    against: "the plain write",
    better: "less",
  });
  console.log(
    `${what}: plain ${(plain.rate / 1e6).toFixed(0)} MB/s, ratios ${ordered[0].ratio.toFixed(2)} to ${ordered.at(-1).ratio.toFixed(2)}, slowest write ${worstWriteMs.toFixed(1)} ms`,
  );
}

/** What bounds the recorder on an emulated processor, which has no fast instruction for it: MB/s. */
function crcRate(addon) {
  const data = new Uint8Array(16 * MIB).fill(3);
  const startedAt = process.hrtime.bigint();
  addon.crc32c(data, 0);
  return data.length / (Number(process.hrtime.bigint() - startedAt) / 1e3);
}

/** `diskMBps`: of a disk that is held back to it, else null. */
export async function benchRecorder(addon, { rounds, diskMBps }) {
  const times = Math.min(3, rounds);
  const totalBytes = totalOf(diskMBps);
  const disk = diskMBps ? `, disk of ${diskMBps} MB/s` : "";
  console.log(
    `ext4 on a disk of its own${disk}, ${totalBytes / MIB} MiB each; the middle of ${times} turns; the emulated processor works out a CRC32C at ${crcRate(addon).toFixed(0)} MB/s`,
  );
  // The first write to each place of the disk's image costs the host more than those that follow.
  plainWrite(folder, 2 * totalBytes, 4 * MIB);
  for (const given of diskMBps ? slowCases : cases) {
    const found = [];
    for (let round = 0; round < times; round++) {
      const plain = bestPlain(totalBytes);
      // A little more than the disk takes: what is beyond is lost, and costs no more than it must.
      const rateHz = Math.min(unpacedHz, Math.round((1.05 * plain.rate) / scanBytes));
      const run = await record(addon, { ...given, totalBytes, rateHz });
      found.push({ plain, run, ratio: run.rate / plain.rate });
    }
    tell(given, found, disk);
  }
}
