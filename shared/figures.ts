/** Figures as they are printed everywhere: true minus, a comma for thousands, a space before the unit, "–" for none. */

export const MINUS = "\u2212";
/** Stands where a figure has no meaning; never 0. */
export const NO_FIGURE = "\u2013";

export interface Figure {
  /** The number alone. */
  text: string;
  /** Its unit with the prefix chosen, or "". */
  unit: string;
}

const PREFIXES: [number, string][] = [
  [15, "P"],
  [12, "T"],
  [9, "G"],
  [6, "M"],
  [3, "k"],
  [0, ""],
  [-3, "m"],
  [-6, "µ"],
  [-9, "n"],
  [-12, "p"],
  [-15, "f"],
];

/** `−12,345.60`: a fixed number of decimals, so that figures in a column line up. */
export function formatFixed(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NO_FIGURE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const text = Math.abs(value).toFixed(decimals);
  const negative = value < 0 && /[1-9]/.test(text);
  return (negative ? MINUS : "") + groupThousands(text);
}

/** `12,345`; big integers too. */
export function formatCount(value: number | bigint | null | undefined): string {
  if (value === null || value === undefined) return NO_FIGURE;
  if (typeof value === "number") return formatFixed(value, 0);
  return (value < 0n ? MINUS : "") + groupThousands((value < 0n ? -value : value).toString());
}

/** `1 gap`, `2,048 gaps`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `digits` significant digits, no more decimals than `most`; trailing zeros go unless `keepZeros`. */
export function formatSignificant(
  value: number | null | undefined,
  digits = 4,
  options: { keepZeros?: boolean; most?: number } = {},
): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return formatFixed(value);
  const text = formatFixed(value, decimalsFor(value, digits, options.most));
  return options.keepZeros ? text : dropZeros(text);
}

/**
 * A figure with the prefix that leaves 1 to 999 before the point: 61440000 Hz → `61.44` `MHz`. Rounding that reaches
 * 1000 takes the next prefix. 0 has none. `keepZeros` for figures that change in place.
 */
export function siFigure(
  value: number | null | undefined,
  unit: string,
  digits = 4,
  options: { keepZeros?: boolean } = {},
): Figure {
  if (value === null || value === undefined || Number.isNaN(value))
    return { text: NO_FIGURE, unit: "" };
  if (value === 0 || !Number.isFinite(value))
    return { text: formatSignificant(value, digits, options), unit };
  const rounded = Math.abs(Number(value.toPrecision(digits)));
  const [exponent, prefix] =
    PREFIXES.find(([power]) => rounded >= 10 ** power) ?? PREFIXES[PREFIXES.length - 1]!;
  const mantissa = Number(value.toPrecision(digits)) / 10 ** exponent;
  return { text: formatSignificant(mantissa, digits, options), unit: prefix + unit };
}

/** `61.44 MHz` */
export function formatSi(
  value: number | null | undefined,
  unit: string,
  digits = 4,
  options: { keepZeros?: boolean } = {},
): string {
  return joinFigure(siFigure(value, unit, digits, options));
}

export function joinFigure(figure: Figure): string {
  return figure.unit ? `${figure.text} ${figure.unit}` : figure.text;
}

/** Rates and file sizes: decimal, `246 MB`. */
export function bytesFigure(bytes: number | null | undefined, digits = 3): Figure {
  return siFigure(bytes, "B", digits);
}

export function formatBytes(bytes: number | null | undefined, digits = 3): string {
  return joinFigure(bytesFigure(bytes, digits));
}

const BINARY: [number, string][] = [
  [2 ** 40, "TiB"],
  [2 ** 30, "GiB"],
  [2 ** 20, "MiB"],
  [2 ** 10, "KiB"],
  [1, "B"],
];

/** Blocks and memory: binary, `1.5 MiB`. Exact where few digits are; else to `digits`. */
export function memoryFigure(bytes: number | null | undefined, digits = 4): Figure {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes))
    return { text: NO_FIGURE, unit: "" };
  const [size, unit] = BINARY.find(([step]) => Math.abs(bytes) >= step) ?? BINARY[4]!;
  return { text: formatSignificant(bytes / size, Math.max(digits, 4)), unit };
}

export function formatMemory(bytes: number | null | undefined, digits = 4): string {
  return joinFigure(memoryFigure(bytes, digits));
}

/** `4.27 ms`, `35 s`, `3 h 10 min`, `2 d 4 h`: how long something lasts. */
export function formatDuration(seconds: number | null | undefined, digits = 3): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NO_FIGURE;
  if (Math.abs(seconds) < 60) return formatSi(seconds, "s", digits);
  const total = Math.round(Math.abs(seconds));
  const sign = seconds < 0 ? MINUS : "";
  const [d, h, m, s] = [
    Math.floor(total / 86_400),
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
    total % 60,
  ] as const;
  if (d > 0) return `${sign}${formatCount(d)} d ${h} h`;
  if (h > 0) return `${sign}${h} h ${m} min`;
  return `${sign}${m} min ${s} s`;
}

/** `00:12`, `1:02:03`: how long something runs. */
export function formatClock(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NO_FIGURE;
  const total = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60] as const;
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

function decimalsFor(value: number, digits: number, most = 12): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  return Math.min(most, Math.max(0, digits - 1 - exponent));
}

function dropZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function groupThousands(text: string): string {
  const [whole, fraction] = text.split(".");
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
