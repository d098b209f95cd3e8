/** How much room a history needs for what is recorded out of it. */
import { expect, it } from "vitest";
import { roomFor } from "../../renderer/lib/history.js";
import { blocksToHold, keepableSeconds, spareBlocks } from "../../shared/history-room.js";
import type { StreamInfo } from "../../shared/stream.js";

const pool = (secondsPerBlock: number | null, blockCount: number, queueDepth: number) => ({
  secondsPerBlock,
  blockCount,
  queueDepth,
});
/** Blocks that a recording may lease at once (`Engine::mostAtOnce`). */
const leased = (history: number, queueDepth: number) =>
  history - Math.min(queueDepth, Math.max(1, Math.floor(history / 4)), history - 1);

it("leaves the time in which files are made, whatever a block lasts", () => {
  for (const secondsPerBlock of [0.0005, 0.001, 0.016384, 0.2, 3]) {
    expect(spareBlocks({ secondsPerBlock }) * secondsPerBlock).toBeGreaterThanOrEqual(0.2);
    const blocks = blocksToHold(2, pool(secondsPerBlock, 0, 16))! - 16;
    // A recording that gets its blocks 0.2 s late may still lease all of them.
    const late = Math.ceil(2 / secondsPerBlock) + 1 + Math.ceil(0.2 / secondsPerBlock);
    expect(leased(blocks, 16)).toBeGreaterThanOrEqual(late);
  }
});

it("makes room too where the history just equals what is asked", () => {
  const geometry = { ...pool(0.016384, 64, 16), historySeconds: 48 * 0.016384, allocatedBytes: 1 };
  const room = roomFor({ geometry } as StreamInfo, 48 * 0.016384);
  expect(room!.blockCount).toBeGreaterThan(64 + 12);
  const roomy = { geometry: { ...geometry, blockCount: room!.blockCount } } as StreamInfo;
  expect(roomFor(roomy, 48 * 0.016384)).toBe(null);
});

it("keeps no more of a stream that runs than a recording may take of its history", () => {
  expect(keepableSeconds(pool(0.016384, 64, 16))! / 0.016384).toBe(34);
  const blockCount = blocksToHold(5, pool(0.016384, 64, 16))!;
  expect(keepableSeconds(pool(0.016384, blockCount, 16))).toBeGreaterThanOrEqual(5);
  expect(keepableSeconds(pool(null, 64, 16))).toBe(null);
});
