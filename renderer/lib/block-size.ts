/** Block sizes as people type them: bytes with a prefix, scans, or a time; and as they are shown. */
import { formatCount, memoryFigure, siFigure, type Figure } from "../../shared/figures.js";
import { parseSi } from "../../shared/si.js";
import type { BlockGeometry, BlockSizeSetting } from "../../shared/stream.js";

export type ParsedBlockSize =
  { ok: true; setting: BlockSizeSetting } | { ok: false; message: string };

const SCANS = /\s*(scans?|samples?|sa)$/i;
const BYTES = ["B", "byte", "bytes"];
const BINARY = /[KMGT]i$/;
const LARGE = /[kKMGTP]$/;

/** The unit that a prefix alone, as in `1M`, stands before. */
export const UNIT_OF = { bytes: "B", scans: "scans", seconds: "s" } as const;

/**
 * `64Ki`, `1 MiB`, `4096`, `8 scans`, `20 ms`, `auto`. A number without a unit, as `8` or `1M`, means what the field
 * shows; binary prefixes are those of memory everywhere.
 */
export function parseBlockSize(
  text: string,
  shown: "bytes" | "scans" | "seconds" = "bytes",
): ParsedBlockSize {
  const typed = text.trim();
  if (typed === "" || /^auto$/i.test(typed)) return { ok: true, setting: { kind: "auto" } };
  if (SCANS.test(typed)) return scans(typed.replace(SCANS, ""));
  const parsed = parseSi(typed, ["s", ...BYTES]);
  if (!parsed.ok) return parsed;
  if (parsed.value <= 0) return { ok: false, message: "A block holds at least one scan." };
  // Binary prefixes are those of memory, whatever the field showed.
  const isMemory = parsed.unit !== "s" && (parsed.unit !== "" || BINARY.test(typed));
  const kind = parsed.unit === "s" ? "seconds" : isMemory ? "bytes" : shown;
  if (kind === "scans") return scans(typed);
  if (kind === "seconds" && parsed.unit === "" && LARGE.test(typed)) {
    return { ok: false, message: `${typed} of what? Say ${typed}B, or ${typed} scans.` };
  }
  if (kind === "seconds") return { ok: true, setting: { kind, seconds: parsed.value } };
  if (!Number.isInteger(parsed.value)) {
    return { ok: false, message: "A block is a whole number of bytes." };
  }
  return { ok: true, setting: { kind, bytes: parsed.value } };
}

function scans(text: string): ParsedBlockSize {
  const parsed = parseSi(text);
  if (!parsed.ok) return parsed;
  if (!Number.isInteger(parsed.value) || parsed.value < 1) {
    return { ok: false, message: "A block is a whole number of scans, at least one." };
  }
  return { ok: true, setting: { kind: "scans", scans: parsed.value } };
}

/** How the field shows what holds, in the way it was set; bytes where the program chose. */
export function blockSizeFigure(geometry: BlockGeometry, setting: BlockSizeSetting): Figure {
  if (setting.kind === "scans") return { text: formatCount(geometry.scansPerBlock), unit: "scans" };
  if (setting.kind === "seconds" && geometry.secondsPerBlock !== null) {
    return siFigure(geometry.secondsPerBlock, "s", 4);
  }
  return memoryFigure(geometry.payloadBytes, 6);
}

/** What a number without a unit means in the field. */
export function bareWords({ unit }: Figure, kind: keyof typeof UNIT_OF): string {
  switch (kind) {
    case "bytes":
      return `A number alone is in ${unit}; 1M is 1,000,000 bytes.`;
    case "scans":
      return "A number alone is scans; 1M is 1,000,000 scans.";
    case "seconds":
      return `A number alone is in ${unit}; 1M needs a unit.`;
  }
}

/** The other two ways to say it: `262,144 scans of 4 bytes`, or `192 bytes, 24 a scan`. */
export function blockSizeWords(geometry: BlockGeometry, setting: BlockSizeSetting): string {
  const { scansPerBlock, scanBytes, payloadBytes } = geometry;
  if (setting.kind === "scans") {
    return `${formatCount(payloadBytes)} bytes, ${formatCount(scanBytes)} a scan`;
  }
  return `${formatCount(scansPerBlock)} ${scansPerBlock === 1 ? "scan" : "scans"} of ${formatCount(scanBytes)} bytes`;
}

/** The same size said in another way, as a setting. */
export function asKind(geometry: BlockGeometry, kind: BlockSizeSetting["kind"]): BlockSizeSetting {
  switch (kind) {
    case "auto":
      return { kind };
    case "bytes":
      return { kind, bytes: geometry.payloadBytes };
    case "scans":
      return { kind, scans: geometry.scansPerBlock };
    case "seconds":
      return { kind, seconds: geometry.secondsPerBlock ?? 0.02 };
  }
}
