import { describe, expect, it } from "vitest";
import {
  envelopeUntil,
  gapSpan,
  rezero,
  shownGaps,
  timeOfScan,
  timeSpan,
  valueAt,
} from "../../renderer/scope/frame-math.js";
import { gapWords } from "../../renderer/scope/gap-words.js";
import {
  fitLanes,
  fromDivisions,
  laneAt,
  reachOf,
  toDivisions,
  zoomLane,
} from "../../renderer/scope/lanes.js";
import {
  centre,
  follow,
  freeze,
  initialState,
  pan,
  restoreState,
  ViewHistory,
  zoom,
} from "../../renderer/scope/state.js";
import { nextStep, stepAtLeast, stepsBetween } from "../../renderer/scope/steps.js";
import { axisUnit, tickText } from "../../renderer/scope/time-axis.js";
import {
  laneScale,
  perDivText,
  traceFigure,
  traceFigures,
  type ScopeTrace,
} from "../../renderer/scope/trace-model.js";
import { inOtherUnits } from "../../renderer/scope/trigger-defaults.js";
import type { ChannelInfo } from "../../shared/device.js";
import type { GapInfo } from "../../shared/stream.js";
import type { Frame } from "../../shared/view.js";

describe("1-2-5 steps", () => {
  it("are at least what was asked, and not more than the next one up", () => {
    expect([0.3 / 3, 1, 1.01, 4.9, 7, 0.00012].map(stepAtLeast)).toEqual([
      0.1, 1, 2, 5, 10, 0.0002,
    ]);
    expect([0, -1, NaN, Infinity].map(stepAtLeast)).toEqual([1, 1, 1, 1]);
  });
  it("go up and down without getting stuck", () => {
    let step = 1e-6;
    const up = Array.from({ length: 6 }, () => (step = nextStep(step, 1)));
    expect(up).toEqual([2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4]);
    const down = Array.from({ length: 6 }, () => (step = nextStep(step, -1)));
    expect(down).toEqual([5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6]);
    expect(stepsBetween(1, 10)).toEqual([1, 2, 5, 10]);
  });
});

const extent = { fromScan: 0, toScan: 10_000 };
const frozen = freeze(initialState(1e6), {
  fromScan: 1000,
  toScan: 2000,
  zeroScan: 1500,
  atTrigger: true,
});

describe("zooming time", () => {
  it("keeps what is under the pointer there", () => {
    const next = zoom(frozen, 0.5, 0.25, extent).frozen!;
    expect(next.toScan - next.fromScan).toBe(500);
    expect(next.fromScan + 0.25 * 500).toBe(1250);
    expect(next.zeroScan).toBe(1500);
  });
  it("keeps a live trigger's surroundings under the pointer, too", () => {
    const live = { ...initialState(1e6), spanScans: 1000, position: 0.5 };
    const next = zoom(live, 0.5, 0.25, extent);
    // The scan 250 before the trigger was at a quarter of the width and still is.
    expect((0.25 - next.position) * next.spanScans).toBeCloseTo((0.25 - 0.5) * 1000);
  });
  it("goes down to single samples and out to all there is, no further", () => {
    let state = frozen;
    for (let i = 0; i < 60; i++) state = zoom(state, 0.5, 0.5, extent);
    expect(state.frozen!.toScan - state.frozen!.fromScan).toBe(4);
    for (let i = 0; i < 60; i++) state = zoom(state, 2, 0.9, extent);
    expect(state.frozen).toMatchObject({ fromScan: 0, toScan: 10_000 });
  });
});

describe("a frozen picture", () => {
  it("pans and stops at the ends of what there is", () => {
    expect(pan(frozen, 0.5, extent).frozen).toMatchObject({ fromScan: 1500, toScan: 2500 });
    expect(pan(frozen, -9, extent).frozen).toMatchObject({ fromScan: 0, toScan: 1000 });
    expect(pan(frozen, 99, extent).frozen).toMatchObject({ fromScan: 9000, toScan: 10_000 });
    expect(centre(frozen, 5000, extent).frozen).toMatchObject({ fromScan: 4500, toScan: 5500 });
  });
  it("follows again with the span the live picture had", () => {
    const zoomed = zoom(frozen, 0.1, 0.5, extent);
    expect(follow(zoomed)).toEqual(follow(frozen));
  });
});

