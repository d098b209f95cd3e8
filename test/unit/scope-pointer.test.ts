import { describe, expect, it } from "vitest";
import { computed, ref } from "vue";
import { FileIndex } from "../../renderer/scope/file-index.js";
import { scanAtTime, scanNear, timeOfScan } from "../../renderer/scope/frame-math.js";
import { gapBands, mayBeJoined } from "../../renderer/scope/gap-bands.js";
import { bandWords } from "../../renderer/scope/gap-words.js";
import { axisUnitOf, laneFigures } from "../../renderer/scope/lane-figures.js";
import { coversItsRange, fitLanes, outgrown } from "../../renderer/scope/lanes.js";
import { frequencyFigure, indexWords, timeFigure } from "../../renderer/scope/pointer-words.js";
import { zeroOf, ZERO_WORDS } from "../../renderer/scope/pointer-words.js";
import { axisUnit } from "../../renderer/scope/time-axis.js";
import type { ScopeTrace } from "../../renderer/scope/trace-model.js";
import { usePointer } from "../../renderer/scope/use-pointer.js";
import type { GapInfo } from "../../shared/stream.js";
import type { Frame } from "../../shared/view.js";

function frame(over: Partial<Frame>): Frame {
  const scans = Float64Array.from({ length: 101 }, (_, k) => k);
  return {
    stream: "s",
    run: 1,
    form: "samples",
    originScan: 1000,
    zeroFraction: 0,
    x: scans,
    t: scans.map((scan) => scan * 1e-3),
    timeAxis: "rate",
    zeroTimeNs: "",
    ageSeconds: null,
    traces: [{ y: scans, touchesTop: 0, touchesBottom: 0, hasNaN: false }],
    gaps: [],
    fromScan: 1000,
    toScan: 1100,
    samplesFromScan: 0,
    trigger: null,
    triggersTotal: 0,
    summarised: 1,
    ...over,
  };
}

function gap(over: Partial<GapInfo>): GapInfo {
  const lost = over.lost ?? 2;
  return {
    scan: 1010,
    sample: 8,
    lost,
    lostMin: lost,
    lostMax: lost,
    grade: "exact",
    cause: "counter",
    timeNs: "",
    ...over,
  };
}

describe("the scan under the pointer", () => {
  it("is what the time of a scan turns round, inside the points and beyond them", () => {
    const uneven = frame({
      x: new Float64Array([0, 1, 2, 3]),
      t: new Float64Array([0, 1e-3, 5e-3, 6e-3]),
    });
    for (const scan of [990, 1000, 1000.5, 1001.5, 1003, 1200]) {
      expect(scanAtTime(uneven, timeOfScan(uneven, scan))).toBeCloseTo(scan);
    }
  });
  it("is the nearest one, with its own time", () => {
    const near = scanNear(frame({}), 0.0126)!;
    expect(near.scan).toBe(1013);
    expect(near.seconds).toBeCloseTo(0.013);
    const none = new Float64Array(0);
    expect(scanNear(frame({ x: none, t: none }), 0.01)).toBeNull();
  });
});

describe("samples of a recording's file", () => {
  it("count from its first sample and leave out what was lost", () => {
    const index = new FileIndex(1000);
    index.learn(frame({ gaps: [gap({}), gap({ scan: 1050, sample: 40, lost: 8 })] }), false);
    expect(index.of(1000)).toEqual({ sample: 0, exact: true });
    expect(index.of(1007)).toEqual({ sample: 7, exact: true });
    expect(index.of(1010)).toEqual({ sample: 8, exact: true });
    expect(index.of(1041)).toEqual({ sample: 39, exact: true });
    expect(index.of(1060)).toEqual({ sample: 50, exact: true });
  });
  it("are known beyond what is shown once it was shown", () => {
    const index = new FileIndex(1000);
    index.learn(frame({ gaps: [gap({})] }), false);
    index.learn(frame({ fromScan: 1020, toScan: 1030 }), false);
    expect(index.of(1025)).toEqual({ sample: 23, exact: true });
  });
  it("are an upper bound where more gaps may lie than were shown", () => {
    const index = new FileIndex(1000);
    index.learn(frame({ gaps: [gap({})] }), true);
    expect(index.of(1025)).toEqual({ sample: 23, exact: false });
    index.learn(frame({ fromScan: 1005, toScan: 1030, gaps: [gap({})] }), false);
    expect(index.of(1025)).toMatchObject({ exact: true });
    expect(index.of(1040)).toMatchObject({ exact: false });
  });
  it("are none between two captures, nor where samples were lost", () => {
    const index = new FileIndex(1000);
    const second = gap({ scan: 1060, sample: 20, lost: 0, cause: "not-recorded" });
    index.learn(frame({ gaps: [second, gap({ scan: 1080, sample: 35, lost: 5 })] }), false);
    expect(index.of(1019)).toEqual({ sample: 19, exact: true });
    expect(index.of(1020)).toBe("not-recorded");
    expect(index.of(1059)).toBe("not-recorded");
    expect(index.of(1060)).toEqual({ sample: 20, exact: true });
    expect(index.of(1074)).toEqual({ sample: 34, exact: true });
    expect(index.of(1075)).toBe("lost");
    expect(index.of(1080)).toEqual({ sample: 35, exact: true });
  });
  it("never reach those of the next capture where gaps between are not known", () => {
    const index = new FileIndex(1000);
    index.learn(frame({ gaps: [gap({ scan: 1060, sample: 20, cause: "not-recorded" })] }), true);
    expect(index.of(1050)).toEqual({ sample: 19, exact: false });
  });
});

