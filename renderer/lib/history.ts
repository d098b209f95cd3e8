/** What of a stream's past is there without a hole. Pure. */
import { blocksToHold } from "../../shared/history-room.js";
import type { BlockState, StreamCounters, StreamInfo } from "../../shared/stream.js";

/**
 * The scan from which every sample up to now is there. What is pinned stays when what came behind it has gone: then only
 * blocks that no pin holds surely reach up to now without a hole.
 */
export function unbrokenFrom(
  { historyFromScan, historyToScan }: StreamCounters,
  info: StreamInfo | undefined,
  blocks: Record<BlockState, number> | null,
): number {
  const scans = info?.geometry?.scansPerBlock;
  if (!blocks || scans === undefined || blocks.pinned === 0) return historyFromScan;
  return Math.max(historyFromScan, historyToScan - (blocks.history + blocks.held) * scans);
}

/** How many blocks hold the last `seconds`, and their bytes; null where they are held already, or nobody can tell. */
export function roomFor(
  info: StreamInfo | undefined,
  seconds: number,
): { blockCount: number; bytes: number } | null {
  const { geometry } = info ?? {};
  const blockCount = geometry ? blocksToHold(seconds, geometry) : null;
  return blockCount === null ? null : { blockCount, bytes: blockCount * geometry!.allocatedBytes };
}
