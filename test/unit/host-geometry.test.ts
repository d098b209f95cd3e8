import { describe, expect, it } from "vitest";
import {
  blockGeometry,
  prefersRead,
  type GeometryInput,
} from "../../electron/host/streams/geometry.js";
import type { StudioFailure } from "../../shared/errors.js";

const GIB = 1024 ** 3;
type Settings = GeometryInput["settings"];

function input(more: Partial<GeometryInput> = {}, settings: Partial<Settings> = {}): GeometryInput {
  return {
    scanBytes: 4,
    rateHz: 1e6,
    lengthAlignBytes: 1,
    largestBlockBytes: null,
    transport: "simulator",
    availableBytes: 8 * GIB,
    ...more,
    settings: {
      blockCount: null,
      blockSize: { kind: "auto" },
      queueDepth: null,
      memoryBudgetBytes: null,
      rateMax: false,
      ...settings,
    },
  };
}

function refusal(work: () => unknown): { code: string; field?: string; message: string } {
  try {
    work();
  } catch (error) {
    return (error as StudioFailure).detail as { code: string; field?: string; message: string };
  }
  throw new Error("was not refused");
}

describe("default geometry", () => {
  it("gives about 20 ms a block, 200 ms of queue and a history at 1 MS/s", () => {
    const geometry = blockGeometry(input());
    expect(geometry).toMatchObject({
      payloadBytes: 65_536,
      allocatedBytes: 65_536,
      scansPerBlock: 16_384,
      blockCount: 627,
      queueDepth: 16,
      poolBytes: 627 * 65_536,
      notes: [],
    });
    expect(geometry.secondsPerBlock).toBeCloseTo(0.016384);
    expect(geometry.reserveSeconds).toBeCloseTo(0.262144);
    expect(geometry.historySeconds).toBeGreaterThanOrEqual(10);
  });

  it("keeps ten seconds unasked, within 256 MiB, 1,024 blocks and the files that may be open", () => {
    const unasked = (more: Partial<GeometryInput>) => blockGeometry(input(more));
    expect(unasked({ rateHz: 1e7 }).poolBytes).toBeLessThanOrEqual(256 * 1024 ** 2);
    expect(unasked({ rateHz: 1e7 }).historySeconds).toBeGreaterThan(6);
    expect(unasked({ rateHz: 1e8 })).toMatchObject({ blockCount: 64, notes: [] });
    const short = { rateHz: 1e6, scanBytes: 2 };
    const shortBlocks = blockGeometry(input(short, { blockSize: { kind: "bytes", bytes: 4096 } }));
    expect(shortBlocks.blockCount).toBe(1024);
    expect(unasked({ blocksByFiles: 200 }).blockCount).toBe(200);
    expect(unasked({ blocksByFiles: 20 }).blockCount).toBe(64);
    expect(unasked({ availableBytes: 64 * 1024 ** 2 }).poolBytes).toBeLessThanOrEqual(
      16 * 1024 ** 2,
    );
  });

  it("queues at least 200 ms and stays between 4 KiB and 4 MiB at every rate", () => {
    for (let rateHz = 100; rateHz <= 1e9; rateHz *= 1.7) {
      for (const scanBytes of [1, 2, 4, 6, 8, 10, 12, 16, 24, 26, 40]) {
        if (rateHz * scanBytes > 4e9) continue;
        const geometry = blockGeometry(input({ rateHz, scanBytes }));
        const label = `${rateHz} S/s of ${scanBytes} bytes`;
        expect(geometry.payloadBytes % scanBytes, label).toBe(0);
        expect(geometry.allocatedBytes % 4096, label).toBe(0);
        expect(geometry.allocatedBytes, label).toBeGreaterThanOrEqual(geometry.payloadBytes);
        expect(geometry.payloadBytes, label).toBeLessThanOrEqual(4.2 * 1024 * 1024);
        expect(geometry.reserveSeconds, label).toBeGreaterThanOrEqual(0.2);
        expect(geometry.queueDepth, label).toBeLessThan(geometry.blockCount);
        if (4096 / (scanBytes * rateHz) < 0.05) {
          expect(geometry.secondsPerBlock, label).toBeLessThan(0.25);
        }
      }
    }
  });

  it("makes blocks that can be written directly: 4,096 bytes, 12,288 for scans of 6", () => {
    expect(blockGeometry(input()).payloadBytes % 4096).toBe(0);
    const six = blockGeometry(input({ scanBytes: 6, rateHz: 1e5 }));
    expect(six.payloadBytes % 12_288).toBe(0);
    expect(blockGeometry(input({ scanBytes: 6, rateHz: 4e4 })).payloadBytes).toBe(12_288);
  });

  it("gives up whole pages where they would make blocks far longer than asked", () => {
    const odd = blockGeometry(input({ scanBytes: 26, rateHz: 4000 }));
    expect(odd.payloadBytes).toBeLessThanOrEqual(4096);
    expect(odd.payloadBytes % 26).toBe(0);
  });

  it("takes short blocks for a slow stream, so that a sample is seen within 100 ms", () => {
    const geometry = blockGeometry(input({ scanBytes: 24, rateHz: 125, transport: "read" }));
    expect(geometry).toMatchObject({ scansPerBlock: 8, payloadBytes: 192, allocatedBytes: 4096 });
    expect(geometry.secondsPerBlock).toBeCloseTo(0.064);
    expect(geometry.historySeconds).toBeGreaterThan(30);
    for (let rateHz = 10; rateHz < 2e4; rateHz *= 1.3) {
      expect(blockGeometry(input({ rateHz })).secondsPerBlock).toBeLessThanOrEqual(0.1);
    }
  });

  it("prefers read() where the smallest DMABUF block lasts over 250 ms", () => {
    expect(prefersRead(24, 125)).toBe(true);
    expect(prefersRead(4, 4096 / 4 / 0.249)).toBe(false);
    expect(prefersRead(4, 4096 / 4 / 0.251)).toBe(true);
    expect(prefersRead(4, null)).toBe(false);
  });

  it("says nothing of time where the rate is not known or the source waits for blocks", () => {
    const unknown = blockGeometry(input({ rateHz: null }));
    expect(unknown.secondsPerBlock).toBeNull();
    expect(unknown.reserveSeconds).toBeNull();
    expect(unknown.payloadBytes).toBe(16_384);
    const fastest = blockGeometry(input({}, { rateMax: true }));
    expect(fastest.secondsPerBlock).toBeNull();
    expect(fastest.payloadBytes).toBe(1024 * 1024);
  });

  it("takes at most a quarter of the memory available unasked, and says so", () => {
    const geometry = blockGeometry(input({ rateHz: 250e6, availableBytes: GIB / 4 }));
    expect(geometry.poolBytes).toBeLessThanOrEqual(GIB / 16);
    expect(geometry.notes.join()).toContain("is taken unasked");
  });
});