describe("the line of the pointer", () => {
  it("gives both indices where the file's and the stream's differ", () => {
    expect(indexWords(12_345, null)).toBe("scan 12,345");
    expect(indexWords(12_345, { sample: 12_345, exact: true })).toBe("sample 12,345");
    expect(indexWords(112_345, { sample: 12_345, exact: true })).toBe(
      "sample 12,345, stream 112,345",
    );
    expect(indexWords(112_345, { sample: 12_345, exact: false })).toContain("sample ≤ 12,345");
  });
  it("tells one scan from the next", () => {
    const unit = axisUnit({ from: 0, to: 9e-4 }, "rate");
    expect(timeFigure(1.23456e-4, unit, 1e-6)).toEqual({ text: "123.5", unit: "µs" });
    expect(timeFigure(1.23456e-4, unit, 1 / 61.44e6)).toEqual({ text: "123.456", unit: "µs" });
    expect(timeFigure(3600.000123, axisUnit({ from: 0, to: 3600 }, "rate"), 1e-6).text).toBe(
      "3.600000123",
    );
  });
  it("gives a difference as a frequency, too", () => {
    expect(frequencyFigure(-2e-5, "rate")).toEqual({ text: "50.00", unit: "kHz" });
    expect(frequencyFigure(0, "rate")).toBeNull();
    expect(frequencyFigure(5, "index")).toBeNull();
  });
});

describe("the pointer over a recording", () => {
  const over = (seconds: number, gapsInAll: number) => {
    const pointer = usePointer({
      frame: computed(() => frame({ gaps: [gap({ scan: 1050, sample: 40, lost: 10 })] })),
      rateHz: computed(() => 1000),
      columns: ref(10),
      gapsInAll: computed(() => gapsInAll),
      fileFrom: computed(() => 1000),
    });
    pointer.seconds.value = seconds;
    return pointer;
  };
  it("finds a lost scan, and no sample of the file there", () => {
    expect(over(0.045, 1).near.value).toMatchObject({
      ...{ scan: 1045, missing: "lost", file: null },
    });
    expect(over(0.06, 1).near.value).toMatchObject({
      missing: null,
      file: { sample: 50, exact: true },
    });
  });
  it("claims neither where the host joined gaps", () => {
    expect(over(0.045, 500).near.value).toMatchObject({
      missing: null,
      file: { sample: 39, exact: false },
    });
  });
  it("says that nothing was recorded between two captures", () => {
    const pointer = usePointer({
      frame: computed(() =>
        frame({ gaps: [gap({ scan: 1050, sample: 10, lost: 0, cause: "not-recorded" })] }),
      ),
      rateHz: computed(() => 1000),
      columns: ref(10),
      gapsInAll: computed(() => 0),
      fileFrom: computed(() => 1000),
    });
    pointer.seconds.value = 0.03;
    expect(pointer.near.value).toMatchObject({ missing: "not-recorded", file: null });
    pointer.seconds.value = 0.06;
    expect(pointer.near.value).toMatchObject({ missing: null, file: { sample: 20 } });
  });
  it("measures from the mark in time and in scans", () => {
    const pointer = over(0.02, 1);
    pointer.setMark();
    pointer.seconds.value = 0.06;
    expect(pointer.difference.value!.seconds).toBeCloseTo(0.04);
    expect(pointer.difference.value!.scans).toBe(40);
    pointer.seconds.value = null;
    pointer.setMark();
    expect(pointer.mark.value).toBeNull();
  });
});

describe("which zero the time axis has", () => {
  const trigger = { scan: 1020, fraction: 0, number: 1 };
  const live = { recording: false, frozen: null, roll: false };
  it("is said for every picture", () => {
    expect(zeroOf(frame({ trigger }), live)).toBe("trigger");
    expect(zeroOf(null, { ...live, recording: true, frozen: { atTrigger: true } })).toBe("trigger");
    expect(zeroOf(frame({}), live)).toBe("free");
    expect(zeroOf(frame({}), { ...live, roll: true })).toBe("left");
    expect(zeroOf(frame({}), { ...live, frozen: { atTrigger: true } })).toBe("trigger");
    expect(zeroOf(frame({}), { ...live, frozen: { atTrigger: false } })).toBe("frozen");
    expect(ZERO_WORDS[zeroOf(frame({}), { ...live, recording: true })]).toBe(
      "0 = first sample of the file",
    );
  });
});

