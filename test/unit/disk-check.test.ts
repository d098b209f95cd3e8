/** What the disk takes, before a recording is started. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testDisk } from "../../electron/host/recordings/disk-test.js";
import { checkLine, checkWarning, type DiskCheck } from "../../shared/disk-check.js";
import { ADC, makeBench, refusal, type Bench } from "./fake/host.js";

const check: DiskCheck = {
  bytesPerSecond: 1.9e9,
  why: null,
  direct: true,
  freeBytes: 2.81e12,
  streamBytesPerSecond: 246e6,
  secondsUntilFull: 11_422,
};

describe("the verdict on a disk", () => {
  it("is one line", () => {
    expect(checkLine(check)).toBe(
      "Disk: takes 1.9 GB/s, 2.81 TB free, full in 3 h 10 min at 246 MB/s.",
    );
    const unknown = { ...check, streamBytesPerSecond: null, secondsUntilFull: null };
    expect(checkLine({ ...unknown, bytesPerSecond: null })).toBe("Disk: not tested, 2.81 TB free.");
    expect(
      checkLine({ ...check, bytesPerSecond: null, freeBytes: 62.9e6, secondsUntilFull: 0 }),
    ).toBe("Disk: not tested, 62.9 MB free, none of that for a recording.");
  });

  it("warns of one that is slower than the stream, or barely faster", () => {
    expect(checkWarning(check)).toBe(null);
    expect(checkWarning({ ...check, bytesPerSecond: 200e6 })).toContain("samples will be lost");
    expect(checkWarning({ ...check, bytesPerSecond: 250e6 })).toContain("barely more");
    expect(checkWarning({ ...check, bytesPerSecond: null })).toBe(null);
    expect(checkWarning({ ...check, streamBytesPerSecond: null })).toBe(null);
  });
});

describe("a test of the disk", () => {
  it.each([
    ["the disk", process.cwd()],
    ["memory", "/dev/shm"],
  ])("writes for a moment (%s) and leaves nothing", async (_, base) => {
    const folder = mkdtempSync(join(base, ".disk-test-"));
    try {
      const { bytesPerSecond } = await testDisk(folder, 64 * 1024 * 1024);
      expect(bytesPerSecond).toBeGreaterThan(1e5);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says what the file system says", async () => {
    const gone = join(tmpdir(), "not-there", "at-all");
    await expect(testDisk(gone, 1e8)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("the check of a stream's disk", () => {
  let bench: Bench;
  beforeEach(async () => (bench = await makeBench()));
  afterEach(() => bench.close());
  const ask = () => bench.client.request("recording.check", { stream: ADC });

  it("tells what the disk takes and how long it lasts at the stream's rate", async () => {
    bench.addon.disk.freeBytes = 1e9;
    const told = await ask();
    // Two channels of 16 bits at 1 MS/s; the floor at which recordings stop is left free.
    expect(told).toMatchObject({ freeBytes: 1e9, streamBytesPerSecond: 4e6, why: null });
    expect(told.bytesPerSecond).toBeGreaterThan(0);
    expect(told.secondsUntilFull).toBeCloseTo((1e9 - 64 * 1024 * 1024) / 4e6);
    expect(readdirSync(join(bench.folder, "recordings"))).toEqual([]);
    const patch = { rateMax: true };
    await bench.client.request("stream.configure", { stream: ADC, patch });
    expect(await ask()).toMatchObject({ streamBytesPerSecond: null, secondsUntilFull: null });
  });

  it("writes nothing while something is recorded, nor on a disk that is nearly full", async () => {
    bench.addon.disk.freeBytes = 80 * 1024 * 1024;
    expect(await ask()).toMatchObject({
      bytesPerSecond: null,
      why: expect.stringContaining("full"),
    });
    bench.addon.disk.freeBytes = 1e12;
    await bench.client.request("recording.start", { stream: ADC, name: "busy", hash: false });
    expect(await ask()).toMatchObject({
      bytesPerSecond: null,
      why: expect.stringContaining("disturb"),
    });
  });

  it("is refused for a stream that is none", async () => {
    const asked = bench.client.request("recording.check", { stream: "sim:none/buffer0" });
    expect((await refusal(asked)).code).toBe("NOT_FOUND");
  });
});
