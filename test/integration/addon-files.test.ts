/** Files of scans, read by the built addon as streams are. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { NativeGap } from "../../native/addon.js";
import { JOURNAL_CAUSES } from "../../shared/journal.js";
import { addon, folder, folderForEach, until } from "./addon-bench.js";
import { captures, counterOptions, rawTrace } from "./addon-options.js";

folderForEach();

describe("a file of scans", () => {
  it("is read like a stream", async () => {
    const path = join(folder, "scans");
    const data = Buffer.alloc(100_000 * 8);
    for (let i = 0; i < 100_000; i++) data.writeUInt32LE(i * 3, i * 8);
    writeFileSync(path, data);
    const file = await addon.openFile({
      path,
      headerBytes: 0,
      layout: counterOptions().layout,
      rateHz: 1000,
      captures: captures(),
      firstTimeNs: -1n,
    });
    await until(() => file.status().summarised === 1);
    expect(file.status()).toMatchObject({ scans: 100_000, toScan: 100_000, error: null });
    const frame = await file.query({ traces: [rawTrace(0)], range: { kind: "all" }, columns: 64 });
    expect(frame.toScan).toBe(100_000);
    expect(frame.traces[0]?.y.at(-1)).toBe(299_997);
    const samples = await file.samples(0, 500, 3);
    expect(Array.from(samples.values as Uint32Array)).toEqual([1500, 1503, 1506]);
    await file.close();
    await file.close();
    await expect(file.samples(0, 0, 1)).rejects.toMatchObject({ code: "ECANCELED" });
  });

  it("takes a hundred thousand captures in a moment, and says what is wrong with one", async () => {
    const path = join(folder, "many");
    const count = 100_000;
    writeFileSync(path, Buffer.alloc(count * 8));
    const gap = { lost: 1, lostMin: 1, lostMax: 1, grade: "exact", cause: "counter" } as const;
    const every = Array.from({ length: count }, (_, n) => ({
      ...gap,
      scan: 2 * n,
      sample: n,
      timeNs: -1n,
    }));
    const many = captures(every);
    const options = {
      path,
      headerBytes: 0,
      layout: counterOptions().layout,
      rateHz: 1000,
      captures: many,
      firstTimeNs: -1n,
    };
    const file = await addon.openFile(options);
    expect(file.status().toScan).toBe(2 * count - 1);
    await file.close();
    many.cause[7] = 99;
    await expect(addon.openFile(options)).rejects.toMatchObject({
      field: "options.captures.cause",
    });
    many.cause[7] = 0;
    many.lost[9] = 0.5;
    await expect(addon.openFile(options)).rejects.toThrow(/captures\.lost holds, at 9/);
    many.lost[9] = 1;
    many.sample[5] = 3;
    await expect(addon.openFile(options)).rejects.toThrow(/captures\.sample must be sorted/);
    const short = { ...many, grade: many.grade.subarray(1) };
    await expect(addon.openFile({ ...options, captures: short })).rejects.toThrow(/100000 items/);
    const plain = { ...many, scan: [] as unknown as Float64Array };
    await expect(addon.openFile({ ...options, captures: plain })).rejects.toThrow(/Float64Array/);
  });

  it("tells of its gaps what its metadata say, for every cause there is", async () => {
    const path = join(folder, "gaps");
    writeFileSync(path, Buffer.alloc(100 * (JOURNAL_CAUSES.length + 1) * 8));
    const lost = { lost: 0, lostMin: 0, lostMax: -1, grade: "unknown", timeNs: -1n } as const;
    const gaps = JOURNAL_CAUSES.map((cause, n) => ({
      ...lost,
      cause,
      scan: 100 * (n + 1),
      sample: 100 * (n + 1),
    }));
    const start = { ...lost, lostMax: 0, grade: "exact", cause: "overrun", scan: 0, sample: 0 };
    const file = await addon.openFile({
      path,
      headerBytes: 0,
      layout: counterOptions().layout,
      rateHz: 1000,
      captures: captures([start as NativeGap, ...gaps]),
      firstTimeNs: -1n,
    });
    await until(() => file.status().summarised === 1);
    const frame = await file.query({ traces: [rawTrace(0)], range: { kind: "all" }, columns: 64 });
    expect(frame.gaps.map(({ cause, sample }) => ({ cause, sample }))).toEqual(
      gaps.map(({ cause, sample }) => ({ cause, sample })),
    );
    await file.close();
  });
});
