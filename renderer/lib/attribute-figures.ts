/** Attribute values as they are shown and typed: with the SI prefix people read, without losing a digit of the driver's. */
import { attributeText, parseAttributeNumber } from "../../shared/attributes.js";
import type { AttributeInfo } from "../../shared/device.js";
import { formatFixed, siFigure, type Figure } from "../../shared/figures.js";
import { parseSi } from "../../shared/si.js";
import { takesPrefix } from "../../shared/units.js";

/** Units of the ABI that carry a prefix: what they are without it. */
const BASE: Record<string, { unit: string; exponent: number }> = {
  mV: { unit: "V", exponent: -3 },
  mA: { unit: "A", exponent: -3 },
  mW: { unit: "W", exponent: -3 },
  nF: { unit: "F", exponent: -9 },
  "m°C": { unit: "°C", exponent: -3 },
  "m%": { unit: "%", exponent: -3 },
  kPa: { unit: "Pa", exponent: 3 },
};
/** More digits than a double holds are not digits of the value. */
const MOST_DIGITS = 15;

function significantDigits(text: string): number {
  return text
    .replace(/e.*$/i, "")
    .replace(/[-+.]/g, "")
    .replace(/^0+|0+$/g, "").length;
}

/** `61440000` in Hz → `61.44` `MHz`; `41200` in m°C → `41.2` `°C`; `-12` → `−12`. Text that is no number stays as it is. */
export function shownFigure(raw: string, unit: string): Figure {
  const number = parseAttributeNumber(raw);
  if (!number) return { text: raw.trim(), unit: "" };
  const base = BASE[unit];
  const parsed = parseSi(base ? `${number.text}e${base.exponent}` : number.text);
  const value = parsed.ok ? parsed.value : Number(number.text);
  const shown = base?.unit ?? unit;
  if (shown !== "" && takesPrefix(shown)) {
    const digits = Math.min(MOST_DIGITS, Math.max(4, significantDigits(number.text)));
    return siFigure(value, shown, digits);
  }
  const text = parsed.ok ? parsed.text : number.text;
  const decimals = Math.min(12, text.split(".")[1]?.length ?? 0);
  return { text: formatFixed(value, decimals), unit: shown };
}

/** What is written for what was typed. Throws BAD_VALUE with the sentence that stands beside the field. */
export function writtenText(attribute: AttributeInfo, typed: string): string {
  const base = BASE[attribute.unit];
  if (!base || (attribute.control !== "number" && attribute.control !== "range")) {
    return attributeText(attribute, typed);
  }
  const parsed = parseSi(typed, [base.unit, attribute.unit]);
  if (!parsed.ok || parsed.unit !== base.unit) return attributeText(attribute, typed);
  const own = parseSi(`${parsed.text}e${-base.exponent}`);
  return attributeText(attribute, own.ok ? own.text : typed);
}

/** The label of a listed value: numbers with their unit, words as they are. */
export function listLabel(value: string, unit: string): string {
  const figure = shownFigure(value, unit);
  return figure.unit ? `${figure.text} ${figure.unit}` : value;
}
