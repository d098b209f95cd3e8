import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startDataJob, type DataPiece } from "../../electron/host/recordings/data-worker.js";
import { layoutFingerprint, readSideIndex } from "../../electron/host/recordings/side-index.js";
import { crc32c, crc32cJoin } from "../../shared/crc32c.js";
import type { NumericLayout } from "../../shared/layout.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "iio-index-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const layout: NumericLayout = {
  scanBytes: 2,
  timestamp: -1,
  elements: [
    { offsetBytes: 0, storageBits: 16, bits: 16, shift: 0, repeat: 1, kind: "s", bigEndian: false },
  ],
};

const noise = (bytes: number): Uint8Array => {
  const data = new Uint8Array(bytes);
  for (let at = 0, seed = 1; at < bytes; at++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    data[at] = seed >>> 24;
  }
  return data;
};

/** By docs/index.md: two strips of 100 scans with a coarse part of one record each, and their directory. */
function indexFile(): Buffer {
  const header = Buffer.alloc(64);
  header.write("IIOINDX1", "latin1");
  for (const [at, value] of [
    [8, 1],
    [12, 2],
    [24, 256],
    [28, 16],
    [32, 4_194_304],
    [36, 8],
    [44, 2],
  ] as const)
    header.writeUInt32LE(value, at);
  header.writeBigUInt64LE(layoutFingerprint(layout), 16);
  header.writeUInt32LE(crc32c(header.subarray(0, 56)), 56);
  const entries = [0, 1].map((strip) => {
    const entry = Buffer.alloc(56);
    entry.writeUInt32LE(1, 0);
    entry.writeUInt32LE(100, 4);
    entry.writeBigInt64LE(BigInt(strip * 100), 8);
    entry.writeBigUInt64LE(56n, 16);
    entry.writeUInt32LE(1000 + strip, 24);
    entry.writeUInt32LE(crc32c(entry.subarray(48)), 28);
    entry.writeUInt32LE(crc32c(entry.subarray(0, 40)), 40);
    return entry;
  });
  const directory = Buffer.alloc(24 + 112 + 8);
  directory.writeUInt32LE(2, 0);
  directory.writeUInt32LE(2, 4);
  directory.writeBigUInt64LE(BigInt(directory.length), 16);
  Buffer.concat(entries).copy(directory, 24);
  return Buffer.concat([header, ...entries, directory]);
}

const read = async (bytes: Buffer, of: NumericLayout | null = layout) => {
  const path = join(folder, "a.iio-index");
  writeFileSync(path, bytes);
  return (await readSideIndex(path, of))!;
};

describe("a side index", () => {
  it("tells the CRC32C of each strip", async () => {
    expect(await read(indexFile())).toEqual({
      strips: [
        { sample: 0, scans: 100, crc32c: 1000 },
        { sample: 100, scans: 100, crc32c: 1001 },
      ],
      fault: null,
    });
    expect(await readSideIndex(join(folder, "none"), layout)).toBeNull();
  });

  it("serves up to its last whole entry", async () => {
    const whole = indexFile();
    for (const [bytes, strips] of [
      [64, 0],
      [100, 0],
      [120, 1],
      [175, 1],
      [176, 2],
      [whole.length - 1, 2],
    ] as const) {
      const index = await read(whole.subarray(0, bytes));
      expect([bytes, index.strips.length, index.fault]).toEqual([bytes, strips, null]);
    }
  });

  it("says why it does not serve", async () => {
    const damaged = (at: number) => {
      const bytes = indexFile();
      bytes[at]! ^= 4;
      return bytes;
    };
    expect((await read(damaged(1))).fault).toBe("it is no side index");
    expect((await read(indexFile().subarray(0, 20))).fault).toBe("it is no side index");
    expect((await read(damaged(8))).fault).toBe("it is of another version");
    expect((await read(damaged(33))).fault).toBe("it is damaged");
    const other = { ...layout, elements: [{ ...layout.elements[0]!, kind: "u" as const }] };
    expect((await read(indexFile(), other)).fault).toBe("it belongs to data of another layout");
    expect((await read(indexFile(), null)).fault).toBeNull();
    const second = await read(damaged(120 + 9));
    expect(second).toMatchObject({ strips: [{ sample: 0 }], fault: "it is damaged at byte 120" });
  });
});

describe("a side index that leads nowhere", () => {
  it("is read to its end all the same", async () => {
    const bytes = indexFile();
    const entry = bytes.subarray(64, 64 + 48);
    entry.writeUInt32LE(0, 4);
    entry.writeBigUInt64LE(0n, 16);
    entry.writeUInt32LE(crc32c(entry.subarray(0, 40)), 40);
    expect(await read(bytes)).toEqual({ strips: [], fault: "it is damaged at byte 64" });
  });
});

describe("the CRC32C of data", () => {
  it("joins from those of their parts", () => {
    const data = noise(5000);
    for (const cut of [0, 1, 7, 256, 4096, 5000]) {
      const [a, b] = [data.subarray(0, cut), data.subarray(cut)];
      expect(crc32cJoin(crc32c(a), crc32c(b), b.length)).toBe(crc32c(data));
    }
  });

  it("is compared by two lists of runs in one pass, each run by itself", async () => {
    const data = noise(9_000_001); // more than two pieces that are read at a time
    const path = join(folder, "data");
    writeFileSync(path, data);
    const cut = (ends: number[], from: number): DataPiece[] =>
      ends.map((end, index) => {
        const at = index === 0 ? from : ends[index - 1]!;
        return { at, bytes: end - at, crc: crc32c(data.subarray(at, end)) };
      });
    const job = () => ({
      path,
      hash: false,
      segments: cut([1, 1000, 4_194_304, 4_194_305, 6_000_000, 8_999_999], 0),
      strips: cut([7, 1000, 3_000_000, 5_000_000, 9_000_001], 3),
    });
    const wrongOf = async (change: (of: ReturnType<typeof job>) => void) => {
      const changed = job();
      change(changed);
      const { wrongSegments, wrongStrips } = await startDataJob(changed, () => {}).result;
      return { wrongSegments, wrongStrips };
    };
    expect(await wrongOf(() => {})).toEqual({ wrongSegments: [], wrongStrips: [] });
    expect(
      await wrongOf(({ segments, strips }) => {
        segments[2]!.crc ^= 1;
        strips[4]!.crc ^= 1;
      }),
    ).toEqual({ wrongSegments: [2], wrongStrips: [4] });
    // What the file is too short for is wrong; what has no bytes never is.
    expect(
      await wrongOf(({ segments, strips }) => {
        segments.push({ at: 9_000_000, bytes: 2, crc: 0 });
        strips.unshift({ at: 3, bytes: 0, crc: 5 });
      }),
    ).toEqual({ wrongSegments: [6], wrongStrips: [] });
  });

  it("finds the bytes that changed", async () => {
    const data = noise(3000);
    const path = join(folder, "data");
    const runs = (bytes: number): DataPiece[] =>
      Array.from({ length: 3000 / bytes }, (_, n) => {
        const at = n * bytes;
        return { at, bytes, crc: crc32c(data.subarray(at, at + bytes)) };
      });
    const job = { path, hash: false, segments: runs(100), strips: runs(600) };
    const changed = data.slice();
    changed[1250]! ^= 1;
    writeFileSync(path, changed);
    expect(await startDataJob(job, () => {}).result).toEqual({
      sha512: null,
      wrongSegments: [12],
      wrongStrips: [2],
    });
  });
});
