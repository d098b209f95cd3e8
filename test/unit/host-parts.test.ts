/** Recordings in parts, and rings: nothing lost or written twice between parts, only what lies too far back is deleted. */
import { existsSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { ActiveRecording } from "../../electron/host/recordings/active.js";
import { planParts } from "../../electron/host/recordings/parts-plan.js";
import { joinResults } from "../../electron/host/recordings/parts-sum.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import type { RecordingResult } from "../../shared/recording.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, IMU, refusal, RX } from "./fake/host.js";
import { FakeRecording } from "./fake/recorder.js";
import {
  collection,
  dataNames,
  ended,
  file,
  meta,
  part,
  partBegan,
  ringOf,
  scansOf,
  smallBlocks,
  sound,
} from "./fake/recordings-bench.js";

describe("the plan of parts", () => {
  const asked = { split: undefined, ring: undefined, rateHz: 1e6, scanBytes: 4, roomBytes: 1e12 };
  const bytes = (n: number) => ({ kind: "bytes" as const, bytes: n });
  const seconds = (n: number) => ({ kind: "seconds" as const, seconds: n });
  const refused = (more: object) => {
    try {
      planParts({ ...asked, ...more });
    } catch (error) {
      return (error as { detail: { code: string; field?: string; message: string } }).detail;
    }
    throw new Error("was not refused");
  };

  it("is in scans: by size, by time; a ring has ten parts unless said otherwise", () => {
    expect(planParts(asked)).toBe(null);
    expect(planParts({ ...asked, split: bytes(4001) })).toEqual({
      partScans: 1000,
      ringScans: null,
    });
    expect(planParts({ ...asked, split: seconds(2) })?.partScans).toBe(2e6);
    expect(planParts({ ...asked, ring: seconds(60) })).toEqual({ partScans: 6e6, ringScans: 6e7 });
    expect(planParts({ ...asked, ring: bytes(4e9), split: seconds(10) })).toEqual({
      partScans: 1e7,
      ringScans: 1e9,
    });
  });

  it("refuses what can't be, with the next step", () => {
    expect(refused({ ring: bytes(1e12) })).toMatchObject({ code: "ENOSPC", field: "ring" });
    expect(refused({ ring: bytes(1e12) }).message).toContain("1.2 TB");
    expect(refused({ ring: bytes(8e6), split: bytes(5e6) })).toMatchObject({ field: "split" });
    expect(refused({ split: bytes(3) })).toMatchObject({ code: "BAD_REQUEST", field: "split" });
    expect(refused({ ring: seconds(5), rateHz: null }).message).toContain("Give a size");
  });
});

describe("the result of parts", () => {
  it("holds the gaps of all, however many there are in one", () => {
    const gap = { sampleStart: 5, lost: 1, lostMin: 1, lostMax: 1, grade: "exact" };
    const one = {
      ...{ name: "take-part0001", samples: 10, bytes: 20, seconds: 1, lostSamples: 1, lostMin: 1 },
      ...{ lostMax: 1, continuity: "exact", cpuSeconds: 0, copiesPerByte: 1, files: [] },
      gaps: Array.from({ length: 200_000 }, () => gap),
    } as unknown as RecordingResult;
    const { gaps } = joinResults("take", [one, one], null);
    expect(gaps).toHaveLength(400_000);
    expect([gaps[0]!.sampleStart, gaps.at(-1)!.sampleStart]).toEqual([5, 15]);
  });
});