describe("gaps closer together than they can be drawn", () => {
  const many = Array.from({ length: 40 }, (_, k) =>
    gap({ scan: 1010 + 2 * k, sample: 8 + k, lost: 1 }),
  );
  it("are one band that says how many they are", () => {
    const bands = gapBands(frame({ gaps: many }), 1e-3);
    expect(bands).toHaveLength(1);
    expect(bands[0]!.from).toBeCloseTo(0.009);
    expect(bands[0]!.to).toBeGreaterThanOrEqual(0.088);
    expect(bandWords(bands[0]!.gaps, 1e-3)).toBe("40 gaps, 40 lost, 40 ms");
    expect(bandWords(bands[0]!.gaps, 1e-3, true)).toBe("40 or more gaps, 40 lost, 40 ms");
  });
  it("part again as soon as there is room between them", () => {
    expect(gapBands(frame({ gaps: many }), 1e-5)).toHaveLength(40);
  });
  it("are not mixed with what was not recorded", () => {
    const between = gap({ scan: 1012, sample: 9, lost: 1, cause: "not-recorded" });
    const bands = gapBands(frame({ gaps: [many[0]!, between] }), 1e-3);
    expect(bands.map(({ gaps }) => gaps[0]!.cause)).toEqual(["counter", "not-recorded"]);
  });
  it("never claim more than is known", () => {
    const possible = gap({ grade: "estimated", lost: 3, lostMin: 0, lostMax: 5 });
    expect(bandWords([possible, possible], 1e-6)).toBe("2 possible gaps ≤ 10 µs");
    expect(bandWords([possible, gap({ lost: 7 })], 1e-6)).toBe("2 gaps, 7 to 12 lost");
    const unknown = gap({ grade: "unknown", lost: 0, lostMin: 0, lostMax: null });
    expect(bandWords([unknown, unknown], 1e-6)).toBe("2 gaps, length not known");
    expect(bandWords([unknown, gap({ lost: 7 })], 1e-6)).toBe("2 gaps, at least 7 lost");
    expect(bandWords([possible], 1e-6)).toBe("possible gap ≤ 5 µs");
  });
  it("may be fewer than there are only where the host joins them", () => {
    expect(mayBeJoined(frame({ gaps: many }), 40, 100)).toBe(false);
    expect(mayBeJoined(frame({ gaps: many }), 401, 100)).toBe(true);
    expect(mayBeJoined(frame({ gaps: many }), 401, 20)).toBe(false);
  });
});

const trace = (name: string, unit: string): ScopeTrace => ({
  source: { channel: name, part: "value" },
  key: name,
  name,
  slot: 1,
  unit,
  prefixed: unit === "V",
});
const area = { top: 18, height: 400 };
const two = fitLanes([
  { min: -1, max: 1 },
  { min: -3, max: 3 },
]);

describe("the figures beside the lanes", () => {
  it("share one unit, or each lane says its own", () => {
    const volts = [trace("a", "V"), trace("b", "V")];
    const mixed = [trace("a", "V"), trace("b", "m/s²")];
    expect(axisUnitOf(mixed, two)).toBe("");
    expect(axisUnitOf([trace("a", "°"), trace("b", "°")], two)).toBe("°");
    expect(axisUnitOf([trace("a", ""), trace("b", "")], two)).toBe("raw");
    expect(axisUnitOf(volts, [two[0]!, two[0]!])).not.toBe("");
    const own = laneFigures(mixed, two, area).filter(({ text }) => /[^\d.,−]/.test(text));
    expect(own.map(({ key }) => key.split(" ")[0])).toEqual(["a", "b"]);
    expect(own[1]!.text).toMatch(/ m\/s²$/);
    expect(laneFigures([trace("a", "°"), trace("b", "°")], two, area)[0]!.text).not.toContain("°");
  });
  it("never stand on each other or on a tag", () => {
    const low = { top: 18, height: 90 };
    const four = fitLanes([1, 2, 3, 4].map((k) => ({ min: -k, max: k })));
    const traces = ["a", "b", "c", "d"].map((name) => trace(name, "°"));
    const tops = laneFigures(traces, four, low).map(({ top }) => top);
    tops.forEach((top, index) => {
      for (const other of tops.slice(index + 1)) expect(Math.abs(top - other)).toBeGreaterThan(12);
    });
    expect(laneFigures(traces, four, { top: 18, height: 800 }).length).toBeGreaterThan(tops.length);
  });
});

describe("lanes of a picture that still fills", () => {
  it("are seen to be too low, and the picture to be full", () => {
    expect(outgrown([{ min: -1, max: 1 }, null], two)).toBe(false);
    expect(outgrown([{ min: -9, max: 1 }, null], two)).toBe(true);
    expect(coversItsRange(frame({}))).toBe(true);
    expect(coversItsRange(frame({ fromScan: 0 }))).toBe(false);
  });
});
