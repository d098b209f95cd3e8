/**
 * From enabled elements to their places in a scan, as `iio_compute_scan_bytes()` of the kernel lays them out:
 *
 * - elements follow their `_index`, the timestamp comes last whatever its index;
 * - each is aligned to its own size, storagebits / 8 × repeat;
 * - the whole is padded to the largest alignment in it.
 *
 * Where a size is not a power of two (24-bit storage; three values repeated), this implements the rule of the 2026
 * kernels: the alignment, not the size, is rounded up to a power of two. Kernels before applied a mask that is only
 * right for powers of two, and no driver of theirs with a buffer has such an element. The timestamp stands at the next
 * multiple of 8 after the other elements, also behind an element larger than 8 bytes: again what the 2026 kernels do
 * everywhere, and what drivers that fill DMA buffers did before.
 */
import { fail } from "./errors.js";
import type { LayoutElement, ScanFormat, ScanLayout } from "./scan-format.js";

export interface LayoutInput {
  channel: string;
  index: number;
  format: ScanFormat;
}

/** One element for the core: only numbers. The same shape as the addon's. */
export interface NumericElement {
  offsetBytes: number;
  storageBits: number;
  bits: number;
  shift: number;
  repeat: number;
  kind: "s" | "u" | "f";
  bigEndian: boolean;
}

export interface NumericLayout {
  scanBytes: number;
  elements: NumericElement[];
  timestamp: number;
}

/** Bytes one element takes, all its repeats together. */
export function elementBytes(format: ScanFormat): number {
  return (format.storageBits / 8) * format.repeat;
}

export function elementAlignment(format: ScanFormat): number {
  let alignment = 1;
  while (alignment < elementBytes(format)) alignment *= 2;
  return alignment;
}

export function isTimestampChannel(channel: string): boolean {
  return channel === "timestamp";
}

/**
 * Places the enabled elements. Channels that share an index share one element: the kernel delivers it once.
 * An empty list gives a scan of 0 bytes.
 */
export function computeLayout(inputs: readonly LayoutInput[]): ScanLayout {
  const ordered = [...inputs].sort(
    (a, b) =>
      Number(isTimestampChannel(a.channel)) - Number(isTimestampChannel(b.channel)) ||
      a.index - b.index,
  );
  const elements: LayoutElement[] = [];
  let end = 0;
  let largest = 1;
  for (const input of ordered) {
    const last = elements.at(-1);
    const shared = last !== undefined && last.index === input.index && !isTimestamp(input);
    if (shared && elementBytes(last) !== elementBytes(input.format)) {
      throw fail(
        "BAD_FORMAT",
        `Channels ${last.channel} and ${input.channel} share scan index ${input.index} but differ in size. ` +
          "Leave one of them off.",
      );
    }
    const alignment = elementAlignment(input.format);
    const offsetBytes = shared ? last.offsetBytes : alignUp(end, alignment);
    elements.push({ ...input.format, channel: input.channel, index: input.index, offsetBytes });
    end = offsetBytes + elementBytes(input.format);
    largest = Math.max(largest, alignment);
  }
  return {
    scanBytes: alignUp(end, largest),
    elements,
    timestamp: elements.findIndex((element) => isTimestampElement(element)),
  };
}

/** The same in numbers only, for the core. */
export function toNumericLayout(layout: ScanLayout): NumericLayout {
  return {
    scanBytes: layout.scanBytes,
    timestamp: layout.timestamp,
    elements: layout.elements.map((element) => ({
      offsetBytes: element.offsetBytes,
      storageBits: element.storageBits,
      bits: element.bits,
      shift: element.shift,
      repeat: element.repeat,
      kind: element.kind,
      bigEndian: element.endianness === "be",
    })),
  };
}

/** Whether every byte of a scan belongs to exactly one element. */
export function isUnpadded(layout: ScanLayout): boolean {
  let end = 0;
  for (const element of layout.elements) {
    if (element.offsetBytes !== end) return false;
    end += elementBytes(element);
  }
  return end === layout.scanBytes;
}

function isTimestamp(input: LayoutInput): boolean {
  return isTimestampChannel(input.channel);
}

/** A channel of that name that is not a 64-bit integer can't be used as a time. */
function isTimestampElement(element: LayoutElement): boolean {
  return (
    isTimestampChannel(element.channel) &&
    element.storageBits === 64 &&
    element.kind !== "f" &&
    element.repeat === 1
  );
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
