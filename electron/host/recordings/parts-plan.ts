/** How long the parts of a recording are, and how much a ring keeps: from what was asked, in scans. Pure. */
import { fail } from "../../../shared/errors.js";
import { formatBytes } from "../../../shared/figures.js";
import type { Amount } from "../../../shared/recording.js";

/** Parts of a ring whose length nobody said. */
const RING_PARTS = 10;
const FIRST_NUMBER_DIGITS = 4;

export interface PartsPlan {
  /** A part is full when it holds so many; null: it never is. */
  partScans: number | null;
  /** What lies further back is deleted, a part at a time; null: nothing is. */
  ringScans: number | null;
}

export interface PartsInput {
  split: Amount | undefined;
  ring: Amount | undefined;
  /** null: nobody knows how much comes in a second. */
  rateHz: number | null;
  /** In all files. */
  scanBytes: number;
  /** Without what a recording leaves free. */
  roomBytes: number;
}

/** null: one recording, whole. Throws BAD_REQUEST or ENOSPC with the field. */
export function planParts(input: PartsInput): PartsPlan | null {
  const { split, ring, scanBytes, roomBytes } = input;
  if (!split && !ring) return null;
  const ringScans = ring ? scansOf(ring, "ring", input) : null;
  const partScans = split
    ? scansOf(split, "split", input)
    : Math.max(1, Math.ceil((ringScans as number) / RING_PARTS));
  if (ringScans === null) return { partScans, ringScans };
  if (partScans * 2 > ringScans) {
    throw fail(
      "BAD_REQUEST",
      "A ring holds at least two parts. Take shorter parts, or a longer ring.",
      { field: "split" },
    );
  }
  // The part that is written, and the oldest, of which some is still wanted.
  const needed = (ringScans + 2 * partScans) * scanBytes;
  if (needed > roomBytes) {
    throw fail(
      "ENOSPC",
      `A ring of ${formatBytes(ringScans * scanBytes)} takes ${formatBytes(needed)} with the parts at its ends, and ${formatBytes(roomBytes)} can be had on this disk. Take a shorter ring, or another disk.`,
      { field: "ring", errno: 28 },
    );
  }
  return { partScans, ringScans };
}

function scansOf(amount: Amount, field: "split" | "ring", { rateHz, scanBytes }: PartsInput) {
  if (amount.kind === "bytes") {
    const scans = Math.floor(amount.bytes / scanBytes);
    if (scans > 0) return scans;
    throw fail("BAD_REQUEST", `A scan takes ${formatBytes(scanBytes)}. Ask for more than that.`, {
      field,
    });
  }
  if (rateHz !== null) return Math.max(1, Math.ceil(amount.seconds * rateHz));
  throw fail(
    "BAD_REQUEST",
    "How much comes in a second is not known for this stream. Give a size instead of a time.",
    { field },
  );
}

/** `take-part0001`. */
export function partName(recording: string, number: number): string {
  return `${recording}-part${String(number).padStart(FIRST_NUMBER_DIGITS, "0")}`;
}

export function partsKeepNames(name: string): Error {
  return fail(
    "BAD_REQUEST",
    `The parts of “${name}” name each other, so they keep their names. Give the next recording another.`,
    { field: "newName" },
  );
}
