/** `record --trigger`: what is around each trigger, as the command line has it. */
import type { CaptureOptions, CaptureResult } from "../../shared/capture.js";
import type { ChannelInfo, DeviceInfo } from "../../shared/device.js";
import { formatCount } from "../../shared/figures.js";
import { parseSi } from "../../shared/si.js";
import { formatPeak, formatWidth } from "../../shared/sigmf/triggered.js";
import type { ScopeTrigger } from "../../shared/stream.js";
import { physicalPerCount } from "../../shared/units.js";
import {
  durationOption,
  numberOption,
  textOption,
  UsageError,
  type Arguments,
} from "./arguments.js";

export interface TriggerPlan {
  /** `voltage3:0.5:falling`: read once the device is set up. */
  trigger: string;
  hysteresis: string | undefined;
  captures: CaptureOptions;
}

const NEEDS_TRIGGER = ["before", "after", "captures", "each", "hysteresis"];
/** What says how long or which part of a recording that is whole. */
const NOT_BESIDE = ["samples", "pre", "ring-size", "ring-time"];
const SPLITS = ["split-size", "split-time"];

/** undefined: all is recorded. */
export function readTriggerPlan(args: Arguments): TriggerPlan | undefined {
  const trigger = textOption(args, "trigger");
  const given = (name: string) => args.values[name] !== undefined && args.values[name] !== false;
  if (trigger === undefined) {
    const lone = NEEDS_TRIGGER.find(given);
    if (lone) throw new UsageError(`--${lone} needs --trigger CHANNEL:LEVEL.`);
    return undefined;
  }
  partsOf(trigger);
  const each = given("each");
  const other = [...NOT_BESIDE, ...(each ? SPLITS : [])].find(given);
  if (other) {
    const these = SPLITS.includes(other) ? "--each" : "--trigger";
    throw new UsageError(`${these} and --${other} exclude each other.`);
  }
  const beforeSeconds = durationOption(args, "before", true) ?? 0;
  const afterSeconds = durationOption(args, "after", true) ?? 0;
  if (beforeSeconds + afterSeconds === 0) {
    throw new UsageError(
      "--trigger needs --before T, --after T or both: what is recorded of each.",
    );
  }
  const count = numberOption(args, "captures", { integer: true, least: 1 });
  return {
    trigger,
    hysteresis: textOption(args, "hysteresis"),
    captures: {
      beforeSeconds,
      afterSeconds,
      ...(count !== undefined && { count }),
      ...(each && { each }),
    },
  };
}

/** Counts are always understood; the channel's unit where it has a scale, and without a unit that. */
const COUNTS = "counts";
const FORM = "--trigger takes CHANNEL:LEVEL, as in voltage0:0.5 or voltage0:-20mV:falling";

function partsOf(text: string): { channel: string; level: string; edge: ScopeTrigger["edge"] } {
  const [channel = "", level = "", edge = "rising", ...more] = text
    .split(":")
    .map((part) => part.trim());
  const known = edge === "rising" || edge === "falling";
  if (channel === "" || level === "" || !known || more.length > 0) {
    throw new UsageError(`${FORM}, not "${text}".`);
  }
  return { channel, level, edge };
}

/** `enabled`: channels that are recorded. */
export function scopeTrigger(
  { trigger, hysteresis }: TriggerPlan,
  device: DeviceInfo,
  enabled: readonly string[],
): ScopeTrigger {
  const { channel: name, level: typed, edge } = partsOf(trigger);
  const pair = device.pairs.find(({ id }) => id === name);
  const of = (id: string) =>
    device.channels.find((one) => one.id === id && one.direction === "in" && enabled.includes(id));
  const channel = of(pair?.i ?? name);
  if (!channel || (pair && !of(pair.q))) {
    throw new UsageError(
      `--trigger: "${name}" is not recorded. Choose one of ${enabled.join(", ")}.`,
    );
  }
  const level = readLevel("trigger", typed, channel);
  const band = hysteresis === undefined ? null : readLevel("hysteresis", hysteresis, channel);
  if (band && (band.physical !== level.physical || !(band.value >= 0))) {
    throw new UsageError("--hysteresis takes a number from 0 in the unit of the level.");
  }
  return {
    trace: { channel: name, part: pair ? "magnitude" : "value" },
    edge,
    level: level.value,
    hysteresis: band?.value ?? defaultHysteresis(level, channel),
    physical: level.physical,
  };
}

interface Level {
  value: number;
  physical: boolean;
}

function readLevel(option: string, text: string, { id, scaled, unit }: ChannelInfo): Level {
  const units = scaled && unit !== "" ? [unit, COUNTS] : [COUNTS];
  const parsed = parseSi(text, units);
  if (!parsed.ok) {
    throw new UsageError(`--${option}: ${parsed.message} ${id} is in ${units.join(" or ")}.`);
  }
  return { value: parsed.value, physical: scaled && parsed.unit !== COUNTS };
}

/** A 256th of the channel's range, or a tenth of the level where that is less. */
function defaultHysteresis({ value, physical }: Level, channel: ChannelInfo): number {
  const format = channel.scan[0]?.format;
  const counts = format && format.kind !== "f" ? 2 ** (format.bits - 8) : Infinity;
  const band = counts * (physical ? Math.abs(physicalPerCount(channel)) : 1);
  const most = value === 0 ? Infinity : Math.abs(value) / 10;
  const least = Math.min(band, most);
  return Number.isFinite(least) ? least : 0;
}

/** More are in the metadata, and in the answer to --json. */
const LINES = 20;

export function captureLines({ count, missed, blocksNotSearched, list, trigger }: CaptureResult) {
  const shown = list.slice(0, LINES);
  const lost = missed > 0 ? `; ${formatCount(missed)} triggers missed` : "";
  const searched =
    blocksNotSearched > 0
      ? [`${formatCount(blocksNotSearched)} blocks came too fast to be searched for triggers`]
      : [];
  return [
    `${formatCount(count)} captures${lost}`,
    ...searched,
    ...shown.map((one) => {
      const peak = one.peak === null ? "no peak" : `peak ${formatPeak(one.peak, trigger.unit)}`;
      return `  ${one.number}  ${one.datetime}  ${peak}  ${formatWidth(one)} wide`;
    }),
    ...(count > shown.length ? [`  and ${formatCount(count - shown.length)} more`] : []),
  ];
}
