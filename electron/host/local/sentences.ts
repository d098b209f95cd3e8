/** What a refusal by the kernel means, in a sentence with a next step. */
import { parseAttributeNumber } from "../../../shared/attributes.js";
import { formatAttributeName } from "../../../shared/device.js";
import type { AttributeInfo } from "../../../shared/device.js";
import { toStudioError } from "../../../shared/errors.js";
import type { StudioError } from "../../../shared/errors.js";
import { MINUS, formatFixed, formatSi } from "../../../shared/figures.js";
import { takesPrefix } from "../../../shared/units.js";
import { permissionFix } from "./fixes.js";

/** Why something is busy, as far as it is known. */
export type BusyCause =
  /** A stream of this program runs on the device. */
  | { by: "own stream" }
  /** `iiod (process 712)`, or "" if it could not be found out. */
  | { by: "program"; holder: string }
  /** Nobody holds the buffer, or there is none: the driver has its own reasons. */
  | { by: "driver" }
  | { by: "unknown" };

/** A value as people read it, with the attribute's unit: `56 MHz`, `−12`, `0.25 dB`. */
export function shownValue(raw: string, unit: string): string {
  const number = parseAttributeNumber(raw);
  if (!number) return raw.trim();
  const withUnit = unit || number.unit;
  const value = Number(number.text);
  if (withUnit !== "" && takesPrefix(withUnit)) return formatSi(value, withUnit, 9);
  const decimals = (number.text.split(".")[1] ?? "").replace(/0+$/, "").length;
  const text = /e/i.test(number.text)
    ? number.text.replace(/^-/, MINUS)
    : formatFixed(value, decimals);
  return withUnit === "" ? text : `${text} ${withUnit}`;
}

/**
 * A refused write. `typed` is what was written, `kept` what the device holds now (null if that could not be read).
 */
export function writeRefused(
  thrown: unknown,
  attribute: AttributeInfo,
  typed: string,
  kept: string | null,
  busy: BusyCause,
): StudioError {
  const cause = toStudioError(thrown);
  const refused: StudioError = { ...cause, field: "value" };
  if (kept !== null) refused.kept = kept;
  const keptText =
    kept === null || kept === "" ? "" : ` The device kept ${shownValue(kept, attribute.unit)}.`;
  switch (cause.code) {
    case "EINVAL":
    case "ERANGE":
    case "EOPNOTSUPP":
      refused.message = boundsSentence(attribute, typed) + keptText;
      break;
    case "EBUSY":
      refused.message = busySentence(busy) + keptText;
      break;
    case "EACCES":
    case "EPERM":
      refused.message =
        `${formatAttributeName(attribute.scope, attribute.name)} may not be written by this user. ` +
        "Install the udev rule and join its group.";
      refused.fix = permissionFix();
      break;
    case "ENODEV":
    case "ENOENT":
      refused.message = `What ${attribute.name} belongs to is gone (${cause.code}). Plug the device in again.`;
      break;
  }
  return refused;
}

function boundsSentence(attribute: AttributeInfo, typed: string): string {
  const { available, unit } = attribute;
  if (available.kind === "list") {
    const shown = available.values.slice(0, 12).map((value) => shownValue(value, unit));
    if (available.values.length > 12) shown.push("…");
    return `One of ${shown.join(", ")}.`;
  }
  if (available.kind === "range") {
    const [value, min, max] = [Number(typed), Number(available.min), Number(available.max)];
    if (value > max) return `At most ${shownValue(available.max, unit)}.`;
    if (value < min) return `At least ${shownValue(available.min, unit)}.`;
    return (
      `${shownValue(available.min, unit)} to ${shownValue(available.max, unit)} ` +
      `in steps of ${shownValue(available.step, unit)}.`
    );
  }
  return `The device does not take ${shownValue(typed, unit)}; it does not say what it takes.`;
}

export function busySentence(busy: BusyCause): string {
  switch (busy.by) {
    case "own stream":
      return "The device takes this only while its buffer is stopped. Stop the stream first.";
    case "program":
      return `The device is in use by ${busy.holder || "another program"}. Stop that program first.`;
    case "driver":
      return "The driver is busy (EBUSY), and no program holds its buffer. Try again in a moment.";
    case "unknown":
      return "The device is busy (EBUSY), perhaps with another program. Try again when that has ended.";
  }
}

/** A refused read, kept as the attribute's value. */
export function readRefused(thrown: unknown, name: string, busy: BusyCause): StudioError {
  const cause = toStudioError(thrown);
  switch (cause.code) {
    case "EBUSY":
      return {
        ...cause,
        message: busySentence(busy).replace("takes this", "can be asked for this"),
      };
    case "EACCES":
    case "EPERM":
      return {
        ...cause,
        message: `${name} may not be read by this user. Install the udev rule and join its group.`,
        fix: permissionFix(),
      };
    case "ENODEV":
    case "ENOENT":
      return {
        ...cause,
        message: `What ${name} belongs to is gone (${cause.code}). Plug the device in again.`,
      };
    case "EINVAL":
    case "EOPNOTSUPP":
      return {
        ...cause,
        message: `The driver does not answer ${name} as the device is set now (${cause.code}). Change its mode, or leave it.`,
      };
    case "EIO":
    case "EREMOTEIO":
    case "ENXIO":
      return {
        ...cause,
        message: `The device did not answer on its bus (${cause.code}). Look at its wiring and supply.`,
      };
    default:
      return cause;
  }
}