describe("undoing the view", () => {
  it("takes the turns of one wheel movement as one", () => {
    const history = new ViewHistory();
    const other = pan(frozen, 0.5, extent);
    history.push(frozen, 0);
    history.push(other, 100);
    history.push(other, 200);
    expect(history.depth).toBe(1);
    expect(history.pop()).toBe(frozen);
    expect(history.pop()).toBeUndefined();
  });
});

describe("a new run", () => {
  it("has nothing that stood still to go back to", () => {
    const history = new ViewHistory();
    history.push(frozen, 0);
    history.thaw();
    expect(history.pop()).toEqual(follow(frozen));
  });
});

describe("what was kept from the last session", () => {
  it("comes back, but never frozen", () => {
    const state = restoreState({ ...frozen, position: 0.7, sweep: "normal" }, 1e6);
    expect(state).toMatchObject({ position: 0.7, sweep: "normal", frozen: null });
  });
  it("falls back where it is broken", () => {
    const broken = {
      spanScans: -1,
      position: "x",
      sweep: "wild",
      lanes: { a: { perDiv: 0, zero: 1 } },
    };
    expect(restoreState(broken, 1e6)).toEqual(initialState(1e6));
    expect(restoreState(null, null)).toEqual(initialState(null));
  });
});

describe("a trigger in other units", () => {
  const channel = { scaled: true, scale: "0.5", offset: "-10", unitFactor: 1e-3 } as ChannelInfo;
  const trace = { channel: "voltage0", part: "value" } as const;
  const counts = { trace, edge: "rising", level: 1010, hysteresis: 20, physical: false } as const;

  it("stays at the same place of the signal, there and back", () => {
    const volts = inOtherUnits(counts, channel)!;
    expect(volts).toMatchObject({ level: 0.5, physical: true, edge: "rising" });
    expect(volts.hysteresis).toBeCloseTo(0.01);
    expect(inOtherUnits(volts, channel)).toMatchObject({ physical: false });
    expect(inOtherUnits(volts, channel)!.level).toBeCloseTo(1010);
  });

  it("turns its edge where the scale turns the signal", () => {
    expect(inOtherUnits(counts, { ...channel, scale: "-0.5" })!.edge).toBe("falling");
  });

  it("has no other units where there is no scale", () => {
    expect(inOtherUnits(counts, { ...channel, scaled: false })).toBeNull();
    expect(inOtherUnits(counts, undefined)).toBeNull();
  });
});

describe("lanes", () => {
  it("stand one below the other and hold their traces", () => {
    const reaches = [
      { min: -0.8, max: 0.8 },
      { min: 2, max: 3.1 },
      { min: 0, max: 5 },
    ];
    const lanes = fitLanes(reaches);
    lanes.forEach((lane, index) => {
      const top = 4 - (index * 8) / 3;
      const [low, high] = [
        toDivisions(reaches[index]!.min, lane),
        toDivisions(reaches[index]!.max, lane),
      ];
      expect(high).toBeLessThanOrEqual(top);
      expect(low).toBeGreaterThanOrEqual(top - 8 / 3);
    });
    expect(lanes[0]!.zero).toBeCloseTo(4 - 8 / 6);
  });
  it("take a flat line and no data without losing their height", () => {
    for (const lane of fitLanes([{ min: 5, max: 5 }, null])) {
      expect(lane.perDiv).toBeGreaterThan(0);
      expect(Number.isFinite(lane.zero)).toBe(true);
    }
  });
  it("zoom about the pointer", () => {
    const lane = { perDiv: 1, zero: -1 };
    const next = zoomLane(lane, 0.5, 2);
    expect(fromDivisions(2, next)).toBeCloseTo(fromDivisions(2, lane));
    expect(next.perDiv).toBe(0.5);
  });
  it("are found by place", () => {
    expect([3.9, 0.1, -0.1, -9].map((place) => laneAt(place, 2))).toEqual([0, 0, 1, 1]);
    expect(laneAt(0, 0)).toBe(-1);
  });
  it("leave out of a trace's reach what is no finite value", () => {
    expect(reachOf(new Float64Array([-Infinity, 2, -1, Infinity]))).toEqual({ min: -1, max: 2 });
    expect(reachOf(new Float64Array([NaN, 2, -1, NaN]))).toEqual({ min: -1, max: 2 });
    expect(reachOf(new Float64Array([NaN]))).toBeNull();
  });
});

