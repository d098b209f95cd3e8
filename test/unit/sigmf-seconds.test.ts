/** How long a recording is, as it counts towards a length that was asked for. */
import { describe, expect, it } from "vitest";
import { countedSeconds, secondsFields, secondsIn } from "../../shared/sigmf/seconds.js";

const paced = { rateHz: 1000 };
const waiting = { rateHz: 1000, waitsForBlocks: true as const };
const unknown = { rateHz: null };

describe("seconds of a recording", () => {
  it("are those of its rate, and of the clock where the rate paces nothing or is not known", () => {
    expect(countedSeconds(paced, 5000, 7)).toBe(5);
    expect(countedSeconds(waiting, 5000, 7)).toBe(7);
    expect(countedSeconds(unknown, 5000, 7)).toBe(7);
  });

  it("stand in the metadata, and are read as they stand there", () => {
    const ended = { clockSeconds: 1.5, rateMeasuredHz: 1e6 };
    const cutOff = { clockSeconds: null, rateMeasuredHz: 1e6 };
    for (const [facts, known, seconds, by] of [
      [paced, ended, 2000, "rate"],
      [waiting, ended, 1.5, "clock"],
      // What its samples took.
      [waiting, cutOff, 2, "clock"],
      [unknown, cutOff, 2, "clock"],
    ] as const) {
      const fields = secondsFields(facts, 2e6, known);
      expect(fields).toEqual({ "iio:seconds": seconds, "iio:seconds_by": by });
      const others = { "iio:samples": 2e6, "iio:sample_rate": 1000 };
      expect(secondsIn({ ...others, ...fields })).toBe(seconds);
    }
    const blind = secondsFields(waiting, 2e6, { clockSeconds: null, rateMeasuredHz: null });
    expect(blind["iio:seconds"]).toBe(null);
    expect(secondsIn({ "iio:samples": 2e6, "iio:sample_rate": 1000, ...blind })).toBe(0);
  });

  it("are those of the rate in recordings that do not state them", () => {
    expect(secondsIn({ "iio:samples": 5000, "iio:sample_rate": 1000 })).toBe(5);
    const measured = { "iio:sample_rate": null, "iio:sample_rate_measured": 2500 };
    expect(secondsIn({ "iio:samples": 5000, ...measured })).toBe(2);
    expect(secondsIn({ "iio:samples": 5000 })).toBe(0);
  });
});