describe("block size as asked", () => {
  const asked = (blockSize: Settings["blockSize"], more: Partial<GeometryInput> = {}) =>
    blockGeometry(input(more, { blockSize }));

  it("keeps what fits, without a note", () => {
    expect(asked({ kind: "bytes", bytes: 1024 * 1024 })).toMatchObject({
      payloadBytes: 1024 * 1024,
      askedBytes: 1024 * 1024,
      notes: [],
    });
  });

  it("takes samples and time as well as bytes", () => {
    expect(asked({ kind: "scans", scans: 2048 }).payloadBytes).toBe(8192);
    expect(asked({ kind: "seconds", seconds: 0.008192 }).payloadBytes).toBe(32_768);
  });

  it("rounds to whole scans and pages, and says what became of it", () => {
    const geometry = asked({ kind: "bytes", bytes: 65_536 }, { scanBytes: 6 });
    expect(geometry.payloadBytes).toBe(61_440);
    expect(geometry.notes).toEqual([
      "65,536 bytes became 61,440: whole scans of 6 bytes, whole pages of 4,096 bytes.",
    ]);
    expect(asked({ kind: "scans", scans: 10_000 }).notes[0]).toMatch(/^10,000 scans became 10,240/);
  });

  it("honours the device's own alignment", () => {
    const geometry = asked({ kind: "bytes", bytes: 1000 }, { lengthAlignBytes: 64 });
    expect(geometry.payloadBytes).toBe(960);
    expect(geometry.notes[0]).toContain("a multiple of 64, as the device asks");
  });

  it("allows blocks below a page, in whole scans", () => {
    expect(asked({ kind: "bytes", bytes: 100 }, { scanBytes: 6 }).payloadBytes).toBe(96);
    expect(asked({ kind: "bytes", bytes: 1 }, { scanBytes: 6 }).payloadBytes).toBe(6);
  });

  it("says when a recording will have to gather", () => {
    const geometry = asked({ kind: "bytes", bytes: 60_000 }, { scanBytes: 514 });
    expect(geometry.payloadBytes % 514).toBe(0);
    expect(geometry.notes.join()).toContain("gathers it");
  });

  it("refuses blocks larger than the memory gives, with the bound", () => {
    const refused = refusal(() =>
      asked({ kind: "bytes", bytes: 128 * 1024 ** 2 }, { largestBlockBytes: 64 * 1024 ** 2 }),
    );
    expect(refused).toMatchObject({ code: "BAD_REQUEST", field: "blockSize" });
    expect(refused.message).toContain("64 MiB");
    expect(refusal(() => asked({ kind: "bytes", bytes: 2 ** 31 })).field).toBe("blockSize");
  });

  it("refuses a time while the rate is not known", () => {
    expect(refusal(() => asked({ kind: "seconds", seconds: 1 }, { rateHz: null })).field).toBe(
      "blockSize",
    );
  });

  it("refuses a stream without channels", () => {
    expect(refusal(() => blockGeometry(input({ scanBytes: 0 }))).field).toBe("channels");
  });
});

