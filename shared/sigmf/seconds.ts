/**
 * How the seconds of a recording count towards a length that was asked for: one rule for those that run, those that ended and
 * those that others go on from.
 */
import { count, number, positive } from "./fields.js";
import type { RecordingFacts, SigmfObject } from "./types.js";

/** Scans a second that pace a source; null: no rate is known, or it waits for blocks and the rate only spaces its values. */
export function paceHz(rateHz: number | null, waitsForBlocks = false): number | null {
  return waitsForBlocks ? null : rateHz;
}

/** By its pace; without one by the clock. */
export function countedSeconds<Clock extends number | null>(
  { rateHz, waitsForBlocks }: Pick<RecordingFacts, "rateHz" | "waitsForBlocks">,
  scans: number,
  clockSeconds: Clock,
): number | Clock {
  const pace = paceHz(rateHz, waitsForBlocks);
  return pace === null ? clockSeconds : scans / pace;
}

/**
 * Of a recording as it lies there. `clockSeconds`: as its recorder counted them; null: it was cut off, and what its samples
 * took is all that is known.
 */
export function secondsFields(
  facts: Pick<RecordingFacts, "rateHz" | "waitsForBlocks">,
  samples: number,
  { clockSeconds, rateMeasuredHz }: { clockSeconds: number | null; rateMeasuredHz: number | null },
): SigmfObject {
  const tookSeconds = rateMeasuredHz ? samples / rateMeasuredHz : null;
  return {
    "iio:seconds": countedSeconds(facts, samples, clockSeconds ?? tookSeconds),
    "iio:seconds_by": paceHz(facts.rateHz, facts.waitsForBlocks) === null ? "clock" : "rate",
  };
}

/** Of metadata; those that do not say it are taken to be paced. 0: not known. */
export function secondsIn(global: SigmfObject): number {
  if ("iio:seconds" in global) return number(global["iio:seconds"]) ?? 0;
  const samples = count(global["iio:samples"]) ?? 0;
  const rate = positive(global["iio:sample_rate"]) ?? positive(global["iio:sample_rate_measured"]);
  return rate ? samples / rate : 0;
}
