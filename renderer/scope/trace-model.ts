/** One trace as the scope shows it: source, words, colour, unit. */
import type { ChannelInfo, DeviceInfo } from "../../shared/device.js";
import { formatFixed, NO_FIGURE, siFigure, type Figure } from "../../shared/figures.js";
import type { StreamInfo, TraceSource } from "../../shared/stream.js";
import { takesPrefix } from "../../shared/units.js";
import { traceName, traceSlot } from "../lib/traces.js";

export interface ScopeTrace {
  source: TraceSource;
  /** Names the trace's lane: source and whether it is physical. */
  key: string;
  name: string;
  /** Colour and dash: 1 … 8. */
  slot: number;
  /** Of the drawn values; "" for raw counts and what has none. */
  unit: string;
  prefixed: boolean;
}

export function scopeTrace(
  device: DeviceInfo,
  stream: StreamInfo,
  source: TraceSource,
  physical: boolean,
): ScopeTrace {
  const unit = physical ? unitOf(device, source) : source.part === "phase" ? "rad" : "";
  return {
    source,
    key: `${source.channel} ${source.part} ${physical ? "physical" : "raw"}`,
    name: traceName(device, source),
    slot: traceSlot(device, stream.buffer, source),
    unit,
    prefixed: unit !== "" && takesPrefix(unit) && unit !== "rad",
  };
}

function unitOf(device: DeviceInfo, source: TraceSource): string {
  if (source.part === "phase") return "rad";
  const channel = channelOf(device, source);
  return channel?.scaled ? channel.unit : "";
}

/** The channel of a trace; the I of a pair. */
export function channelOf(device: DeviceInfo, source: TraceSource): ChannelInfo | undefined {
  const pair = device.pairs.find(({ id }) => id === source.channel);
  return device.channels.find(({ id }) => id === (pair?.i ?? source.channel));
}

/** A value of the trace with its unit. */
export function traceFigure(trace: ScopeTrace, value: number, digits = 4): Figure {
  return trace.prefixed
    ? siFigure(value, trace.unit, digits, { keepZeros: true })
    : { text: plainText(value, digits), unit: trace.unit };
}

/** Level or hysteresis of a trigger on the trace, as its field shows it. */
export function triggerFigure(trace: ScopeTrace, value: number): Figure {
  return trace.prefixed
    ? siFigure(value, trace.unit, 4)
    : { text: String(Number(value.toPrecision(5))), unit: trace.unit };
}

/**
 * Values that stand side by side: one prefix and the same decimals for all, by the largest of them. Null where there is
 * none.
 */
export function traceFigures(trace: ScopeTrace, values: (number | null)[]): Figure[] {
  const most = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)));
  const { factor, unit } = most > 0 ? laneScale(trace, most) : { factor: 1, unit: trace.unit };
  const whole =
    !trace.prefixed && values.every((value) => value === null || Number.isInteger(value));
  const lead = most > 0 ? Math.floor(Math.log10(most * factor) + 1e-9) : 0;
  const decimals = whole ? 0 : Math.min(9, Math.max(0, 3 - lead));
  return values.map((value) =>
    value === null
      ? { text: NO_FIGURE, unit: "" }
      : { text: formatFixed(value * factor, decimals), unit },
  );
}

/** Counts and units without prefixes: as many digits as matter, thousands parted. */
function plainText(value: number, digits: number): string {
  const whole = Number.isInteger(value);
  const decimals = whole
    ? 0
    : Math.max(0, Math.min(9, digits - 1 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return formatFixed(value, decimals);
}

/** `250 mV/div` */
export function perDivText(trace: ScopeTrace, perDiv: number): string {
  if (trace.prefixed) {
    const { text, unit } = siFigure(perDiv, trace.unit, 3);
    return `${text} ${unit}/div`;
  }
  return `${plainText(perDiv, 3)}${trace.unit ? ` ${trace.unit}` : ""}/div`;
}

/** Figures along a lane in one unit, chosen by the size of a division: 250, −250 with `mV`. */
export function laneScale(trace: ScopeTrace, perDiv: number): { factor: number; unit: string } {
  if (!trace.prefixed) return { factor: 1, unit: trace.unit };
  const { unit } = siFigure(perDiv, trace.unit, 3);
  const shown = Number(siFigure(perDiv, trace.unit, 6).text.replace(/,/g, ""));
  return { factor: perDiv > 0 ? shown / perDiv : 1, unit };
}