describe("block count, queue and budget as asked", () => {
  it("keeps a small count, with the reserve that it allows and a note", () => {
    const geometry = blockGeometry(input({}, { blockCount: 4 }));
    expect(geometry).toMatchObject({ blockCount: 4, queueDepth: 3 });
    expect(geometry.notes[0]).toContain("below the usual 200 ms");
    expect(blockGeometry(input({}, { blockCount: 2 }))).toMatchObject({ queueDepth: 1 });
  });

  it("keeps the queue depth asked, below the count", () => {
    expect(blockGeometry(input({}, { queueDepth: 30 }))).toMatchObject({ queueDepth: 30 });
    expect(blockGeometry(input({}, { queueDepth: 100 }))).toMatchObject({
      queueDepth: 100,
      blockCount: 711,
    });
    expect(blockGeometry(input({ rateHz: null }, { queueDepth: 100 }))).toMatchObject({
      queueDepth: 100,
      blockCount: 200,
    });
    expect(refusal(() => blockGeometry(input({}, { blockCount: 100_000 })))).toMatchObject({
      field: "blockCount",
      code: "BAD_REQUEST",
    });
    expect(refusal(() => blockGeometry(input({}, { blockCount: 8, queueDepth: 8 })))).toMatchObject(
      { field: "queueDepth" },
    );
  });

  it("fills a budget with blocks", () => {
    const geometry = blockGeometry(input({}, { memoryBudgetBytes: GIB }));
    expect(geometry.blockCount).toBe(GIB / 65_536);
  });

  it("refuses more than half of the memory available, as count or as budget", () => {
    const small = { availableBytes: GIB };
    expect(
      refusal(() =>
        blockGeometry(
          input(small, { blockCount: 600, blockSize: { kind: "bytes", bytes: 1024 ** 2 } }),
        ),
      ),
    ).toMatchObject({ code: "BUDGET", field: "blockCount" });
    expect(
      refusal(() => blockGeometry(input(small, { memoryBudgetBytes: GIB * 0.6 }))),
    ).toMatchObject({ code: "BUDGET", field: "memoryBudgetBytes" });
  });

  it("refuses a count above the budget, and a budget that holds no two blocks", () => {
    expect(
      refusal(() => blockGeometry(input({}, { blockCount: 64, memoryBudgetBytes: 1024 ** 2 }))),
    ).toMatchObject({ code: "BUDGET", field: "blockCount" });
    expect(refusal(() => blockGeometry(input({}, { memoryBudgetBytes: 65_536 })))).toMatchObject({
      field: "memoryBudgetBytes",
    });
  });

  it("grows the pool for an acquisition longer than it, and says so", () => {
    const geometry = blockGeometry(input({ historyScans: 5e7 }));
    const history = (geometry.blockCount - geometry.queueDepth) * geometry.secondsPerBlock!;
    // … and does not let go of its start before anybody can hold it.
    expect(history).toBeGreaterThanOrEqual(
      5e7 * (geometry.secondsPerBlock! / geometry.scansPerBlock) + 0.2,
    );
    const unpaced = blockGeometry(input({ historyScans: 5e7, rateHz: null }));
    const blocks = unpaced.blockCount - unpaced.queueDepth;
    expect(blocks).toBeGreaterThanOrEqual(5e7 / unpaced.scansPerBlock + 32);
    expect(geometry.notes.join()).toContain("50,000,000 scans");
    expect(refusal(() => blockGeometry(input({ historyScans: 5e9 })))).toMatchObject({
      code: "BUDGET",
    });
  });
});
