/** SigMF datatypes, by the specification's grammar: stricter than the schema, whose pattern has no end. */
import { fail } from "../errors.js";
import type { ScanFormat } from "../scan-format.js";

export interface Datatype {
  complex: boolean;
  kind: "f" | "i" | "u";
  bits: 8 | 16 | 32 | 64;
  bigEndian: boolean;
}

const PATTERN = /^([rc])(?:(f32|f64|i32|i16|u32|u16)_(le|be)|(i8|u8))$/;

export function parseDatatype(text: string): Datatype | null {
  const match = PATTERN.exec(text);
  if (!match) return null;
  const type = (match[2] ?? match[4])!;
  return {
    complex: match[1] === "c",
    kind: type[0] as Datatype["kind"],
    bits: Number(type.slice(1)) as Datatype["bits"],
    bigEndian: match[3] === "be",
  };
}

/** As {@link parseDatatype}; throws with the datatypes this program reads. */
export function requireDatatype(text: unknown): Datatype {
  const datatype = typeof text === "string" ? parseDatatype(text) : null;
  if (!datatype) {
    throw fail(
      "BAD_RECORDING",
      `The datatype ${JSON.stringify(text)} is not one of SigMF (such as ri16_le, cf32_le, ru8). ` +
        "Correct core:datatype in the metadata file.",
    );
  }
  return datatype;
}

export function formatDatatype(datatype: Datatype): string {
  const { complex, kind, bits, bigEndian } = datatype;
  const endianness = bits === 8 ? "" : bigEndian ? "_be" : "_le";
  return `${complex ? "c" : "r"}${kind}${bits}${endianness}`;
}

/** Bytes of one sample of one channel; a complex one has two values. */
export function datatypeBytes(datatype: Datatype): number {
  return (datatype.bits / 8) * (datatype.complex ? 2 : 1);
}

/** One value of the datatype as a scan element. */
export function datatypeFormat(datatype: Datatype): ScanFormat {
  return {
    endianness: datatype.bigEndian ? "be" : "le",
    kind: datatype.kind === "i" ? "s" : datatype.kind,
    bits: datatype.bits,
    storageBits: datatype.bits,
    repeat: 1,
    shift: 0,
  };
}

/** The SigMF type that holds exactly these bytes, or null: shifted, padded, 24-bit and 64-bit integers have none. */
export function exactDatatype(format: ScanFormat): Datatype | null {
  return fillsStorage(format) ? storedDatatype(format) : null;
}

/** Every bit of the storage belongs to the value. */
export function fillsStorage({ bits, storageBits, shift }: ScanFormat): boolean {
  return bits === storageBits && shift === 0;
}

/** The SigMF type of the words that values are stored in, whichever bits of them mean something; null: it has none. */
export function storedDatatype(format: ScanFormat): Datatype | null {
  const { kind, storageBits, endianness } = format;
  const sizes = kind === "f" ? [32, 64] : [8, 16, 32];
  if (!sizes.includes(storageBits)) return null;
  return {
    complex: false,
    kind: kind === "s" ? "i" : kind,
    bits: storageBits as Datatype["bits"],
    bigEndian: storageBits > 8 && endianness === "be",
  };
}
