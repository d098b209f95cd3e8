/**
 * `_type` of a scan element, as the kernel prints it and as it is kept in recordings:
 * `[be|le]:[s|u|f]bits/storagebits[Xrepeat]>>shift` (industrialio-buffer.c, iio_show_fixed_type).
 */
import { fail } from "./errors.js";
import type { ScanFormat } from "./scan-format.js";

const PATTERN = /^(be|le):([suf])(\d{1,4})\/(\d{1,4})(?:X(\d{1,4}))?(?:>>(\d{1,4}))?$/i;
const STORAGE_BITS = [8, 16, 24, 32, 64];
const FLOAT_BITS = [16, 32, 64];

/** What every software timestamp of the IIO core looks like. */
export const TIMESTAMP_FORMAT: ScanFormat = {
  endianness: "le",
  kind: "s",
  bits: 64,
  storageBits: 64,
  repeat: 1,
  shift: 0,
};

/** Parses `_type` text. Throws BAD_FORMAT with a sentence that names the text and what is wrong in it. */
export function parseScanFormat(text: string): ScanFormat {
  const trimmed = text.trim();
  const match = PATTERN.exec(trimmed);
  if (!match) {
    throw bad(trimmed, "it does not read like le:s12/16>>4");
  }
  const [, endianness, kind, bits, storage, repeat, shift] = match;
  const format: ScanFormat = {
    endianness: endianness!.toLowerCase() as ScanFormat["endianness"],
    kind: kind!.toLowerCase() as ScanFormat["kind"],
    bits: Number(bits),
    storageBits: Number(storage),
    // Drivers leave repeat at 0 for "once"; the kernel then prints none.
    repeat: Math.max(1, Number(repeat ?? 1)),
    shift: Number(shift ?? 0),
  };
  const fault = formatFault(format);
  if (fault) throw bad(trimmed, fault);
  return format;
}

/** What is wrong with a format, as the end of a sentence, or null. */
export function formatFault(format: ScanFormat): string | null {
  const { bits, storageBits, shift, kind, repeat } = format;
  if (!STORAGE_BITS.includes(storageBits)) {
    return `values stored in ${storageBits} bits are not supported (8, 16, 24, 32 and 64 are)`;
  }
  if (!Number.isInteger(bits) || bits < 1) return "it has no meaningful bits";
  if (!Number.isInteger(shift) || shift < 0) return "its shift is not a whole number";
  if (!Number.isInteger(repeat) || repeat < 1) return "its repeat is not a whole number";
  if (bits + shift > storageBits) {
    return `${bits} bits shifted by ${shift} do not fit into ${storageBits}`;
  }
  if (kind === "f" && (bits !== storageBits || shift !== 0)) {
    return "a floating-point value fills its storage and has no shift";
  }
  if (kind === "f" && !FLOAT_BITS.includes(bits)) {
    return `there is no floating-point number of ${bits} bits`;
  }
  return null;
}

/** The text of a format, exactly as the kernel prints it. */
export function formatScanFormat(format: ScanFormat): string {
  const { endianness, kind, bits, storageBits, repeat, shift } = format;
  const times = repeat > 1 ? `X${repeat}` : "";
  return `${endianness}:${kind}${bits}/${storageBits}${times}>>${shift}`;
}

/** `12-bit`, `24-bit in 32`, `32-bit float`: for people. */
export function describeScanFormat(format: ScanFormat): string {
  const { kind, bits, storageBits, repeat } = format;
  const times = repeat > 1 ? `${repeat} × ` : "";
  if (kind === "f") return `${times}${bits}-bit float`;
  const within = bits === storageBits ? "" : ` in ${storageBits}`;
  return `${times}${bits}-bit${within}`;
}

/** Lowest and highest value a format can hold, in raw counts; ±Infinity for floating point. */
export function formatRange(format: ScanFormat): { min: number; max: number } {
  if (format.kind === "f") return { min: -Infinity, max: Infinity };
  if (format.kind === "u") return { min: 0, max: 2 ** format.bits - 1 };
  return { min: -(2 ** (format.bits - 1)), max: 2 ** (format.bits - 1) - 1 };
}

export function sameFormat(a: ScanFormat, b: ScanFormat): boolean {
  return formatScanFormat(a) === formatScanFormat(b);
}

function bad(text: string, why: string) {
  return fail(
    "BAD_FORMAT",
    `The scan format "${text.slice(0, 64)}" cannot be used: ${why}. ` +
      "Leave this channel off, or look at the driver.",
  );
}
