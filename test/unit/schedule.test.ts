/** Recordings set for a time, by a clock that is set meanwhile. */
import { beforeEach, describe, expect, it } from "vitest";
import { Schedules, type Lateness, type SetFor } from "../../electron/host/recordings/schedule.js";
import { fail } from "../../shared/errors.js";
import type { Events } from "../../shared/messages.js";
import type { ScheduleStatus } from "../../shared/schedule.js";

const T0 = 1_800_000_000_000;
const STREAM = "sim:adc/buffer0";

/** Wall and monotonic time, and what is to be called when. */
class FakeClock {
  wall = T0;
  private monotonic = 0;
  private timers = new Map<() => void, number>();
  longestMs = 0;

  wallMs = () => this.wall;
  monotonicMs = () => this.monotonic;
  after = (ms: number, call: () => void) => {
    this.longestMs = Math.max(this.longestMs, ms);
    this.timers.set(call, this.monotonic + ms);
    return () => void this.timers.delete(call);
  };

  get waits(): number {
    return this.timers.size;
  }

  /** Time goes on, by both clocks. */
  async pass(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    for (;;) {
      const next = [...this.timers].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1])[0];
      const to = next?.[1] ?? end;
      this.wall += to - this.monotonic;
      this.monotonic = to;
      if (!next) break;
      this.timers.delete(next[0]);
      next[0]();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

let clock: FakeClock;
let runs: number[];
let starts: (SetFor & { wall: number })[];
let told: ScheduleStatus[];
let notices: Events["notice"][];
let refuse: { run?: Error; start?: Error };
let late: Lateness | null;
let schedules: Schedules;
beforeEach(() => {
  clock = new FakeClock();
  [runs, starts, told, notices, refuse, late] = [[], [], [], [], {}, null];
  schedules = new Schedules({
    clock,
    check: () => {},
    run: async () => {
      runs.push(clock.wall);
      if (refuse.run) throw refuse.run;
    },
    start: async (_, setFor) => {
      starts.push({ ...setFor, wall: clock.wall });
      if (refuse.start) throw refuse.start;
      return late;
    },
    tell: (status) => told.push(status),
    notice: (notice) => notices.push(notice),
  });
});

const set = (afterMs: number, more: object = {}) =>
  schedules.add({ stream: STREAM, startAtMs: T0 + afterMs, ...more });
const last = () => told.at(-1)!;

describe("a recording set for a time", () => {
  it("begins then, of a stream that runs 2 s ahead, and tells each second how long it waits", async () => {
    expect(set(10_000)).toMatchObject({ secondsLeft: 10, state: { kind: "waiting" } });
    await clock.pass(9999);
    expect(runs).toEqual([T0 + 8000]);
    expect(starts).toEqual([]);
    expect(told.length).toBeGreaterThanOrEqual(10);
    await clock.pass(1);
    const timeNs = BigInt(T0 + 10_000) * 1_000_000n;
    expect(starts).toEqual([{ agoSeconds: 0, timeNs, wall: T0 + 10_000 }]);
    expect(last()).toMatchObject({ secondsLeft: 0, state: { kind: "over", error: null } });
    expect(clock.longestMs).toBeLessThanOrEqual(1000);
    expect([clock.waits, schedules.list(), notices]).toEqual([0, [], []]);
  });

  it("runs the stream so much earlier as it is to have from before", async () => {
    set(20_000, { preSeconds: 5 });
    await clock.pass(20_000);
    expect(runs).toEqual([T0 + 13_000]);
  });

  it("waits longer where the clock is set back", async () => {
    set(10_000);
    await clock.pass(9000);
    clock.wall -= 3_600_000;
    await clock.pass(3_600_500);
    expect(starts).toEqual([]);
    await clock.pass(500);
    expect(starts).toMatchObject([{ wall: T0 + 10_000, agoSeconds: 0 }]);
    expect(notices).toEqual([]);
  });

  it("begins sooner where the clock is set forward, but not over its time", async () => {
    set(3_600_000);
    await clock.pass(1000);
    clock.wall += 3_590_000;
    await clock.pass(9000);
    expect(starts).toMatchObject([{ wall: T0 + 3_600_000 }]);
    expect(notices).toEqual([]);
  });

  it("begins late where the clock went over its time, within a second, and says so", async () => {
    set(60_000);
    await clock.pass(1000);
    clock.wall += 3_600_000;
    await clock.pass(1000);
    expect(starts).toMatchObject([{ agoSeconds: 0, timeNs: null }]);
    expect(notices).toMatchObject([{ level: "warning", error: { code: "LATE" } }]);
  });

  it("says how much later than its time its first sample came, and what to do", async () => {
    late = { seconds: 1.5, why: "the stream did not run yet. Run it before the time comes." };
    set(10_000);
    await clock.pass(10_000);
    const [notice] = notices;
    expect(notice).toMatchObject({ level: "warning", error: { code: "LATE" }, stream: STREAM });
    expect(notice!.error.message).toMatch(/began 1.5\d* s after .*: the stream did not run yet/);
    expect(last().state).toEqual({ kind: "over", error: null });
  });

  it("is not told as failed by the stream's own start once it begins by itself", async () => {
    let failRun!: (error: Error) => void;
    let begin!: () => void;
    const deps = {
      clock,
      check: () => {},
      run: () => new Promise<void>((_, reject) => (failRun = reject)),
      start: () => new Promise<null>((resolve) => (begin = () => resolve(null))),
      tell: (status: ScheduleStatus) => told.push(status),
      notice: (notice: Events["notice"]) => notices.push(notice),
    };
    new Schedules(deps).add({ stream: STREAM, startAtMs: T0 + 1000 });
    await clock.pass(1000);
    failRun(fail("CANCELLED", "The start was cancelled."));
    await clock.pass(0);
    begin();
    await new Promise((resolve) => setImmediate(resolve));
    expect(notices).toEqual([]);
    expect(told.map(({ state }) => state).filter(({ kind }) => kind === "over")).toEqual([
      { kind: "over", error: null },
    ]);
  });

  it("is missed where the clock went over its end too", async () => {
    set(60_000, { untilMs: T0 + 120_000 });
    clock.wall += 3_600_000;
    await clock.pass(1000);
    expect(starts).toEqual([]);
    expect(last().state).toMatchObject({ kind: "over", error: { code: "MISSED" } });
    expect(notices).toMatchObject([{ level: "error", error: { code: "MISSED" } }]);
  });

  it("that can be cancelled never begins, and another may be set", async () => {
    set(10_000);
    expect(() => set(20_000)).toThrow(/is set for .* already/);
    schedules.cancel(STREAM);
    expect(last().state).toMatchObject({ kind: "over", error: { code: "CANCELLED" } });
    expect(() => schedules.cancel(STREAM)).toThrow(/No recording of this stream is set/);
    expect(clock.waits).toBe(0);
    set(20_000);
    await clock.pass(20_000);
    expect(starts).toHaveLength(1);
    expect(notices).toEqual([]);
  });

  it("whose stream can't run is over, with why", async () => {
    refuse.run = fail("EBUSY", "Another program has the buffer.");
    set(10_000);
    await clock.pass(8000);
    expect(last().state).toMatchObject({ kind: "over", error: { code: "EBUSY" } });
    expect(notices).toMatchObject([{ level: "error", error: { code: "EBUSY" }, stream: STREAM }]);
    await clock.pass(10_000);
    expect(starts).toEqual([]);
  });

  it("that can't begin is over, with why", async () => {
    refuse.start = fail("ENOSPC", "No room.");
    set(10_000);
    await clock.pass(10_000);
    expect(last().state).toMatchObject({ kind: "over", error: { code: "ENOSPC" } });
    expect(notices).toHaveLength(1);
  });

  it("is refused in the past, or where it would end before it starts", () => {
    expect(() => set(-1)).toThrow(/is past/);
    expect(() => set(5000, { untilMs: T0 + 5000 })).toThrow(/an end after the start/);
    expect(clock.waits).toBe(0);
  });
});
