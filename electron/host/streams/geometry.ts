/**
 * From settings to blocks. Pure: what the rate, the scan and the memory mean for block size, count and queue, every
 * rounding said in a sentence.
 */
import { fail } from "../../../shared/errors.js";
import type { TransportKind } from "../../../shared/device.js";
import { MOST_BLOCKS, type BlockGeometry, type StreamSettings } from "../../../shared/stream.js";
import { formatCount, formatMemory } from "../../../shared/figures.js";
import { spareBlocks } from "../../../shared/history-room.js";
import { blockBytes, isShort, positiveOrNull, smallestBlockSeconds } from "./block-size.js";

const PAGE = 4096;
const MIB = 1024 * 1024;
const QUEUE_SECONDS = 0.2;
/** A DMABUF block lasting longer makes `auto` take read(). */
const SLOWEST_DMABUF_SECONDS = 0.25;
/** Unasked, what just happened can be kept for so long, where the budget below holds it. */
const HISTORY_SECONDS = 10;
const DEFAULT_COUNT = 64;
/** Unasked, no more: the kernel looks through its list of attached blocks at each ENQUEUE. */
const DEFAULT_COUNT_MOST = 1024;
/** Blocks of a slow stream take a page each: more of them give a history worth the name. */
const DEFAULT_COUNT_SHORT = 512;
const LEAST_QUEUE = 4;
/** Unasked, the history takes no more; the queue may. */
const DEFAULT_BUDGET = 256 * MIB;
/** Without a budget of the user's, the pool takes no more than this part of what is available. */
const DEFAULT_SHARE = 0.25;
const LARGEST_SHARE = 0.5;

export interface GeometryInput {
  scanBytes: number;
  /** null: not known. */
  rateHz: number | null;
  lengthAlignBytes: number;
  largestBlockBytes: number | null;
  transport: TransportKind;
  settings: Pick<
    StreamSettings,
    "blockCount" | "blockSize" | "queueDepth" | "memoryBudgetBytes" | "rateMax"
  >;
  /** Memory that could be had now; what this stream's own pool takes counts as available. */
  availableBytes: number;
  /** The history holds at least so many scans, if memory allows (an acquisition longer than the pool). */
  historyScans?: number;
  /** The default stays within so many blocks (each has its files open); not set: files don't limit them. */
  blocksByFiles?: number;
}

/** Whether `auto` prefers read(): the smallest DMABUF block (4 KiB) would last over 250 ms. */
export function prefersRead(scanBytes: number, rateHz: number | null): boolean {
  const seconds = smallestBlockSeconds(scanBytes, rateHz);
  return seconds !== null && seconds > SLOWEST_DMABUF_SECONDS;
}

/** Throws BAD_REQUEST or BUDGET, with the field that can't be. */
export function blockGeometry(input: GeometryInput): BlockGeometry {
  const { scanBytes, settings } = input;
  if (scanBytes <= 0) {
    throw fail("BAD_REQUEST", "No channel is enabled. Enable at least one.", { field: "channels" });
  }
  const notes: string[] = [];
  const { payloadBytes, askedBytes } = blockBytes(input, notes);
  const allocatedBytes = Math.ceil(payloadBytes / PAGE) * PAGE;
  const scansPerBlock = payloadBytes / scanBytes;
  const rateHz = settings.rateMax ? null : positiveOrNull(input.rateHz);
  const secondsPerBlock = rateHz === null ? null : scansPerBlock / rateHz;
  const { blockCount, queueDepth } = blockNumbers(
    { ...input, allocatedBytes, scansPerBlock, secondsPerBlock },
    notes,
  );
  const times = (blocks: number): number | null =>
    secondsPerBlock === null ? null : secondsPerBlock * blocks;
  return {
    blockCount,
    queueDepth,
    scanBytes,
    scansPerBlock,
    payloadBytes,
    allocatedBytes,
    askedBytes,
    secondsPerBlock,
    reserveSeconds: times(queueDepth),
    historySeconds: times(blockCount - queueDepth),
    poolBytes: blockCount * allocatedBytes,
    notes,
  };
}

interface NumbersInput extends GeometryInput {
  allocatedBytes: number;
  scansPerBlock: number;
  secondsPerBlock: number | null;
}

