/** Rows of the buffer's table: blocks, time and memory of one block, the reserve, the history and the pool. */
import { memoryFigure, siFigure, type Figure } from "../../shared/figures.js";
import type { BlockGeometry } from "../../shared/stream.js";

export interface BufferRow {
  name: string;
  blocks: number;
  time: Figure;
  memory: Figure;
}

export function bufferRows(geometry: BlockGeometry, reading: boolean): BufferRow[] {
  const { blockCount, queueDepth, payloadBytes, poolBytes, secondsPerBlock } = geometry;
  const history = Math.max(0, blockCount - queueDepth);
  const row = (name: string, blocks: number, bytes = blocks * payloadBytes): BufferRow => ({
    name,
    blocks,
    time: siFigure(secondsPerBlock === null ? null : secondsPerBlock * blocks, "s", 3, {
      keepZeros: true,
    }),
    memory: memoryFigure(bytes, 3),
  });
  return [
    row("One block", 1),
    row(reading ? "In the kernel (kfifo)" : "Reserve, queued", queueDepth),
    row("History", history),
    row("Pool", blockCount, poolBytes),
  ];
}
