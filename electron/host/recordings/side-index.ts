/** What a side index (docs/index.md) says of its data file: the CRC32C of each strip. Its records are for the core. */
import { open, type FileHandle } from "node:fs/promises";
import { crc32c } from "../../../shared/crc32c.js";
import type { NumericLayout } from "../../../shared/layout.js";

const MAGIC = "IIOINDX1";
const VERSION = 1;
const HEADER_BYTES = 64;
const HEAD_BYTES = 48;
const ENTRY = 1;
const DIRECTORY = 2;
/** Heads come this close in files of many gaps: they are read together. */
const WINDOW_BYTES = 64 * 1024;

export interface IndexedStrip {
  /** Of its first scan in the data file. */
  sample: number;
  scans: number;
  crc32c: number;
}

export interface SideIndex {
  strips: IndexedStrip[];
  /** Why what stands behind them says nothing, or all of it: a sentence's end. null: all is well. */
  fault: string | null;
}

/** null: there is none. `layout`: of the data file. */
export async function readSideIndex(
  path: string,
  layout: NumericLayout | null,
): Promise<SideIndex | null> {
  const file = await open(path).catch(() => null);
  if (!file) return null;
  try {
    return await readStrips(new HeadReader(file), layout);
  } finally {
    await file.close();
  }
}

async function readStrips(file: HeadReader, layout: NumericLayout | null): Promise<SideIndex> {
  const strips: IndexedStrip[] = [];
  const header = await file.read(0, HEADER_BYTES);
  const wrong = headerFault(header, layout);
  if (wrong) return { strips, fault: wrong };
  let next = 0;
  for (let at = HEADER_BYTES; ;) {
    const head = await file.read(at, HEAD_BYTES);
    if (!head || head.byteLength < 24) break;
    const type = head.getUint32(0, true);
    const bytes = Number(head.getBigUint64(16, true));
    if (type === ENTRY && head.byteLength < HEAD_BYTES) break;
    if (type === ENTRY && bytes >= HEAD_BYTES && isSound(head, 40)) {
      const sample = Number(head.getBigInt64(8, true));
      const scans = head.getUint32(4, true);
      if (sample !== next) return { strips, fault: "its strips do not follow one another" };
      if (at + bytes > (await file.size())) break;
      strips.push({ sample, scans, crc32c: head.getUint32(24, true) });
      next = sample + scans;
    } else if (type !== DIRECTORY || bytes < HEAD_BYTES) {
      return { strips, fault: `it is damaged at byte ${at}` };
    }
    at += bytes;
  }
  return { strips, fault: null };
}

function headerFault(header: DataView | null, layout: NumericLayout | null): string | null {
  if (!header || header.byteLength < HEADER_BYTES) return "it is no side index";
  const magic = String.fromCharCode(...new Uint8Array(header.buffer, header.byteOffset, 8));
  if (magic !== MAGIC) return "it is no side index";
  if (header.getUint32(8, true) !== VERSION) return "it is of another version";
  if (!isSound(header, 56)) return "it is damaged";
  const own = layout && layoutFingerprint(layout);
  if (own !== null && header.getBigUint64(16, true) !== own)
    return "it belongs to data of another layout";
  return null;
}

/** Whether the CRC at `at` is that of what stands before it. */
function isSound(view: DataView, at: number): boolean {
  return crc32c(new Uint8Array(view.buffer, view.byteOffset, at)) === view.getUint32(at, true);
}

const KINDS = { s: 0, u: 1, f: 2 } as const;

/** FNV-1a over what decides what records say. */
export function layoutFingerprint(layout: NumericLayout): bigint {
  let sum = 0xcbf29ce484222325n;
  const add = (value: number, bytes: number): void => {
    for (let k = 0; k < bytes; k++) {
      sum ^= BigInt(Math.floor(value / 2 ** (8 * k)) & 0xff);
      sum = BigInt.asUintN(64, sum * 0x100000001b3n);
    }
  };
  add(layout.scanBytes, 4);
  add(
    layout.elements.reduce((lanes, { repeat }) => lanes + repeat, 0),
    4,
  );
  for (const element of layout.elements) {
    const bytes = element.storageBits / 8;
    for (let c = 0; c < element.repeat; c++) {
      add(element.offsetBytes + c * bytes, 4);
      for (const one of [bytes, element.bits, element.shift, KINDS[element.kind]]) add(one, 1);
      add(bytes > 1 && element.bigEndian ? 1 : 0, 1);
    }
  }
  return sum;
}

/** Small pieces of a file in ascending order. */
class HeadReader {
  private window = Buffer.alloc(0);
  private from = 0;
  private bytes: number | null = null;

  constructor(private readonly file: FileHandle) {}

  async size(): Promise<number> {
    this.bytes ??= (await this.file.stat()).size;
    return this.bytes;
  }

  /** Fewer bytes at the end of the file; null beyond. */
  async read(at: number, bytes: number): Promise<DataView | null> {
    if (at < this.from || at + bytes > this.from + this.window.length) {
      const near = at >= this.from && at <= this.from + this.window.length;
      const wanted = Buffer.alloc(near ? WINDOW_BYTES : bytes);
      const { bytesRead } = await this.file.read(wanted, 0, wanted.length, at);
      this.window = wanted.subarray(0, bytesRead);
      this.from = at;
    }
    const start = this.window.byteOffset + at - this.from;
    const there = Math.min(bytes, this.window.length - (at - this.from));
    return there > 0 ? new DataView(this.window.buffer, start, there) : null;
  }
}
