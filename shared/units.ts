/**
 * Units by channel type, from the kernel's Documentation/ABI/testing/sysfs-bus-iio:
 * (raw + offset) × scale is in `abi`; people read `display`, which is `factor` times as much in number.
 */

export interface ChannelUnit {
  /** Unit after offset and scale, as the ABI states it. "" where a quantity has none. */
  abi: string;
  /** Unit shown: SI without a prefix where there is one (prefixes are chosen when a figure is printed). */
  display: string;
  /** display = abi × factor. */
  factor: number;
}

const NONE: ChannelUnit = { abi: "", display: "", factor: 1 };
const same = (unit: string): ChannelUnit => ({ abi: unit, display: unit, factor: 1 });

const UNITS: Record<string, ChannelUnit> = {
  voltage: { abi: "mV", display: "V", factor: 1e-3 },
  altvoltage: { abi: "mV", display: "V", factor: 1e-3 },
  current: { abi: "mA", display: "A", factor: 1e-3 },
  power: { abi: "mW", display: "W", factor: 1e-3 },
  capacitance: { abi: "nF", display: "F", factor: 1e-9 },
  resistance: same("Ω"),
  electricalconductivity: same("S/m"),
  energy: same("J"),
  accel: same("m/s²"),
  gravity: same("m/s²"),
  anglvel: same("rad/s"),
  deltaangl: same("rad"),
  deltavelocity: same("m/s"),
  velocity: same("m/s"),
  magn: same("G"),
  incli: same("°"),
  angl: same("rad"),
  rot: NONE,
  phase: same("rad"),
  temp: { abi: "m°C", display: "°C", factor: 1e-3 },
  pressure: { abi: "kPa", display: "Pa", factor: 1e3 },
  humidityrelative: { abi: "m%", display: "%", factor: 1e-3 },
  positionrelative: { abi: "m%", display: "%", factor: 1e-3 },
  illuminance: same("lx"),
  intensity: NONE,
  proximity: same("m"),
  distance: same("m"),
  concentration: same("%"),
  massconcentration: same("µg/m³"),
  activity: same("%"),
  cct: same("K"),
  colortemp: same("K"),
  timestamp: { abi: "ns", display: "s", factor: 1e-9 },
};

/** Rotation is a unit quaternion, except as an angle about north or an Euler angle: those are degrees. */
const ROT_DEGREES = /^(from_north_(magnetic|true)(_tilt_comp)?|yaw|pitch|roll)$/;

/** A type this table does not know (`ph`, `count`, `uvindex`, newer ones) has no unit. */
export function channelUnit(type: string, modifier = ""): ChannelUnit {
  if (type === "rot" && ROT_DEGREES.test(modifier)) return same("°");
  // Colour channels of an illuminance or intensity sensor are unit-less by the ABI, except in CIE x, y, z.
  if (type === "intensity" && /^[xyz]$/.test(modifier)) {
    return { abi: "nW/m²", display: "W/m²", factor: 1e-9 };
  }
  return UNITS[type] ?? NONE;
}

/** Units that take SI prefixes when a figure is printed. `%`, `°C`, `°` and those with a prefix in them do not. */
export function takesPrefix(unit: string): boolean {
  return !["", "%", "°", "°C", "dB", "dBm", "µg/m³", "m%", "m°C", "mV", "mA", "mW", "nF"].includes(
    unit,
  );
}

export interface Scaling {
  scale: string;
  offset: string;
  unitFactor: number;
}

/** physical = (raw + offset) × scale × unitFactor. Text that is no number counts as scale 1, offset 0. */
export function toPhysical(raw: number, scaling: Scaling): number {
  return (raw + scalingNumber(scaling.offset, 0)) * physicalPerCount(scaling);
}

export function toRaw(physical: number, scaling: Scaling): number {
  return physical / physicalPerCount(scaling) - scalingNumber(scaling.offset, 0);
}

/** How many display units one count is. */
export function physicalPerCount(scaling: Scaling): number {
  return scalingNumber(scaling.scale, 1) * scaling.unitFactor;
}

/** Number of a scale or offset as the driver wrote it; `fallback` where it is missing or no number. */
export function scalingNumber(text: string, fallback: number): number {
  const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)/i.exec(text);
  if (!match) return fallback;
  const value = Number(match[1]);
  return Number.isFinite(value) ? value : fallback;
}
