/** How long a history reaches to what is recorded out of it, and how many blocks hold a time. Pure. */
import type { BlockGeometry } from "./stream.js";

/** Until what is asked of the past is held, at the worst: files are made meanwhile, and so long its start must stay. */
const SPARE_SECONDS = 0.2;
const LEAST_SPARE = 2;
/** Where no rate says how much comes in that time. */
const SPARE_UNPACED = 32;

type Paced = Pick<BlockGeometry, "secondsPerBlock">;
type Sized = Paced & Pick<BlockGeometry, "blockCount" | "queueDepth">;

/** Blocks that may be filled between the moment a span of the past is asked for and its being held. */
export function spareBlocks({ secondsPerBlock }: Paced): number {
  if (secondsPerBlock === null) return SPARE_UNPACED;
  return Math.max(LEAST_SPARE, Math.ceil(SPARE_SECONDS / secondsPerBlock));
}

/**
 * Blocks of a history of which the last `seconds` can be recorded whole while the stream runs: those that hold them, with
 * the one being filled; the spare; and as many as a recording leaves to the queue (`Engine::mostAtOnce`).
 */
function historyFor(seconds: number, secondsPerBlock: number, queueDepth: number): number {
  const holding = Math.ceil(seconds / secondsPerBlock) + 1;
  return holding + spareBlocks({ secondsPerBlock }) + queueDepth;
}

/** How many blocks a pool has from whose history the last `seconds` can be recorded; null: it does, or nobody can tell. */
export function blocksToHold(seconds: number, geometry: Sized): number | null {
  const { secondsPerBlock, blockCount, queueDepth } = geometry;
  if (!secondsPerBlock) return null;
  const history = historyFor(seconds, secondsPerBlock, queueDepth);
  return blockCount - queueDepth >= history ? null : history + queueDepth;
}

/** The longest time that can be recorded whole out of the history of a stream that runs; null: nobody can tell. */
export function keepableSeconds({ secondsPerBlock, blockCount, queueDepth }: Sized): number | null {
  if (!secondsPerBlock) return null;
  const history = blockCount - queueDepth;
  const left = Math.min(queueDepth, Math.max(1, Math.floor(history / 4)), history - 1);
  const whole = Math.min(history - left, history - spareBlocks({ secondsPerBlock })) - 1;
  return Math.max(1, whole) * secondsPerBlock;
}