function frame(over: Partial<Frame>): Frame {
  return {
    stream: "s",
    run: 1,
    form: "samples",
    originScan: 100,
    zeroFraction: 0,
    x: new Float64Array([0, 1, 2, 3]),
    t: new Float64Array([0, 1e-3, 2e-3, 3e-3]),
    timeAxis: "rate",
    zeroTimeNs: "",
    ageSeconds: null,
    traces: [
      { y: new Float64Array([1, 2, NaN, 4]), touchesTop: 0, touchesBottom: 0, hasNaN: false },
    ],
    gaps: [],
    fromScan: 98,
    toScan: 104,
    samplesFromScan: 0,
    trigger: null,
    triggersTotal: 0,
    summarised: 1,
    ...over,
  };
}

const gap: GapInfo = {
  scan: 103,
  sample: 101,
  lost: 2,
  lostMin: 0,
  lostMax: 4,
  grade: "estimated",
  cause: "dry-queue",
  timeNs: "0",
};

describe("a frame", () => {
  it("tells times inside and beyond its points", () => {
    expect(timeOfScan(frame({}), 101.5)).toBeCloseTo(1.5e-3);
    const span = timeSpan(frame({}));
    expect(span.from).toBeCloseTo(-2e-3);
    expect(span.to).toBeCloseTo(4e-3);
  });
  it("follows uneven timestamps", () => {
    const uneven = frame({ t: new Float64Array([0, 1e-3, 5e-3, 6e-3]) });
    expect(timeOfScan(uneven, 101.5)).toBeCloseTo(3e-3);
  });
  it("gives the nearest sample, and nothing where nothing is", () => {
    expect(valueAt(frame({}), 0, 0.9e-3)).toEqual({ t: 1e-3, min: 2, max: 2 });
    expect(valueAt(frame({}), 0, 2e-3)).toBeNull();
    expect(valueAt(frame({ x: new Float64Array(), t: new Float64Array() }), 0, 0)).toBeNull();
  });
  it("gives both extremes of a column", () => {
    const columns = frame({
      form: "columns",
      x: new Float64Array([0, 9, 10, 19]),
      t: new Float64Array([0, 9, 10, 19]),
      traces: [
        {
          y: new Float64Array([1, -3, 5, 2, 2, 2, 2, 2]),
          touchesTop: 0,
          touchesBottom: 0,
          hasNaN: false,
        },
      ],
    });
    expect(valueAt(columns, 0, 4)).toEqual({ t: 0, min: -3, max: 5 });
    expect(valueAt(columns, 0, 12)).toEqual({ t: 10, min: 2, max: 2 });
  });
  it("shows a restart only beside samples, and any loss even where nothing else is", () => {
    const restart: GapInfo = { ...gap, scan: 0, lost: 0, grade: "unknown", cause: "restart" };
    const gaps = [restart, gap];
    expect(shownGaps(frame({ gaps }))).toEqual(gaps);
    const none = new Float64Array(0);
    const nothing = { x: none, t: none };
    const trace = { touchesTop: 0, touchesBottom: 0, hasNaN: false };
    const traces = (y: Float64Array<ArrayBuffer>) => [{ ...trace, y }];
    expect(shownGaps(frame({ gaps, ...nothing, traces: traces(none) }))).toEqual([gap]);
    const blank = new Float64Array(16).fill(NaN);
    expect(shownGaps(frame({ gaps, form: "columns", traces: traces(blank) }))).toEqual([gap]);
  });
  it("has an envelope without samples only where there is one", () => {
    const columns = frame({ form: "columns", samplesFromScan: 102 });
    expect(envelopeUntil(columns)).toBeCloseTo(2e-3);
    expect(envelopeUntil({ ...columns, samplesFromScan: 0 })).toBeNull();
    expect(envelopeUntil({ ...columns, form: "samples" })).toBeNull();
    const trace = { touchesTop: 0, touchesBottom: 0, hasNaN: false, y: new Float64Array(0) };
    expect(envelopeUntil({ ...columns, traces: [trace] })).toBeNull();
  });
  it("puts a gap before the scan that follows it", () => {
    const span = gapSpan(frame({}), gap);
    expect(span.from).toBeCloseTo(1e-3);
    expect(span.to).toBeCloseTo(3e-3);
  });
});

