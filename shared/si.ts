/**
 * Numbers as people type them: `61.44M`, `4Mi`, `20 ms`, `1e6`, `5,920`, `−12`. Digits are kept as text, so that what
 * is written to a device has no rounding in it.
 */

const DECIMAL_PREFIX: Record<string, number> = {
  f: -15,
  p: -12,
  n: -9,
  u: -6,
  µ: -6, // micro sign
  μ: -6, // Greek mu
  m: -3,
  k: 3,
  K: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
};
const BINARY_PREFIX: Record<string, bigint> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
};

export type ParsedNumber =
  | {
      ok: true;
      value: number;
      /** The same as plain decimal digits, exact: `61440000`, `0.000001`. */
      text: string;
      /** The unit that was typed, without its prefix, or "". */
      unit: string;
    }
  | { ok: false; message: string };

const NUMBER = /^([-+]?)((?:\d[\d,]*)?)(?:\.(\d*))?(?:[eE]([-+]?\d{1,3}))?\s*(.*)$/;

/**
 * Parses a number with an optional SI or binary prefix and one of `units`. Without `units` only prefixes are taken.
 * `m` is milli and `M` mega; `k` and `K` are both kilo. Commas part thousands; the decimal mark is a point.
 */
export function parseSi(text: string, units: readonly string[] = []): ParsedNumber {
  const clean = text
    .trim()
    .replace(/[\u2212\u2013]/g, "-")
    .replace(/(\d)[\u00a0\u2009\u202f](?=\d)/g, "$1");
  if (clean === "") return refuse("Type a number.");
  const match = NUMBER.exec(clean);
  const whole = match?.[2] ?? "";
  const fraction = match?.[3] ?? "";
  if (!match || whole + fraction === "") return refuse(`"${text.trim()}" is not a number.`);
  if (whole.includes(",") && !/^\d{1,3}(,\d{3})+$/.test(whole)) {
    return refuse("A comma parts thousands, as in 5,920. Use a point for decimals.");
  }
  const suffix = parseSuffix(match[5]!.trim(), units);
  if (!suffix) return refuse(suffixMessage(match[5]!.trim(), units));
  const digits = whole.replaceAll(",", "") + fraction;
  const exponent = Number(match[4] ?? 0) - fraction.length + suffix.exponent;
  const scaled = (BigInt(digits) * suffix.factor).toString();
  const magnitude = shiftPoint(scaled, exponent);
  const plain = match[1] === "-" && magnitude !== "0" ? `-${magnitude}` : magnitude;
  const value = Number(plain);
  if (!Number.isFinite(value)) return refuse(`"${text.trim()}" is too large.`);
  return { ok: true, value, text: plain, unit: suffix.unit };
}

const TIME_UNITS: Record<string, number> = { s: 1, min: 60, h: 3600, d: 86_400 };

/** Seconds from `20 ms`, `1.5 min`, `2 h`, `1:30`, or a bare number of seconds. A bare `m` could be minutes: refused. */
export function parseDuration(text: string): ParsedNumber {
  const clock = /^\s*(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:\.\d+)?)\s*$/.exec(text);
  if (clock) {
    const seconds = Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
    return { ok: true, value: seconds, text: String(seconds), unit: "s" };
  }
  const parsed = parseSi(text, Object.keys(TIME_UNITS));
  if (!parsed.ok) return parsed;
  if (parsed.unit === "" && /m\s*$/.test(text)) {
    const figure = text.trim().slice(0, -1).trim();
    return refuse(
      `"${text.trim()}" could be minutes or milliseconds. Type ${figure} min or ${figure} ms.`,
    );
  }
  const value = parsed.value * (TIME_UNITS[parsed.unit || "s"] ?? 1);
  return { ok: true, value, text: String(value), unit: "s" };
}

interface Suffix {
  exponent: number;
  factor: bigint;
  unit: string;
}

/** The longest reading wins in the order: bare unit (`min`, `m`), prefix with unit (`ms`), prefix alone (`M`). */
function parseSuffix(suffix: string, units: readonly string[]): Suffix | null {
  if (suffix === "") return { exponent: 0, factor: 1n, unit: "" };
  if (units.includes(suffix)) return { exponent: 0, factor: 1n, unit: suffix };
  for (const unit of ["", ...units]) {
    if (!suffix.endsWith(unit)) continue;
    const prefix = suffix.slice(0, suffix.length - unit.length).trim();
    const exponent = DECIMAL_PREFIX[prefix];
    if (exponent !== undefined) return { exponent, factor: 1n, unit };
    const factor = BINARY_PREFIX[prefix];
    if (factor !== undefined) return { exponent: 0, factor, unit };
  }
  return null;
}

function suffixMessage(suffix: string, units: readonly string[]): string {
  const known = units.length > 0 ? ` or a unit (${units.join(", ")})` : "";
  return `"${suffix}" is not understood after the number. Use a prefix such as k, M, Mi, m or u${known}.`;
}

/** Plain decimal text of `digits` × 10^`exponent`, without leading or trailing zeros. */
function shiftPoint(digits: string, exponent: number): string {
  let whole: string;
  let fraction = "";
  if (exponent >= 0) {
    whole = digits + "0".repeat(exponent);
  } else {
    const padded = digits.padStart(1 - exponent, "0");
    whole = padded.slice(0, exponent);
    fraction = padded.slice(exponent).replace(/0+$/, "");
  }
  whole = whole.replace(/^0+(?=\d)/, "");
  return fraction ? `${whole}.${fraction}` : whole;
}

function refuse(message: string): ParsedNumber {
  return { ok: false, message };
}