function blockNumbers(
  input: NumbersInput,
  notes: string[],
): { blockCount: number; queueDepth: number } {
  const { settings, secondsPerBlock } = input;
  const wanted = settings.queueDepth ?? defaultQueue(secondsPerBlock);
  if (settings.blockCount !== null && settings.blockCount > MOST_BLOCKS) {
    throw fail(
      "BAD_REQUEST",
      `A stream has at most ${formatCount(MOST_BLOCKS)} blocks. Take fewer, and larger ones for a longer history.`,
      { field: "blockCount" },
    );
  }
  const blockCount = settings.blockCount ?? defaultCount(input, wanted, notes);
  checkMemory(input, blockCount);
  if (settings.queueDepth !== null) {
    if (settings.queueDepth >= blockCount) {
      throw fail(
        "BAD_REQUEST",
        `Of ${formatCount(blockCount)} blocks at most ${formatCount(blockCount - 1)} can be queued. Ask for fewer, or for more blocks.`,
        { field: "queueDepth" },
      );
    }
    return { blockCount, queueDepth: settings.queueDepth };
  }
  const queueDepth = Math.max(
    1,
    Math.min(wanted, blockCount - Math.max(1, Math.floor(blockCount / 4))),
  );
  if (queueDepth < wanted && secondsPerBlock !== null) {
    const ms = Math.round(queueDepth * secondsPerBlock * 1000);
    if (ms < QUEUE_SECONDS * 1000) {
      notes.push(
        `The reserve is ${formatCount(ms)} ms, below the usual 200 ms. More or larger blocks ride out longer pauses.`,
      );
    }
  }
  return { blockCount, queueDepth };
}

function defaultQueue(secondsPerBlock: number | null): number {
  if (secondsPerBlock === null) return 16;
  const least = Math.ceil(QUEUE_SECONDS / secondsPerBlock);
  return Math.max(LEAST_QUEUE, Math.ceil(least / 4) * 4);
}

function defaultCount(input: NumbersInput, queueDepth: number, notes: string[]): number {
  const { settings, allocatedBytes, scanBytes, scansPerBlock, availableBytes } = input;
  const room = Math.max(DEFAULT_BUDGET, Math.ceil((queueDepth * 4) / 3) * allocatedBytes);
  const budget = settings.memoryBudgetBytes ?? Math.min(room, availableBytes * DEFAULT_SHARE);
  const affordable = Math.min(MOST_BLOCKS, Math.floor(budget / allocatedBytes));
  if (affordable < 2) {
    throw fail(
      "BUDGET",
      `The budget of ${formatMemory(budget)} holds no two blocks of ${formatMemory(allocatedBytes)}. Raise it, or take smaller blocks.`,
      { field: "memoryBudgetBytes" },
    );
  }
  const short = !settings.rateMax && isShort(scanBytes, positiveOrNull(input.rateHz));
  const usual = Math.max(short ? DEFAULT_COUNT_SHORT : DEFAULT_COUNT, queueDepth * 2);
  const wanted = Math.max(usual, historyCount(input, queueDepth));
  let count = settings.memoryBudgetBytes === null ? Math.min(wanted, affordable) : affordable;
  if (count < usual && settings.memoryBudgetBytes === null) {
    notes.push(
      `${formatCount(count)} blocks instead of ${formatCount(usual)}: no more than ${formatMemory(budget)} is taken unasked.`,
    );
  }
  if (input.historyScans !== undefined) {
    const needed = Math.ceil(input.historyScans / scansPerBlock) + spareBlocks(input) + queueDepth;
    if (needed > count) {
      count = needed;
      notes.push(
        `${formatCount(count)} blocks, so that the pool holds ${formatCount(Math.ceil(input.historyScans))} scans at once.`,
      );
    }
  }
  return count;
}

/** Blocks of a history of HISTORY_SECONDS, as far as it costs little. */
function historyCount(
  { secondsPerBlock, blocksByFiles }: NumbersInput,
  queueDepth: number,
): number {
  if (secondsPerBlock === null) return 0;
  const blocks = Math.ceil(HISTORY_SECONDS / secondsPerBlock) + queueDepth;
  return Math.min(blocks, DEFAULT_COUNT_MOST, blocksByFiles ?? Infinity);
}

function checkMemory(
  { settings, allocatedBytes, availableBytes, historyScans }: NumbersInput,
  blockCount: number,
): void {
  const poolBytes = blockCount * allocatedBytes;
  const field = settings.blockCount !== null ? "blockCount" : "memoryBudgetBytes";
  const pool = `${formatCount(blockCount)} blocks of ${formatMemory(allocatedBytes)}`;
  const { memoryBudgetBytes } = settings;
  if (settings.blockCount !== null && memoryBudgetBytes !== null && poolBytes > memoryBudgetBytes) {
    throw fail(
      "BUDGET",
      `${pool} take ${formatMemory(poolBytes)}, above the budget of ${formatMemory(memoryBudgetBytes)}. Raise it, or take fewer or smaller blocks.`,
      { field: "blockCount" },
    );
  }
  const limit = availableBytes * LARGEST_SHARE;
  const budget =
    settings.blockCount === null && historyScans === undefined ? (memoryBudgetBytes ?? 0) : 0;
  if (Math.max(poolBytes, budget) > limit) {
    throw fail(
      "BUDGET",
      `${budget > limit ? `A budget of ${formatMemory(budget)}` : `${pool}: ${formatMemory(poolBytes)}`} is more than half of the ${formatMemory(availableBytes)} of memory available. Ask for less.`,
      { field },
    );
  }
}
