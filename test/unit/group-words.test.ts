import { describe, expect, it } from "vitest";
import { groupLines } from "../../shared/group-words.js";
import type { GroupMember } from "../../shared/group.js";

const first: GroupMember = {
  name: "take-adc",
  device: "sim:adc",
  buffer: 0,
  firstSampleNs: "1000",
  rateHz: 1e6,
  rateMeasuredHz: 1e6,
  startSkewSeconds: 0,
  startSkewUncertaintySeconds: 0,
  driftPpm: 0,
  driftUncertaintyPpm: 0,
  offsetSamples: null,
};
const second: GroupMember = {
  ...first,
  name: "take-rx",
  startSkewSeconds: 1.2e-3,
  startSkewUncertaintySeconds: 42e-6,
  driftPpm: -3.14,
  driftUncertaintyPpm: 0.6,
};

describe("what is said of a group's timing", () => {
  it("is skew and drift to the first, with how sure they are, and that no alignment is claimed", () => {
    expect(groupLines([first, second], false)).toEqual([
      "take-rx: begins 1.2 ms after take-adc (± 42 µs), its clock runs 3.1 ppm slower (± 0.6 ppm).",
      "Which samples belong together is not said: each device has a clock of its own, as far as anybody told.",
    ]);
  });

  it("takes no drift for one that is not larger than its uncertainty", () => {
    const [line] = groupLines(
      [first, { ...second, driftPpm: 0.2, startSkewSeconds: -2e-6 }],
      false,
    );
    expect(line).toBe(
      "take-rx: begins 2 µs before take-adc (± 42 µs), its clock was not seen to run at another rate (± 0.6 ppm).",
    );
  });

  it("names the samples that belong together only where the user said that the clock is shared", () => {
    const shared = groupLines([first, { ...second, offsetSamples: -12 }], true);
    expect(shared[1]).toContain("sample n belongs to sample n − 12 of take-adc");
    expect(groupLines([first, second], true)[1]).toContain("can't be told");
    expect(groupLines([first, { ...second, offsetSamples: 5 }], false).join()).not.toContain("n +");
  });

  it("says what is not known", () => {
    const unknown = {
      ...second,
      startSkewSeconds: null,
      startSkewUncertaintySeconds: null,
      driftPpm: null,
      driftUncertaintyPpm: null,
    };
    expect(groupLines([first, unknown], false)[0]).toContain("is not known");
    expect(groupLines([], true)).toEqual([]);
    expect(groupLines([first], false)).toEqual([]);
  });
});
