/** How much, as people type it: `10 GB` or `5 min`; nothing or `off` for none. */
import { fail } from "../../shared/errors.js";
import { formatBytes, formatDuration, formatSi } from "../../shared/figures.js";
import type { Amount } from "../../shared/recording.js";
import { parseDuration, parseSi } from "../../shared/si.js";

/** A bare number may be meant as either. */
const HAS_UNIT = /(s|min|h|d)$|:/;

const NONE = /^\s*(off|0|)\s*$/i;

/** A time within bounds. Throws BAD_VALUE with what is wrong. */
export function parseSeconds(typed: string, least: number, most: number): number {
  const parsed = parseDuration(typed);
  if (!parsed.ok) throw fail("BAD_VALUE", parsed.message);
  if (parsed.value >= least && parsed.value <= most) return parsed.value;
  const from = least === 0 ? "0" : formatDuration(least);
  throw fail("BAD_VALUE", `From ${from} to ${formatDuration(most)}.`);
}

/** A time, or null for none. Throws BAD_VALUE. */
export function parseLength(typed: string): number | null {
  if (NONE.test(typed)) return null;
  const parsed = parseDuration(typed);
  if (!parsed.ok) throw fail("BAD_VALUE", parsed.message);
  if (parsed.value > 0) return parsed.value;
  throw fail("BAD_VALUE", "A time above 0 as in 90 s or 10 min, or off.");
}

/** Throws BAD_VALUE with what is wrong. */
export function parseAmount(typed: string): Amount | null {
  const text = typed.trim();
  if (NONE.test(text)) return null;
  const size = parseSi(text, ["B"]);
  if (size.ok && size.unit === "B" && size.value >= 1) {
    return { kind: "bytes", bytes: Math.round(size.value) };
  }
  const time = parseDuration(text);
  if (time.ok && time.value > 0 && HAS_UNIT.test(text)) {
    return { kind: "seconds", seconds: time.value };
  }
  throw fail("BAD_VALUE", "Type a size as in 10 GB, a time as in 5 min, or off.");
}

export function amountText(amount: Amount | null): string {
  if (amount === null) return "off";
  if (amount.kind === "bytes") return formatBytes(amount.bytes, 6);
  return lengthText(amount.seconds);
}

/** `10 min`: as it may be typed again. */
export function lengthText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : formatSi(seconds, "s", 6);
}

/** As it was kept; null for what is none. */
export function restoreAmount(value: unknown): Amount | null {
  const known = (value ?? {}) as { kind?: unknown; bytes?: unknown; seconds?: unknown };
  const positive = (one: unknown): one is number => typeof one === "number" && one > 0;
  if (known.kind === "bytes" && positive(known.bytes)) {
    return { kind: "bytes", bytes: Math.max(1, Math.round(known.bytes)) };
  }
  return known.kind === "seconds" && positive(known.seconds)
    ? { kind: "seconds", seconds: known.seconds }
    : null;
}
