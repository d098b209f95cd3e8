/** How the window records, as the user left it: plain values, and how they are read back from text that may be broken. */
import { CAPTURE_MOST_SECONDS, type CaptureOptions } from "../../shared/capture.js";
import type { Amount } from "../../shared/recording.js";
import { restoreAmount } from "./amount.js";

export interface RecordOptions {
  /** What "Keep" saves of what has just happened. */
  keepSeconds: number;
  /** Record begins so long before it is pressed; 0: with the press. */
  preSeconds: number;
  /** In parts, each so much; null: whole. */
  split: Amount | null;
  /** Only the last so much stays; null: all. */
  ring: Amount | null;
  trigger: TriggerOptions;
  /** Words stay as the device stores them. */
  raw: boolean;
}

/** Only what is around each trigger of the scope trigger, if it is `on`. */
export interface TriggerOptions {
  on: boolean;
  /** Together more than 0. */
  beforeSeconds: number;
  afterSeconds: number;
  /** Ends with so many; null: until stopped. */
  count: number | null;
  /** Each a recording of its own. */
  each: boolean;
}

export const TRIGGER_DEFAULTS: TriggerOptions = {
  on: false,
  beforeSeconds: 0.01,
  afterSeconds: 0.01,
  count: null,
  each: false,
};

export const RECORD_DEFAULTS: RecordOptions = {
  keepSeconds: 5,
  preSeconds: 0,
  split: null,
  ring: null,
  trigger: TRIGGER_DEFAULTS,
  raw: false,
};

/** Of what is asked of the past; more than the history holds is said when it is asked. */
export const KEEP_LEAST_SECONDS = 1e-6;
export const KEEP_MOST_SECONDS = 86_400;

/** Never throws: what can't be read falls back to its default. */
export function parseRecordOptions(value: unknown): RecordOptions {
  const known = (value !== null && typeof value === "object" ? value : {}) as Partial<
    Record<keyof RecordOptions, unknown>
  >;
  const seconds = (key: "keepSeconds" | "preSeconds", least: number): number => {
    const one = known[key];
    const fits = typeof one === "number" && one >= least && one <= KEEP_MOST_SECONDS;
    return fits ? one : RECORD_DEFAULTS[key];
  };
  return {
    keepSeconds: seconds("keepSeconds", KEEP_LEAST_SECONDS),
    preSeconds: seconds("preSeconds", 0),
    split: restoreAmount(known.split),
    ring: restoreAmount(known.ring),
    trigger: parseTriggerOptions(known.trigger),
    raw: known.raw === true,
  };
}

function parseTriggerOptions(value: unknown): TriggerOptions {
  const known = (value !== null && typeof value === "object" ? value : {}) as Partial<
    Record<keyof TriggerOptions, unknown>
  >;
  const { beforeSeconds: before, afterSeconds: after, count } = known;
  const fits = (one: unknown): one is number =>
    typeof one === "number" && one >= 0 && one <= CAPTURE_MOST_SECONDS;
  const both = fits(before) && fits(after) && before + after > 0;
  const whole = typeof count === "number" && Number.isSafeInteger(count) && count > 0;
  return {
    on: known.on === true,
    beforeSeconds: both ? before : TRIGGER_DEFAULTS.beforeSeconds,
    afterSeconds: both ? after : TRIGGER_DEFAULTS.afterSeconds,
    count: whole ? count : null,
    each: known.each === true,
  };
}

/** Why a ring can't be of such parts; null: it can, or nobody knows how much comes in a second. */
export function ringFault(
  split: Amount | null,
  ring: Amount | null,
  bytesPerSecond: number | null,
): string | null {
  if (!split || !ring) return null;
  const bytes = (amount: Amount): number | null => {
    if (amount.kind === "bytes") return amount.bytes;
    return bytesPerSecond && amount.seconds * bytesPerSecond;
  };
  const [part, all] =
    split.kind === "seconds" && ring.kind === "seconds"
      ? [split.seconds, ring.seconds]
      : [bytes(split), bytes(ring)];
  if (part === null || all === null || part * 2 <= all) return null;
  return "A ring holds at least two parts. Take shorter parts, or a longer ring.";
}

/**
 * What a recording is asked with: captures, or what of the past and which parts. Plain copies: what is reactive can't pass
 * through a door.
 */
export function recordParams({ preSeconds, split, ring, trigger, raw }: RecordOptions): {
  preSeconds?: number;
  split?: Amount;
  ring?: Amount;
  captures?: CaptureOptions;
  raw?: boolean;
} {
  const stored = raw ? { raw } : {};
  if (!trigger.on) {
    return {
      ...stored,
      ...(preSeconds > 0 ? { preSeconds } : {}),
      ...(split ? { split: { ...split } } : {}),
      ...(ring ? { ring: { ...ring } } : {}),
    };
  }
  const { beforeSeconds, afterSeconds, count, each } = trigger;
  return {
    ...stored,
    captures: {
      beforeSeconds,
      afterSeconds,
      ...(count === null ? {} : { count }),
      ...(each ? { each } : {}),
    },
    ...(split && !each ? { split: { ...split } } : {}),
  };
}
