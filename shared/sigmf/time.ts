/** Times of recordings: CLOCK_MONOTONIC nanoseconds to RFC 3339 in UTC, without losing a digit. */
import type { RecordingFacts } from "./types.js";

/** `2026-11-20T12:41:07.123456789Z`; the fraction in groups of three, as short as it is exact. */
export function formatDatetime(realtimeNs: bigint): string {
  const seconds = floorDivide(realtimeNs, 1_000_000_000n);
  const fraction = String(realtimeNs - seconds * 1_000_000_000n).padStart(9, "0");
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const digits = fraction.replace(/(?:000){1,3}$/, "");
  return `${whole}${digits ? `.${digits}` : ""}Z`;
}

const DATETIME = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d+))?Z$/;

/** Nanoseconds since 1970 of an RFC 3339 time in UTC, or null. */
export function parseDatetime(text: unknown): bigint | null {
  const match = typeof text === "string" ? DATETIME.exec(text) : null;
  const ms = match ? Date.parse(`${match[1]}Z`) : NaN;
  if (!match || Number.isNaN(ms)) return null;
  const fraction = (match[2] ?? "").slice(0, 9).padEnd(9, "0");
  return BigInt(ms) * 1_000_000n + BigInt(fraction);
}

/** Wall time of a monotonic time, by the two clocks read together when the recording began. */
export function toRealtimeNs(clocks: RecordingFacts["clocks"], monotonicNs: bigint): bigint {
  return BigInt(clocks.realtimeNs) + (monotonicNs - BigInt(clocks.monotonicNs));
}

/** Nanoseconds that `scans` take, 0 if the rate is not known. */
export function scansToNs(scans: number, rateHz: number | null): bigint {
  return rateHz && rateHz > 0 ? BigInt(Math.round((scans / rateHz) * 1e9)) : 0n;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
