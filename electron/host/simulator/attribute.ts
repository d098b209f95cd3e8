/**
 * Attributes of simulated devices. They behave as IIO's: raw strings as a driver prints them, `_available` lists and
 * ranges, EINVAL for what can't be, and the value the device kept said with the refusal.
 */
import type {
  AttributeAvailable,
  AttributeControl,
  AttributeInfo,
  AttributeScope,
  AttributeValue,
} from "../../../shared/device.js";
import { fail, type StudioFailure } from "../../../shared/errors.js";
import { formatFixed, formatSi } from "../../../shared/figures.js";
import { parseSi } from "../../../shared/si.js";
import { takesPrefix } from "../../../shared/units.js";

export interface SimAttribute {
  scope: AttributeScope;
  name: string;
  unit: string;
  access: "read" | "read-write";
  control: AttributeControl;
  available: AttributeAvailable;
  /** The text a driver would print. */
  read(): string;
  /** Takes a text as written to the file; throws as the driver would refuse. */
  write(text: string): void;
  /** Takes effect only at a start. */
  needsRestart?: boolean;
  /** Changes what channels or buffers of a device look like (scale, rate). */
  reshapes?: boolean;
  /** Answers while the device is gone: the plug itself. */
  outlives?: boolean;
}

type More = Partial<Pick<SimAttribute, "needsRestart" | "reshapes" | "outlives">>;
interface Place {
  scope: AttributeScope;
  name: string;
}

/** A number the device keeps. `get()` is what the rest of the simulator computes with. */
export interface SimNumber extends SimAttribute {
  get(): number;
}

export const onDevice: AttributeScope = { kind: "device" };
export const onChannel = (channel: string): AttributeScope => ({ kind: "channel", channel });

export function numberAttribute(
  place: Place,
  options: {
    value: number;
    min: number;
    max: number;
    step?: number;
    unit?: string;
    /** Decimals a driver prints. */
    decimals?: number;
    /** Printed after the number (` dB`). */
    suffix?: string;
    /** Shown as a slider with `_available`; without, any number up to the bounds is typed. */
    slider?: boolean;
  } & More,
): SimNumber {
  const { min, max, step = 1, unit = "", decimals = 0, suffix = "", slider, ...more } = options;
  let { value } = options;
  const text = (number: number): string => number.toFixed(decimals);
  const shown = (number: number): string => {
    if (unit === "") return formatFixed(number, decimals);
    return takesPrefix(unit)
      ? formatSi(number, unit, 6)
      : `${formatFixed(number, decimals)} ${unit}`;
  };
  return {
    ...place,
    ...more,
    unit,
    access: "read-write",
    control: slider ? "range" : "number",
    available: slider
      ? { kind: "range", min: text(min), step: text(step), max: text(max) }
      : { kind: "any" },
    get: () => value,
    read: () => text(value) + suffix,
    write(typed) {
      const parsed = parseSi(typed, unit ? [unit] : []);
      if (!parsed.ok) throw refused(`“${typed.trim()}” is no number.`, text(value), shown(value));
      const wanted = parsed.value;
      if (wanted > max) throw refused(`At most ${shown(max)}.`, text(value), shown(value));
      if (wanted < min) throw refused(`At least ${shown(min)}.`, text(value), shown(value));
      value = Math.min(max, Math.max(min, Number((Math.round(wanted / step) * step).toFixed(9))));
    },
  };
}

export interface SimList extends SimAttribute {
  get(): string;
}

export function listAttribute(
  place: Place,
  options: { value: string; values: string[]; unit?: string } & More,
): SimList {
  const { values, unit = "", ...more } = options;
  let { value } = options;
  return {
    ...place,
    ...more,
    unit,
    access: "read-write",
    control: "list",
    available: { kind: "list", values },
    get: () => value,
    read: () => value,
    write(typed) {
      const wanted = typed.trim();
      if (!values.includes(wanted)) {
        throw refused(`“${wanted}” is not one of ${values.join(", ")}.`, value, value);
      }
      value = wanted;
    },
  };
}

export interface SimSwitch extends SimAttribute {
  get(): boolean;
  set(on: boolean): void;
}

export function switchAttribute(
  place: Place,
  options: { value?: boolean; onChange?: (on: boolean) => void } & More = {},
): SimSwitch {
  const { onChange, value: initial = false, ...more } = options;
  let value = initial;
  return {
    ...place,
    ...more,
    unit: "",
    access: "read-write",
    control: "boolean",
    available: { kind: "any" },
    get: () => value,
    set: (on) => void (value = on),
    read: () => (value ? "1" : "0"),
    write(typed) {
      const wanted = typed.trim();
      if (!["0", "1", "Y", "N", "y", "n"].includes(wanted)) {
        throw refused(`“${wanted}” is neither 0 nor 1.`, value ? "1" : "0", value ? "1" : "0");
      }
      value = "1Yy".includes(wanted);
      onChange?.(value);
    },
  };
}

/** A value the driver only tells. */
export function readOnlyAttribute(
  place: Place,
  read: () => string,
  unit = "",
  more: More = {},
): SimAttribute {
  return {
    ...place,
    ...more,
    unit,
    access: "read",
    control: "text",
    available: { kind: "any" },
    read,
    write() {
      throw fail("EACCES", "This attribute can only be read.", {
        errno: 13,
        field: "value",
        kept: read(),
      });
    },
  };
}

export function attributeInfo(attribute: SimAttribute, value: AttributeValue): AttributeInfo {
  const { scope, name, access, control, available, unit } = attribute;
  return { scope, name, access, control, available, unit, value };
}

/** EINVAL with the sentence that stands beside the field. */
function refused(why: string, kept: string, keptShown: string): StudioFailure {
  return fail("EINVAL", `${why} The device kept ${keptShown}.`, {
    errno: 22,
    syscall: "write",
    field: "value",
    kept,
  });
}
