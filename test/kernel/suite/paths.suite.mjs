// Both ways to the disk out of each memory, forced: every sample of what lies on the file system is checked, and that it
// went the way it was told.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import {
  checkCounterFile,
  deviceFolder,
  enableAllChannels,
  getControl,
  writeAttribute,
} from "./driver.mjs";
import { test } from "./harness.mjs";
import { givesAllBack } from "./holdings.mjs";
import { addon, assertSentence, newRecording, sleep } from "./studio.mjs";

const device = "studio-counter";
const scanBytes = 8;
const memories = {
  system: { kind: "heap", devicePath: "/dev/dma_heap/system" },
  udmabuf: { kind: "udmabuf", devicePath: "/dev/udmabuf" },
};

/** A stream of all four channels out of this memory. */
function openStream(native, heap, payloadBytes) {
  const folder = deviceFolder(device);
  enableAllChannels(device);
  writeAttribute(device, "sampling_frequency", 200_000);
  return native.openStream({
    layout: {
      scanBytes,
      elements: ["u", "u", "s", "s"].map((kind, at) => ({
        ...{ offsetBytes: at * 2, storageBits: 16, bits: 16, shift: 0, repeat: 1 },
        ...{ kind, bigEndian: false },
      })),
      timestamp: -1,
    },
    arena: {
      ...memories[heap],
      blockCount: 64,
      allocatedBytes: Math.ceil(payloadBytes / 4096) * 4096,
    },
    source: {
      kind: "dmabuf",
      devicePath: `/dev/${path.basename(folder)}`,
      bufferIndex: 0,
      enablePath: `${folder}/buffer0/enable`,
      devicePresencePath: folder,
    },
    ...{ payloadBytes, queueDepth: 24, rateHz: 200_000, counter: [0, 1], timestampGaps: false },
    ...{ pyramidBytes: 0, deadlineMs: 10_000 },
  });
}

/** Records so many scans that they end within a block and a page; answers {file, status}. */
async function recordBy({ heap, writePath, payloadBytes = 16_384, scans = 100_001 }) {
  const native = await addon();
  const base = newRecording(`${heap}-${writePath}`);
  const stream = openStream(native, heap, payloadBytes);
  try {
    const recording = await stream.record({
      outputs: [{ path: `${base}.data`, verbatim: true, elements: [] }],
      journalPath: `${base}.journal`,
      journalHeader: new Uint8Array([123, 125]),
      ...{ scans, fromScan: -1, freeFloorBytes: 0, writePath },
    });
    await stream.start();
    while (recording.status().state === "recording") await sleep(20);
    const status = await recording.stop();
    assert.equal(status.error, null);
    await stream.stop();
    return { file: `${base}.data`, status, scans };
  } finally {
    await stream.close();
  }
}

function checkFile({ file, status, scans }) {
  assert.equal(fs.statSync(file).size, scans * scanBytes);
  assert.equal(status.scans, scans);
  const lost = checkCounterFile(file, { firstCount: 0 }).reduce((sum, gap) => sum + gap.lost, 0);
  assert.equal(status.lost, lost);
  assert.ok(lost <= getControl(device, "lost"));
}

/** `way`: how it must have gone; `copies` per byte, at least and at most. The end of the last page is copied always. */
const ways = [
  { heap: "udmabuf", writePath: "direct", way: "direct", copies: [0, 0.01] },
  { heap: "udmabuf", writePath: "auto", way: "direct", copies: [0, 0.01] },
  { heap: "udmabuf", writePath: "buffered", way: "buffered", copies: [1, 1] },
  { heap: "system", writePath: "direct", way: "gathered", copies: [1, 1] },
  { heap: "system", writePath: "auto", way: "buffered", copies: [1, 1] },
  { heap: "system", writePath: "buffered", way: "buffered", copies: [1, 1] },
];
for (const { heap, writePath, way, copies } of ways) {
  test(`paths: memory of ${heap}, "${writePath}" asked: ${way}, and every sample is in the file`, () =>
    givesAllBack(async () => {
      const recorded = await recordBy({ heap, writePath });
      checkFile(recorded);
      const { status } = recorded;
      assert.equal(status.writePath, way);
      assertSentence(status.writePathWhy);
      const [least, most] = copies;
      const told = `${status.copiesPerByte} copies per byte`;
      assert.ok(status.copiesPerByte >= least && status.copiesPerByte <= most + 0.01, told);
    }));
}

test("paths: blocks of no whole pages are gathered, out of either memory, and every sample is in the file", () =>
  givesAllBack(async () => {
    for (const heap of Object.keys(memories)) {
      const recorded = await recordBy({
        heap,
        writePath: "auto",
        payloadBytes: 12_344,
        scans: 50_001,
      });
      checkFile(recorded);
      assert.equal(recorded.status.writePath, "gathered");
      const { copiesPerByte } = recorded.status;
      // What the end of a page is when it is flushed is copied with the next one again.
      assert.ok(copiesPerByte >= 1 && copiesPerByte < 1.05, `${copiesPerByte} copies per byte`);
    }
  }));