describe("a frozen frame", () => {
  it("keeps the zero it was frozen with", () => {
    const moved = rezero(frame({}), 102);
    expect(timeOfScan(moved, 102)).toBeCloseTo(0);
    expect(moved.t[0]).toBeCloseTo(-2e-3);
    const empty = frame({ x: new Float64Array(), t: new Float64Array() });
    const far = rezero(empty, 1100, 1000);
    expect(timeOfScan(far, 1100, 1000)).toBeCloseTo(0);
    expect(timeOfScan(far, 2100, 1000)).toBeCloseTo(1);
  });
});

describe("a gap's words", () => {
  it("never claim more than is known", () => {
    expect(gapWords(gap, 1e-6)).toBe("possible gap ≤ 4 µs");
    expect(gapWords({ ...gap, lostMax: null }, 1e-6)).toBe("possible gap, length not known");
    expect(gapWords({ ...gap, grade: "exact", lost: 1280 }, 1e-6)).toBe("1,280 lost, 1.28 ms");
    expect(gapWords({ ...gap, grade: "unknown", lost: 0 }, 1e-6)).toBe("gap, length not known");
    expect(gapWords({ ...gap, grade: "exact", lost: 3 }, 0)).toBe("3 lost, 3 scans");
  });
});

describe("the time axis", () => {
  it("takes one unit for the whole span", () => {
    expect(axisUnit({ from: -2e-4, to: 8e-4 }, "rate")).toEqual({ unit: "µs", factor: 1e6 });
    expect(axisUnit({ from: 0, to: 0 }, "rate").factor).toBeGreaterThan(0);
    expect(axisUnit({ from: 0, to: 900 }, "index").unit).toBe("scans");
  });
  it("writes ticks with the decimals their step needs", () => {
    expect(tickText(-2e-4, [-2e-4, -1e-4], 1e6)).toBe("−200");
    expect(tickText(1.5e-6, [1e-6, 1.5e-6], 1e6)).toBe("1.5");
    expect(tickText(-1e-20, [0, 1e-4], 1e6)).toBe("0");
  });
});

describe("figures of a trace", () => {
  const volts: ScopeTrace = {
    source: { channel: "voltage0", part: "value" },
    key: "k",
    name: "voltage0",
    slot: 1,
    unit: "V",
    prefixed: true,
  };
  const counts: ScopeTrace = { ...volts, unit: "", prefixed: false };
  it("stand side by side in one unit with the same decimals", () => {
    expect(traceFigures(volts, [-0.0927, 12.41, null])).toEqual([
      { text: "−0.09", unit: "V" },
      { text: "12.41", unit: "V" },
      { text: "–", unit: "" },
    ]);
    expect(traceFigures(counts, [-32768, 12])).toEqual([
      { text: "−32,768", unit: "" },
      { text: "12", unit: "" },
    ]);
  });
  it("take prefixes where the unit does", () => {
    expect(traceFigure(volts, 0.183, 3)).toEqual({ text: "183", unit: "mV" });
    expect(perDivText(volts, 0.25)).toBe("250 mV/div");
    expect(perDivText(counts, 5000)).toBe("5,000/div");
    expect(laneScale(volts, 0.25)).toEqual({ factor: 1000, unit: "mV" });
  });
});
