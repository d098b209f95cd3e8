/** Attributes: what values a driver takes, how one is edited, and in which unit its number stands. */
import type {
  AttributeAvailable,
  AttributeControl,
  AttributeInfo,
  AttributeScope,
} from "./device.js";
import { fail } from "./errors.js";
import { parseSi } from "./si.js";
import { channelUnit } from "./units.js";

const NUMBER = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:\s*(\S.*))?$/i;
/** Units that drivers print after a number. Other words after one make it text. */
const PRINTED_UNITS = [
  "dB",
  "dBm",
  "Hz",
  "kHz",
  "MHz",
  "mV",
  "mA",
  "ms",
  "us",
  "ns",
  "s",
  "%",
  "C",
];

/** A number as a driver prints it, with the unit it may add: `71.000000 dB`. null if it is none. */
export function parseAttributeNumber(raw: string): { text: string; unit: string } | null {
  const match = NUMBER.exec(raw.trim());
  if (!match) return null;
  const unit = match[2]?.trim() ?? "";
  return unit === "" || PRINTED_UNITS.includes(unit) ? { text: match[1]!, unit } : null;
}

/** `a b c` or `[min step max]`; a unit after each number (` dB`) is left out of the values. */
export function parseAvailable(text: string): AttributeAvailable {
  const range = /^\s*\[(.*)\]\s*$/s.exec(text);
  const words = mergeUnits(
    (range ? range[1]! : text)
      .trim()
      .split(/[\s,]+/)
      .filter(Boolean),
  );
  if (range) {
    const [min, step, max] = words;
    const numeric = words.every((word) => parseAttributeNumber(word) !== null);
    if (words.length === 3 && numeric) return { kind: "range", min: min!, step: step!, max: max! };
    if (words.length === 0) return { kind: "any" };
    return { kind: "list", values: words };
  }
  return words.length === 0 ? { kind: "any" } : { kind: "list", values: words };
}

function mergeUnits(words: string[]): string[] {
  return words.filter(
    (word, at) =>
      at === 0 || !PRINTED_UNITS.includes(word) || parseAttributeNumber(words[at - 1]!) === null,
  );
}

const BOOLEAN_NAME = /(^|_)(en|enable|enabled|powerdown|invert|external)$/;

function isBoolean(name: string, raw: string | undefined, available: AttributeAvailable): boolean {
  if (available.kind === "list") {
    return available.values.length === 2 && ["0", "1"].every((v) => available.values.includes(v));
  }
  if (available.kind === "range") return false;
  return BOOLEAN_NAME.test(name) && (raw === undefined || /^\s*[01YN]\s*$/i.test(raw));
}

/** Which control fits. `raw` is the last value read, if any: without it, the name has to do. */
export function chooseControl(
  name: string,
  raw: string | undefined,
  available: AttributeAvailable,
): AttributeControl {
  if (isBoolean(name, raw, available)) return "boolean";
  if (available.kind === "list") return "list";
  if (available.kind === "range") return "range";
  if (raw === undefined) return attributeUnit(name, null) === "" ? "text" : "number";
  return parseAttributeNumber(raw) ? "number" : "text";
}

const UNIT_BY_NAME: [RegExp, string][] = [
  [/(^|_)(sampling_frequency|frequency|3db_frequency|rf_bandwidth|bandwidth|notch_center)$/, "Hz"],
  [/(^|_)(hardwaregain|rssi)$/, "dB"],
  [/(^|_)(integration_time|hwfifo_timeout|debounce_time)$/, "s"],
  [/^(length|watermark|hwfifo_watermark)$/, "scans"],
  [/^(data_available|length_align_bytes)$/, "B"],
];

/**
 * Unit of an attribute's number as the ABI states it, by name and (for channels) type; "" if it has none.
 * What the driver prints after the number comes first.
 */
export function attributeUnit(
  name: string,
  channel: { type: string; modifier: string } | null,
  raw = "",
): string {
  const printed = parseAttributeNumber(raw)?.unit;
  if (printed) return printed;
  const byName = UNIT_BY_NAME.find(([pattern]) => pattern.test(name));
  if (byName) return byName[1];
  if (!channel) return "";
  if (name === "phase") return "rad";
  if (/^(scale|input|peak_scale)$/.test(name))
    return channelUnit(channel.type, channel.modifier).abi;
  return "";
}

/**
 * Turns what a user typed into what is written: SI prefixes become digits, booleans 0 or 1, values of a list get the
 * driver's spelling. Throws BAD_VALUE with the sentence that stands beside the field. Bounds are the driver's to judge.
 */
export function attributeText(
  attribute: Pick<AttributeInfo, "control" | "available" | "unit" | "value" | "access">,
  typed: string,
): string {
  if (attribute.access === "read") throw refuse("This attribute can only be read.");
  switch (attribute.control) {
    case "boolean":
      return booleanText(attribute, typed);
    case "list":
      return listText(attribute, typed);
    case "range":
    case "number":
      return numberText(attribute.unit, typed);
    case "text":
      return typed;
  }
}

function booleanText(attribute: Pick<AttributeInfo, "value">, typed: string): string {
  const word = typed.trim().toLowerCase();
  const on = ["1", "y", "yes", "on", "true"].includes(word);
  if (!on && !["0", "n", "no", "off", "false"].includes(word)) {
    throw refuse(`"${typed.trim()}" is neither on nor off. Use 1 or 0.`);
  }
  const letters = "raw" in attribute.value && /^\s*[YN]\s*$/i.test(attribute.value.raw ?? "");
  return letters ? (on ? "Y" : "N") : on ? "1" : "0";
}

function listText(attribute: Pick<AttributeInfo, "available" | "unit">, typed: string): string {
  const values = attribute.available.kind === "list" ? attribute.available.values : [];
  const word = typed.trim();
  if (values.includes(word)) return word;
  const parsed = parseSi(word, prefixable(attribute.unit));
  if (!parsed.ok) {
    if (values.every((value) => parseAttributeNumber(value))) throw refuse(parsed.message);
    return word;
  }
  const same = values.find((value) => Number(parseAttributeNumber(value)?.text) === parsed.value);
  return same ?? parsed.text;
}

function numberText(unit: string, typed: string): string {
  const parsed = parseSi(typed, prefixable(unit));
  if (!parsed.ok) throw refuse(parsed.message);
  return parsed.text;
}

function prefixable(unit: string): string[] {
  return unit === "" ? [] : [unit];
}

function refuse(message: string) {
  return fail("BAD_VALUE", message, { field: "value" });
}

/** `voltage0/scale`, `sampling_frequency`, `buffer0/length`, `trigger:NAME/…` → scope and name. */
export function parseAttributeName(text: string): { scope: AttributeScope; name: string } | null {
  const slash = text.lastIndexOf("/");
  if (slash < 0) return text === "" ? null : { scope: { kind: "device" }, name: text };
  const [owner, name] = [text.slice(0, slash), text.slice(slash + 1)];
  if (owner === "" || name === "") return null;
  if (owner.startsWith("trigger:")) {
    return { scope: { kind: "trigger", trigger: owner.slice("trigger:".length) }, name };
  }
  const buffer = /^buffer(\d+)$/.exec(owner);
  if (buffer) return { scope: { kind: "buffer", buffer: Number(buffer[1]) }, name };
  return { scope: { kind: "channel", channel: owner }, name };
}
