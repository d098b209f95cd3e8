/** Rows of the buffer's table: blocks, time and memory of one block, the reserve, the history and the pool. */
import { formatFixed, memoryFigure, siFigure, type Figure } from "../../shared/figures.js";
import type { BlockGeometry } from "../../shared/stream.js";

export interface BufferRow {
  name: string;
  blocks: number;
  time: Figure;
  memory: Figure;
  tip?: string;
}

const MINUTE = 60;
const HOUR = 3600;

/** `4.27 ms`, `1.05 s`, `4.5 min`, `1.2 h`: one number, one unit. */
export function timeFigure(seconds: number | null): Figure {
  if (seconds === null || seconds < MINUTE) return siFigure(seconds, "s", 3, { keepZeros: true });
  return seconds < HOUR
    ? { text: formatFixed(seconds / MINUTE, 1), unit: "min" }
    : { text: formatFixed(seconds / HOUR, 1), unit: "h" };
}

export function bufferRows(geometry: BlockGeometry, reading: boolean): BufferRow[] {
  const { blockCount, queueDepth, payloadBytes, poolBytes, secondsPerBlock } = geometry;
  const history = Math.max(0, blockCount - queueDepth);
  const row = (name: string, blocks: number, bytes = blocks * payloadBytes): BufferRow => ({
    name,
    blocks,
    time: timeFigure(secondsPerBlock === null ? null : secondsPerBlock * blocks),
    memory: memoryFigure(bytes, 3),
  });
  return [
    row("One block", 1),
    {
      ...row(reading ? "In the kernel (kfifo)" : "Reserve, queued", queueDepth),
      tip: "The queue depth in blocks, and the reserve: how long this computer may pause before something is lost",
    },
    {
      ...row("History", history),
      tip: "The newest samples, kept in the blocks that are not queued",
    },
    row("Pool", blockCount, poolBytes),
  ];
}
