/** The plot in words, for those who cannot see it. */
import { describe, expect, it } from "vitest";
import { readout } from "../../renderer/scope/readout.js";
import type { Frame } from "../../shared/view.js";

describe("the words for a picture", () => {
  const frame = {
    x: Float64Array.of(0, 1),
    t: Float64Array.of(0, 1),
    traces: [],
    gaps: [],
    timeAxis: "index",
    fromScan: 0,
    toScan: 2,
    trigger: null,
  } as unknown as Frame;

  it("say of a recording that it is one, and of a live one how it sweeps", () => {
    const live = { frozen: false, recorded: false };
    expect(readout(frame, [], live)).toBe("2 scans shown; running free");
    expect(readout(frame, [], { ...live, frozen: true })).toBe("2 scans shown; frozen");
    expect(readout(frame, [], { ...live, recorded: true })).toBe("2 scans shown; recorded");
    expect(readout(frame, [], { frozen: true, recorded: true })).toBe("2 scans shown; recorded");
  });

  it("say of one gap that it is one", () => {
    const gaps = [{ scan: 1, lost: 1 }];
    const words = readout({ ...frame, gaps } as Frame, [], { frozen: false, recorded: false });
    expect(words).toBe("2 scans shown; running free; 1 gap");
  });
});
