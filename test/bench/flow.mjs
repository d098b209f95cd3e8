// The simulator at max: to null, and to disk against plain large writes of the same size to the same disk.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { interleaved } from "./layouts.mjs";
import { plainWrite } from "./plain-write.mjs";

const MIB = 1024 * 1024;

const wave = {
  waveform: "sine",
  frequencyHz: 1000,
  frequencyEndHz: 0,
  sweepSeconds: 1,
  amplitude: 20_000,
  offset: 0,
  noise: 0,
  phase: 0,
  duty: 0.5,
  glitchEvery: 0,
};

function options(channels, blockBytes, blockCount) {
  return {
    layout: interleaved(channels),
    arena: { kind: "pages", devicePath: "", blockCount, allocatedBytes: blockBytes },
    source: {
      kind: "simulator",
      channels: Array.from({ length: channels }, () => wave),
      max: true,
      seed: 1,
    },
    payloadBytes: blockBytes,
    queueDepth: 4,
    rateHz: 1e6,
    counter: [],
    timestampGaps: false,
    pyramidBytes: 64 * MIB,
    deadlineMs: 5000,
  };
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function benchFlow(addon, report, folder) {
  for (const channels of [1, 4]) {
    const stream = addon.openStream(options(channels, 4 * MIB, 32));
    await stream.start();
    await sleep(300);
    const [first, startedAt] = [stream.counters(), performance.now()];
    await sleep(2000);
    const [last, endedAt] = [stream.counters(), performance.now()];
    await stream.close();
    report.add({
      section: "simulator",
      what: `max to null, ${channels} × s16, 4 MiB blocks, with pyramid`,
      value: (last.bytes - first.bytes) / (endedAt - startedAt) / 1e6,
      unit: "GB/s",
    });
  }
  const totalBytes = 1024 * MIB;
  const plain = plainWrite(folder, totalBytes, 4 * MIB);
  const { seconds, status } = await record(addon, folder, totalBytes);
  const again = plainWrite(folder, totalBytes, 4 * MIB);
  const reference = Math.max(plain.rate, again.rate);
  report.add({
    section: "recorder",
    what: `max to disk, ${status.directWrites ? "direct" : "buffered"}, ${status.copiesPerByte.toFixed(2)} copies per byte`,
    value: status.bytes / seconds / 1e9,
    unit: "GB/s",
    ratio: status.bytes / seconds / reference,
    against: "plain 4 MiB O_DIRECT writes",
    goal: 0.9,
  });
}

async function record(addon, folder, totalBytes) {
  const place = mkdtempSync(join(folder, "bench-"));
  const stream = addon.openStream(options(1, 4 * MIB, 64));
  await stream.start();
  const startedAt = performance.now();
  const recording = await stream.record({
    outputs: [{ path: join(place, "a.sigmf-data"), verbatim: true, elements: [] }],
    journalPath: join(place, "a.journal"),
    journalHeader: new Uint8Array([123, 125]),
    scans: totalBytes / 2,
    fromScan: -1,
    freeFloorBytes: 0,
  });
  while (recording.status().state === "recording") await sleep(5);
  const status = await recording.stop();
  const seconds = (performance.now() - startedAt) / 1000;
  await stream.close();
  rmSync(place, { recursive: true });
  return { seconds, status };
}
