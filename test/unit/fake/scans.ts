/** Scans as bytes: the codec of the fake addon, and of tests that make or check samples. */
import type { NativeElement, NativeLayout } from "../../../native/addon.js";

function word(view: DataView, at: number, element: NativeElement): bigint {
  const bytes = element.storageBits / 8;
  let value = 0n;
  for (let n = 0; n < bytes; n++) {
    const byte = BigInt(view.getUint8(at + n));
    value |= byte << BigInt(8 * (element.bigEndian ? bytes - 1 - n : n));
  }
  return value;
}

/** Value of an element at byte `at` of its scan, exact. */
export function decodeBig(view: DataView, scanAt: number, element: NativeElement): bigint {
  const raw = word(view, scanAt + element.offsetBytes, element) >> BigInt(element.shift);
  return element.kind === "s"
    ? BigInt.asIntN(element.bits, raw)
    : BigInt.asUintN(element.bits, raw);
}

export function decode(view: DataView, scanAt: number, element: NativeElement): number {
  if (element.kind === "f") {
    const at = scanAt + element.offsetBytes;
    return element.storageBits === 64
      ? view.getFloat64(at, !element.bigEndian)
      : view.getFloat32(at, !element.bigEndian);
  }
  if (element.storageBits === 16) {
    const word = view.getUint16(scanAt + element.offsetBytes, !element.bigEndian) >> element.shift;
    const bits = word & (2 ** element.bits - 1);
    return element.kind === "s" && bits >= 2 ** (element.bits - 1)
      ? bits - 2 ** element.bits
      : bits;
  }
  return Number(decodeBig(view, scanAt, element));
}

export function encode(
  view: DataView,
  scanAt: number,
  element: NativeElement,
  value: number | bigint,
): void {
  const at = scanAt + element.offsetBytes;
  if (element.kind === "f") {
    if (element.storageBits === 64) view.setFloat64(at, Number(value), !element.bigEndian);
    else view.setFloat32(at, Number(value), !element.bigEndian);
    return;
  }
  if (element.storageBits === 16 && typeof value === "number") {
    view.setUint16(at, (clamp(value, element) << element.shift) & 0xffff, !element.bigEndian);
    return;
  }
  const whole = typeof value === "bigint" ? value : BigInt(clamp(value, element));
  const bits = BigInt.asUintN(element.bits, whole) << BigInt(element.shift);
  const bytes = element.storageBits / 8;
  for (let n = 0; n < bytes; n++) {
    const byte = Number((bits >> BigInt(8 * n)) & 255n);
    view.setUint8(at + (element.bigEndian ? bytes - 1 - n : n), byte);
  }
}

function clamp(value: number, element: NativeElement): number {
  const rounded = Math.round(value);
  if (element.bits > 52) return rounded;
  const span = 2 ** element.bits;
  if (element.kind === "u") return ((rounded % span) + span) % span;
  return Math.max(-span / 2, Math.min(span / 2 - 1, rounded));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A store of scans with gaps: what the fake's queries read. */
export interface FakeStore {
  layout: NativeLayout;
  rateHz: number;
  fromScan(): number;
  toScan(): number;
  /** NaN where there is none. */
  value(element: number, scan: number): number;
}