describe("a recording in parts", () => {
  benchForEach(smallBlocks);

  const begin = (more: object) =>
    request("recording.start", { stream: ADC, name: "take", hash: false, ...more });

  it("goes from one to the next without a seam, and ends with exactly so many scans as asked", async () => {
    const end = ended();
    const begun = await begin({ split: { kind: "seconds", seconds: 0.3 }, scans: 1_234_567 });
    expect(begun).toMatchObject({ name: "take", parts: { number: 1, ring: false } });
    const { result, status } = await end;
    expect(result).toMatchObject({
      name: "take",
      samples: 1_234_567,
      bytes: 4_938_268,
      error: null,
    });
    expect(status).toMatchObject({ scans: 1_234_567, state: { kind: "done" } });
    const names = result.parts!;
    expect(names.length).toBeGreaterThan(2);
    expect(names).toEqual(names.map((_, index) => part(index + 1)));
    let next = scansOf(part(1)).first;
    for (const name of names) {
      const { first, end: last } = scansOf(name);
      expect(first).toBe(next);
      next = last;
      expect(meta(name).global["iio:part"]).toMatchObject({ of: "take" });
    }
    expect(collection("take")["iio:parts"]).toBe(true);
    await sound("take");
    expect(dataNames()).toEqual(names);
    // Each is listed, and opened, for itself.
    const list = await request("recording.list", {});
    expect(list.map(({ name }) => name).sort()).toEqual(names);
    expect(await refusal(request("recording.open", { name: "take" }))).toMatchObject({
      code: "IN_PARTS",
    });
    await request("recording.open", { name: part(2) });
  });

  it("goes on where a part took over between two looks at the one before", async () => {
    const { waits } = ActiveRecording.prototype;
    const missed = new Set<ActiveRecording>();
    const spy = vi.spyOn(ActiveRecording.prototype, "waits").mockImplementation(function (
      this: ActiveRecording,
    ) {
      if (waits.call(this)) return true;
      const first = !missed.has(this);
      missed.add(this);
      return first;
    });
    try {
      const end = ended();
      await begin({ split: { kind: "seconds", seconds: 0.3 }, scans: 1_234_567 });
      const { result } = await end;
      expect(result).toMatchObject({ samples: 1_234_567, error: null });
      expect(missed.size).toBeGreaterThan(1);
    } finally {
      spy.mockRestore();
    }
  });

  it("goes on where a part took over before it was known to be made", async () => {
    const { next } = FakeRecording.prototype;
    const spy = vi.spyOn(FakeRecording.prototype, "next").mockImplementation(async function (
      this: FakeRecording,
      options,
    ) {
      const made = await next.call(this, options);
      await new Promise((resolve) => setTimeout(resolve, 700));
      return made;
    });
    try {
      const end = ended();
      await begin({ split: { kind: "seconds", seconds: 0.3 }, scans: 1_234_567 });
      const { result } = await end;
      expect(result).toMatchObject({ samples: 1_234_567, error: null });
      expect(result.parts!.length).toBeGreaterThan(1);
    } finally {
      spy.mockRestore();
    }
  });

  it("is one recording to whoever stops, notes or renames it", async () => {
    await begin({ split: { kind: "bytes", bytes: 400_000 }, hash: true });
    await partBegan(3);
    expect((await request("stream.get", { stream: ADC })).recording).toBe("take");
    await request("recording.annotate", { name: "take", note: "20 dB" });
    const renamed = request("recording.annotate", { name: "take", newName: "other" });
    expect(await refusal(renamed)).toMatchObject({ code: "BAD_REQUEST", field: "newName" });
    await partBegan(5);
    const hashed = bench.next(
      "recording.list",
      ({ list }) => list.length >= 5 && list.every((one) => !one.hashPending),
    );
    const result = await request("recording.stop", { stream: ADC });
    expect(result.parts!.length).toBeGreaterThanOrEqual(5);
    expect(result.error).toBe(null);
    await hashed;
    // The collection is written behind the metadata that the list follows.
    await expect.poll(async () => (await verifyRecording(file("take"))).faults).toEqual([]);
    const last = result.parts!.at(-1)!;
    expect(meta(last).global["core:description"]).toBe("20 dB");
    expect(typeof meta(part(1)).global["core:sha512"]).toBe("string");
  });

  it("says a loss between two parts at the head of the second", async () => {
    await begin({ split: { kind: "bytes", bytes: 400_000 } });
    await partBegan(2);
    await request("stream.fault", { stream: ADC, fault: "lost-blocks" });
    await bench.next("recording", ({ status }) => status.continuity.gaps > 0);
    await partBegan(4);
    const result = await request("recording.stop", { stream: ADC });
    expect(result.gaps).toHaveLength(1);
    const { geometry } = await request("stream.get", { stream: ADC });
    expect(result.lostSamples).toBe(geometry!.scansPerBlock);
    await sound("take");
  });

  it("makes another next part where the one that waited failed, and ends that one", async () => {
    await begin({ split: { kind: "seconds", seconds: 0.2 } });
    const first = bench.addon.streams.at(-1)!.recordings[0]!;
    const failed = await vi.waitUntil(() => first.failWaiting(), { timeout: 20_000 });
    await partBegan(2);
    expect(failed.stopped).toBe(true);
    const result = await request("recording.stop", { stream: ADC });
    expect(result).toMatchObject({ error: null, gaps: [] });
    expect(dataNames()).toEqual(result.parts);
    await sound("take");
  });

  it("has the name of all together from its first moment to its last", async () => {
    const split = { kind: "seconds" as const, seconds: 3600 };
    await begin({ split });
    const another = { stream: RX, name: "take", hash: false };
    for (const more of [{}, { split }]) {
      const refused = await refusal(request("recording.start", { ...another, ...more }));
      expect(refused).toMatchObject({ code: "EEXIST", field: "name" });
    }
    expect(await refusal(request("recording.start", { ...another, resume: true }))).toMatchObject({
      code: "BUSY_RECORDING",
    });
    await bench.next("recording", ({ status }) => status.scans > 0);
    await request("recording.stop", { stream: ADC });
    await sound("take");
  });

  it("makes no more parts while too many wait for their end: the last one grows", async () => {
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const { finish } = ActiveRecording.prototype;
    vi.spyOn(ActiveRecording.prototype, "finish").mockImplementation(async function (
      this: ActiveRecording,
      cause,
    ) {
      await gate;
      return finish.call(this, cause);
    });
    await begin({ split: { kind: "bytes", bytes: 40_000 } });
    // Of what has not ended only the part that is written counts.
    const grown = bench.next(
      "recording",
      ({ status: { parts, bytes } }) => parts!.number >= 17 && bytes > 4_000_000,
    );
    const { status } = await grown.finally(goOn);
    expect(status.parts!.number).toBe(17);
    await partBegan(18);
    expect((await request("recording.stop", { stream: ADC })).error).toBe(null);
    await sound("take");
  });

  it("ends although the part that lay ready can't be taken away, and says so", async () => {
    const { stop } = FakeRecording.prototype;
    vi.spyOn(FakeRecording.prototype, "stop").mockImplementation(async function (
      this: FakeRecording,
    ) {
      if (this.status().state === "withdrawn") throw new Error("Too much waits for the disk.");
      return stop.call(this);
    });
    await begin({ split: { kind: "seconds", seconds: 3600 } });
    await vi.waitUntil(() => existsSync(file(`${part(2)}.iio-journal`)), { timeout: 20_000 });
    const told = bench.next("notice", ({ title }) => title.includes("next part"));
    const result = await request("recording.stop", { stream: ADC });
    expect(result.error).toBe(null);
    expect((await told).error.message).toBe("Too much waits for the disk.");
    await sound("take");
  });

  it("takes the device's other files along, a part each", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await request("recording.start", {
      ...{ stream: IMU, name: "imu", hash: false },
      split: { kind: "seconds", seconds: 0.5 },
    });
    await partBegan(2);
    await request("recording.stop", { stream: IMU });
    await sound("imu");
    expect(collection("imu")["iio:parts"]).toBe(true);
  });

  describe("as a ring", () => {
    const ring = ringOf(0.5, 0.1);

    it("holds the last of it, and deletes what lies further back a part at a time", async () => {
      await begin(ring);
      await partBegan(12);
      const result = await request("recording.stop", { stream: ADC });
      expect(result.samples).toBeGreaterThanOrEqual(500_000);
      expect(result.parts!.length).toBeLessThan(12);
      expect(dataNames()).toEqual(result.parts);
      expect(dataNames()).not.toContain(part(1));
      await sound("take");
    });

    it("says what goes to the disk, over parts that are too short to be measured", async () => {
      await begin(ring);
      await partBegan(12);
      const told = bench.next("recording", ({ status }) => status.bytesPerSecond > 0);
      expect((await told).status.secondsLeft).toBe(null);
      await request("recording.stop", { stream: ADC });
    });

    it("keeps a span while it goes on", async () => {
      await begin(ring);
      await partBegan(4);
      const { parts } = await request("recording.ringKeep", { name: "take", seconds: 0.15 });
      // The newest of them was recorded when it was asked; another may have begun before the answer.
      const newest = parts!.number;
      // Two at the pace asked for; on a machine that is busy a part may last longer than the span.
      expect(parts!.kept).toBeGreaterThanOrEqual(1);
      await partBegan(parts!.number + 14);
      const result = await request("recording.stop", { stream: ADC });
      expect(dataNames()).not.toContain(part(1));
      expect(dataNames()).toEqual(result.parts);
      const kept = collection("take")["iio:kept"] as string[];
      expect(kept).toHaveLength(parts!.kept);
      expect([part(newest), part(newest - 1)]).toContain([...kept].sort().at(-1));
      for (const name of kept) expect(dataNames()).toContain(name);
      await sound("take");
    });

    it("is refused where it is larger than the disk, and what is no ring keeps nothing", async () => {
      bench.addon.disk.freeBytes = 1e9;
      const refused = await refusal(begin({ ring: { kind: "bytes", bytes: 2e9 } }));
      expect(refused).toMatchObject({ code: "ENOSPC", field: "ring" });
      expect(dataNames()).toEqual([]);
      const none = request("recording.ringKeep", { name: "none", seconds: 1 });
      expect(await refusal(none)).toMatchObject({ code: "NOT_FOUND", field: "name" });
    });
  });
});
