/** The strip of block states: which cells there are, what each shows, and the counts beside the legend. */
import { BLOCK_STATES, type BlockState } from "../../shared/stream.js";

export interface BlockStrip {
  cells: BlockState[];
  columns: number;
  /** Blocks one cell stands for; the last may stand for fewer. */
  blocksPerCell: number;
}

export const STRIP_COLUMNS = 32;
const STRIP_ROWS = 4;

/** Of the blocks behind one cell the one that matters most is shown. */
const WEIGHT: BlockState[] = ["failed", "active", "held", "pinned", "queued", "history", "idle"];

export function countStates(states: Uint8Array): Record<BlockState, number> {
  const counts = Object.fromEntries(BLOCK_STATES.map((state) => [state, 0])) as Record<
    BlockState,
    number
  >;
  for (const index of states) {
    const state = BLOCK_STATES[index];
    if (state) counts[state]++;
  }
  return counts;
}

/** Up to 32 × 4 cells; beyond, each cell stands for several neighbouring blocks. */
export function blockStrip(states: Uint8Array): BlockStrip {
  const most = STRIP_COLUMNS * STRIP_ROWS;
  const blocksPerCell = Math.max(1, Math.ceil(states.length / most));
  const cells: BlockState[] = [];
  for (let at = 0; at < states.length; at += blocksPerCell) {
    let best = WEIGHT.length - 1;
    for (const index of states.subarray(at, at + blocksPerCell)) {
      best = Math.min(best, WEIGHT.indexOf(BLOCK_STATES[index] ?? "idle"));
    }
    cells.push(WEIGHT[best]!);
  }
  return { cells, columns: STRIP_COLUMNS, blocksPerCell };
}

/** All idle: what stands there before a stream runs. */
export function emptyStates(blocks: number): Uint8Array {
  return new Uint8Array(blocks).fill(BLOCK_STATES.indexOf("idle"));
}
