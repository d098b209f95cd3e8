/** Rings that go on where they ended: what was deleted counts, and what lies there of before is deleted as they go on. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, refusal } from "./fake/host.js";
import {
  collection,
  dataNames,
  file,
  meta,
  part,
  partBegan,
  record,
  ringOf,
  smallBlocks,
  sound,
  start,
  streamsOf,
} from "./fake/recordings-bench.js";

benchForEach(smallBlocks);

/** What of a ring's first part is there where its deletion was cut off. */
function leave(name: string): void {
  const [like] = dataNames();
  const json = meta(like!);
  json.global["iio:part"] = { of: "take", number: 1 };
  writeFileSync(file(`${name}.sigmf-meta`), JSON.stringify(json));
  copyFileSync(file(`${like}.sigmf-data`), file(`${name}.sigmf-data`));
}

it("deletes parts of earlier runs as a ring goes on, but for those that are kept", async () => {
  const ring = ringOf(0.3, 0.1);
  await start(ring);
  await partBegan(3);
  await request("recording.ringKeep", { name: "take", seconds: 0.001 });
  const first = await request("recording.stop", { stream: ADC });
  await request("stream.stop", { stream: ADC });
  const kept = collection("take")["iio:kept"]!;
  const before = first.parts!;
  // What a ring will delete counts as room: the disk need not hold it twice.
  const { freeBytes } = bench.addon.disk;
  bench.addon.disk.freeBytes = 128 * 1024 * 1024 + 1;
  const tight = {
    ring: { kind: "bytes", bytes: 66_500_000 },
    split: { kind: "bytes", bytes: 400_000 },
  };
  expect(await refusal(start({ ...tight, name: "other" }))).toMatchObject({ code: "ENOSPC" });
  await start(tight);
  await bench.next("recording", ({ status }) => status.scans > 0);
  const { parts: between } = await request("recording.stop", { stream: ADC });
  await request("stream.stop", { stream: ADC });
  bench.addon.disk.freeBytes = freeBytes;
  const begun = await start(ring);
  expect(begun.parts!.count).toBeGreaterThan(between!.length + 1);
  await partBegan(begun.parts!.number + 9);
  await request("recording.stop", { stream: ADC });
  for (const name of before) expect(dataNames().includes(name)).toBe(kept.includes(name));
  await sound("take");
});

it("counts what a ring has deleted, and a part once whose deletion was cut off", async () => {
  const ring = ringOf(0.3, 0.1);
  await record({ ...ring, seconds: 1 });
  const held = () =>
    streamsOf().reduce((sum, name) => sum + (meta(name).global["iio:samples"] as number), 0);
  const { "iio:deleted": deleted } = collection("take");
  expect(deleted!.samples + held()).toBe(1_000_000);
  expect(deleted!.seconds).toBeCloseTo(deleted!.samples / 1e6);
  expect(deleted!.through).toBeGreaterThanOrEqual(1);
  await sound("take");
  leave(part(1));
  for (const asked of [{ seconds: 1 }, { scans: 1_000_000 }]) {
    expect(await refusal(start({ ...ring, ...asked }))).toMatchObject({ code: "NOTHING_LEFT" });
  }
  await record({ ...ring, scans: 1_500_000 });
  expect(collection("take")["iio:deleted"]!.samples + held()).toBe(1_500_000);
  expect(dataNames()).toEqual(streamsOf());
  await sound("take");
});

it("goes on and ends as it should where an earlier part can't be deleted, and says so", async () => {
  const ring = ringOf(0.3, 0.1);
  await start(ring);
  await partBegan(3);
  await request("recording.stop", { stream: ADC });
  await request("stream.stop", { stream: ADC });
  // On a busy machine the first may have been deleted by then.
  const oldest = dataNames()[0]!;
  mkdirSync(file(`${oldest}.iio-rest`));
  const warned = bench.next("notice", ({ title }) => title.includes("could not be deleted"));
  const begun = await start(ring);
  await partBegan(begun.parts!.number + 9);
  expect((await warned).title).toContain(oldest);
  const { error } = await request("recording.stop", { stream: ADC });
  expect(error).toBe(null);
  await request("stream.stop", { stream: ADC });
});

it("never deletes a recording that was made by itself for a ring", async () => {
  await record({ scans: 20_000, resume: false });
  await start(ringOf(0.1, 0.05));
  await partBegan(8);
  await request("recording.stop", { stream: ADC });
  expect(dataNames()).toContain("take");
  expect(dataNames()).not.toContain(part(2));
  await sound("take");
});
