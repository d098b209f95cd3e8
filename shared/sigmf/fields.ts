/** Fields of foreign JSON: of the type wanted, or a value that stands for "not there". */
import type { SigmfObject } from "./types.js";

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objects(value: unknown): SigmfObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A whole number from 0 that is exact. */
export function count(value: unknown): number | null {
  const n = number(value);
  return n !== null && Number.isSafeInteger(n) && n >= 0 ? n : null;
}

export function positive(value: unknown): number | null {
  const n = number(value);
  return n !== null && n > 0 ? n : null;
}
