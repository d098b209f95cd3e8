/** How large a block is: from the rate, or as the user asked, in whole scans and pages. Pure. */
import { fail } from "../../../shared/errors.js";
import { formatCount, formatMemory } from "../../../shared/figures.js";
import type { BlockSizeSetting } from "../../../shared/stream.js";
import type { GeometryInput } from "./geometry.js";

const MIB = 1024 * 1024;
/** What direct writes ask of a block's length. */
const DIRECT = 4096;
const SMALLEST_DEFAULT = 4096;
const LARGEST_DEFAULT = 4 * MIB;
/** Above, byte counts of a block would not fit the kernel's 32 bits in all places. */
const LARGEST_BLOCK = 1024 * MIB;
const TARGET_SECONDS = 0.02;
/** Blocks of slow streams: a sample is on the screen within 100 ms of its arrival. */
const SHORT_SECONDS = 0.05;
/** Size where nothing is known of the rate. */
const UNKNOWN_RATE_BYTES = 16 * 1024;
/** Size where samples come as fast as blocks come free. */
const MAX_RATE_BYTES = MIB;
/** Whole pages are given up where they would make a default block so many times longer, */
const LARGEST_STRETCH = 4;
/** or any block longer than this. */
const LARGEST_UNIT = 256 * 1024;

/** How long the smallest DMABUF block lasts; null if the rate is not known. */
export function smallestBlockSeconds(scanBytes: number, rateHz: number | null): number | null {
  return rateHz === null || rateHz <= 0 ? null : SMALLEST_DEFAULT / (scanBytes * rateHz);
}

/** Payload of a full block: a multiple of the scan, of what the device asks, and of a page where that is sensible. */
export function blockBytes(
  input: GeometryInput,
  notes: string[],
): { payloadBytes: number; askedBytes: number } {
  const least = lcm(input.scanBytes, Math.max(1, input.lengthAlignBytes));
  const asked = askedBlockBytes(input, least);
  const { bytes, byUser } = asked;
  checkLargest(input, bytes, byUser);

  const unit = unitOf(input, least, asked);
  const units = unit === least ? Math.floor(bytes / unit) : Math.round(bytes / unit);
  const cap = largestBlock(input);
  let payloadBytes = Math.max(1, units) * unit;
  if (payloadBytes > cap) payloadBytes = Math.max(least, Math.floor(cap / unit) * unit);
  if (byUser) noteRounding(input, asked, payloadBytes, unit, notes);
  if (byUser && payloadBytes % DIRECT !== 0 && payloadBytes > DIRECT) {
    notes.push(
      `A block of ${formatCount(payloadBytes)} bytes is no multiple of 4,096, so a recording gathers it: one copy a byte.`,
    );
  }
  return { payloadBytes, askedBytes: bytes };
}

/** Whole pages can be written to disk directly; they are given up where blocks would grow out of proportion. */
function unitOf(
  { scanBytes, rateHz, settings }: GeometryInput,
  least: number,
  { bytes, byUser }: { bytes: number; byUser: boolean },
): number {
  const paged = lcm(least, DIRECT);
  if (paged > LARGEST_UNIT) return least;
  if (byUser) return bytes >= paged ? paged : least;
  const short = !settings.rateMax && isShort(scanBytes, positiveOrNull(rateHz));
  if (short) return bytes % paged === 0 ? paged : least;
  return paged <= bytes * LARGEST_STRETCH ? paged : least;
}

function askedBlockBytes(
  { scanBytes, rateHz, settings }: GeometryInput,
  least: number,
): { bytes: number; byUser: boolean } {
  const size: BlockSizeSetting = settings.blockSize;
  switch (size.kind) {
    case "bytes":
      return { bytes: size.bytes, byUser: true };
    case "scans":
      return { bytes: size.scans * scanBytes, byUser: true };
    case "seconds": {
      const rate = settings.rateMax ? null : positiveOrNull(rateHz);
      if (rate === null) {
        throw fail(
          "BAD_REQUEST",
          "The sampling rate is not known, so a block can't be set in seconds. Set it in bytes or scans.",
          { field: "blockSize" },
        );
      }
      return { bytes: Math.max(1, size.seconds * rate) * scanBytes, byUser: true };
    }
    case "auto":
      return { bytes: Math.max(least, defaultBytes(scanBytes, rateHz, settings)), byUser: false };
  }
}

function defaultBytes(
  scanBytes: number,
  rateHz: number | null,
  settings: GeometryInput["settings"],
): number {
  if (settings.rateMax) return MAX_RATE_BYTES;
  const rate = positiveOrNull(rateHz);
  if (rate === null) return UNKNOWN_RATE_BYTES;
  if (isShort(scanBytes, rate)) {
    return Math.max(1, nearestPowerOfTwo(rate * SHORT_SECONDS)) * scanBytes;
  }
  const bytes = nearestPowerOfTwo(rate * scanBytes * TARGET_SECONDS);
  return Math.min(LARGEST_DEFAULT, Math.max(SMALLEST_DEFAULT, bytes));
}

/** Where a page of samples would take too long to be on the screen in time. */
export function isShort(scanBytes: number, rateHz: number | null): boolean {
  const seconds = smallestBlockSeconds(scanBytes, rateHz);
  return seconds !== null && seconds > SHORT_SECONDS;
}

function largestBlock({ largestBlockBytes }: GeometryInput): number {
  return Math.min(LARGEST_BLOCK, largestBlockBytes ?? LARGEST_BLOCK);
}

function checkLargest(input: GeometryInput, bytes: number, byUser: boolean): void {
  const largest = largestBlock(input);
  if (!byUser || bytes <= largest) return;
  const why =
    input.largestBlockBytes === largest ? "this memory gives" : "the kernel's 32-bit counts allow";
  throw fail(
    "BAD_REQUEST",
    `A block of ${formatMemory(bytes)} is more than the ${formatMemory(largest)} that ${why}. Ask for smaller blocks, and more of them.`,
    { field: "blockSize" },
  );
}

function noteRounding(
  { scanBytes, lengthAlignBytes, settings }: GeometryInput,
  { bytes }: { bytes: number },
  payloadBytes: number,
  unit: number,
  notes: string[],
): void {
  if (Math.round(bytes) === payloadBytes) return;
  const reasons = [`whole scans of ${scanBytes} bytes`];
  if (lengthAlignBytes > 1) reasons.push(`a multiple of ${lengthAlignBytes}, as the device asks`);
  if (unit % DIRECT === 0) reasons.push("whole pages of 4,096 bytes");
  const [from, to] =
    settings.blockSize.kind === "bytes"
      ? [`${formatCount(bytes)} bytes`, `${formatCount(payloadBytes)}`]
      : [
          `${formatCount(Math.round(bytes / scanBytes))} scans`,
          `${formatCount(payloadBytes / scanBytes)}`,
        ];
  notes.push(`${from} became ${to}: ${reasons.join(", ")}.`);
}

export function positiveOrNull(rateHz: number | null): number | null {
  return rateHz !== null && rateHz > 0 ? rateHz : null;
}

function nearestPowerOfTwo(value: number): number {
  return value <= 1 ? 1 : 2 ** Math.round(Math.log2(value));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function lcm(a: number, b: number): number {
  return (a / gcd(a, b)) * b;
}
