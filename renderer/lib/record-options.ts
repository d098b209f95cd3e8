/** How the window records, as the user left it: plain values, and how they are read back from text that may be broken. */
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
}

export const RECORD_DEFAULTS: RecordOptions = {
  keepSeconds: 5,
  preSeconds: 0,
  split: null,
  ring: null,
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
  };
}
