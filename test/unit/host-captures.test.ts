/** Trigger to record: what the host makes of the triggers that its recorder tells of. */
import { readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import type { ScopeTrigger } from "../../shared/stream.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, refusal } from "./fake/host.js";
import type { FakeRecording } from "./fake/recorder.js";
import { ended, folder, meta, sound } from "./fake/recordings-bench.js";
import { FakeStream } from "./fake/stream.js";

benchForEach(async () => {
  // 20 periods a second of a square wave: a trigger each 50,000 scans.
  const scope = { kind: "channel" as const, channel: "voltage1" };
  await request("attribute.write", { device: "sim:adc", scope, name: "frequency", value: "20" });
  const patch = { blockSize: { kind: "scans" as const, scans: 5000 }, blockCount: 64 };
  await request("stream.configure", { stream: ADC, patch });
});

const trigger: ScopeTrigger = {
  trace: { channel: "voltage1", part: "value" },
  edge: "rising",
  level: 0.1,
  hysteresis: 0.05,
  physical: true,
};
const arm = () => request("stream.trigger", { stream: ADC, trigger });
const around = { beforeSeconds: 0.004, afterSeconds: 0.006 };
const start = (name: string, more: object) =>
  request("recording.start", { stream: ADC, name, hash: false, ...more });
const recorder = (): FakeRecording => bench.addon.streams.at(-1)!.recordings.at(-1)!;

describe("a recording of captures", () => {
  it("ends with the last of so many, and says of each when, how high and how wide", async () => {
    await arm();
    const end = ended();
    const begun = await start("three", { captures: { ...around, count: 3 } });
    expect(begun.captures).toEqual({ count: 0, missed: 0, limit: 3 });
    const { result } = await end;
    expect(result).toMatchObject({ error: null, lostSamples: 0, gaps: [] });
    expect(result.captures).toMatchObject({ count: 3, missed: 0, blocksNotSearched: 0 });
    expect(result.captures!.trigger).toEqual({
      ...{ trace: trigger.trace, edge: "rising", level: 0.1, hysteresis: 0.05, unit: "V" },
    });
    const { global, captures, annotations } = meta("three");
    expect(global["iio:captures"]).toMatchObject({
      ...{ count: 3, missed: 0, limit: 3, before_samples: 4000, after_samples: 6000 },
      trigger: { channel: "voltage1", part: "value", edge: "rising", level: 0.1, unit: "V" },
    });
    expect(captures.slice(1).map((one) => one["iio:gap_cause"])).toEqual([
      "not-recorded",
      "not-recorded",
    ]);
    for (const [at, one] of result.captures!.list.entries()) {
      expect(one).toMatchObject({ number: at + 1, recording: "three", peak: 2.5, cut: false });
      expect(one.widthSeconds).toBeCloseTo(12.5e-6, 12);
      const own = annotations[at]!;
      expect(own).toMatchObject({
        "iio:capture": at + 1,
        "iio:trigger_scan": one.scan,
        "iio:peak": 2.5,
        "iio:datetime": one.datetime,
        "core:sample_count": one.toScan - one.fromScan,
      });
      const begins = captures[at]!["core:global_index"]!;
      const sample = captures[at]!["core:sample_start"]!;
      expect(own["iio:trigger_sample"]).toBe(sample + one.scan - begins);
      expect(one.sample).toBe(own["iio:trigger_sample"]);
      expect(one.fromScan).toBe(Math.max(0, Math.floor(one.scan + one.fraction - 4000)));
    }
    await sound("three");
    const [entry] = await request("recording.list", {});
    expect(entry).toMatchObject({ name: "three", gaps: 0 });
  });

  it("is listed under the name that it was given since", async () => {
    await arm();
    const end = ended();
    await start("three", { captures: { ...around, count: 3 } });
    await end;
    await request("recording.rename", { name: "three", newName: "renamed" });
    const list = await request("recording.captures", { stream: ADC });
    expect(list.recording).toBe("renamed");
    expect(list.captures.map(({ recording }) => recording)).toEqual(Array(3).fill("renamed"));
    expect(await request("recording.open", { name: "renamed" })).toMatchObject({ run: 1 });
  });

  it("stays listed where the next one could not begin", async () => {
    await arm();
    await start("first", { captures: around });
    await bench.next("recording", ({ status }) => (status.captures?.count ?? 0) >= 1);
    await request("recording.stop", { stream: ADC });
    const before = await request("recording.captures", { stream: ADC });
    const full = Object.assign(new Error("The disk is full. Free some space."), { code: "ENOSPC" });
    vi.spyOn(FakeStream.prototype, "record").mockRejectedValue(full);
    for (const more of [{ captures: around }, {}]) {
      expect(await refusal(start("second", more))).toMatchObject({ code: "ENOSPC" });
      expect(await request("recording.captures", { stream: ADC })).toEqual(before);
    }
    expect(before).toMatchObject({ recording: "first" });
  });

  it("lists them while it goes on, afterwards, and of the recording opened", async () => {
    await arm();
    await start("listed", { captures: around });
    await bench.next("recording", ({ status }) => (status.captures?.count ?? 0) >= 2);
    const live = await request("recording.captures", { stream: ADC });
    expect(live).toMatchObject({ recording: "listed", from: 0, limit: null, run: 1 });
    expect(live.captures.length).toBeGreaterThanOrEqual(2);
    const rest = await request("recording.captures", { stream: ADC, from: 1 });
    expect(rest.captures[0]).toEqual(live.captures[1]);
    const { captures } = await request("recording.stop", { stream: ADC });
    const after = await request("recording.captures", { stream: ADC });
    expect(after.captures.map(({ scan }) => scan)).toEqual(captures!.list.map(({ scan }) => scan));
    const { id } = await request("recording.open", { name: "listed" });
    const opened = await request("recording.captures", { stream: id });
    expect(opened).toMatchObject({ recording: "listed", count: captures!.count });
    expect(opened.captures).toEqual(captures!.list);
    await start("plain", { scans: 1000 });
    expect((await request("recording.captures", { stream: ADC })).recording).toBe("");
    await request("recording.close", { name: "listed" });
  });

  it("counts the triggers that came while none could be taken, and shows them", async () => {
    await arm();
    await start("behind", { captures: around });
    await bench.next("recording", ({ status }) => (status.captures?.count ?? 0) >= 1);
    recorder().behind = true;
    await bench.next("recording", ({ status }) => (status.captures?.missed ?? 0) >= 2);
    const { captures } = await request("recording.stop", { stream: ADC });
    expect(captures!.missed).toBeGreaterThanOrEqual(2);
    expect(meta("behind").global["iio:captures"]).toMatchObject({ missed: captures!.missed });
    await sound("behind");
  });

  it("waits for so long, and lists the triggers of that time only", async () => {
    await arm();
    const end = ended();
    await start("timed", { captures: around, seconds: 0.2 });
    const { result } = await end;
    expect(result.error).toBeNull();
    for (const { scan } of result.captures!.list) expect(scan).toBeLessThan(200_000);
    expect(result.captures!.count).toBeGreaterThanOrEqual(2);
  });

  it("makes a recording of each, tied together, numbered through", async () => {
    await arm();
    await start("each", { captures: { ...around, each: true } });
    await bench.next("recording", ({ status }) => (status.parts?.number ?? 0) >= 3);
    const { parts, captures, error } = await request("recording.stop", { stream: ADC });
    expect(error).toBeNull();
    expect(parts!.length).toBeGreaterThanOrEqual(2);
    const numbers = captures!.list.map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    expect(new Set(captures!.list.map(({ recording }) => recording))).toEqual(new Set(parts));
    for (const name of parts!) {
      const own = captures!.list.filter(({ recording }) => recording === name);
      expect(meta(name).annotations.map((one) => one["iio:capture"])).toEqual(
        own.map(({ number }) => number),
      );
    }
    await sound("each");
  });

  it("leaves nothing but a sentence if no trigger came", async () => {
    await request("stream.trigger", { stream: ADC, trigger: { ...trigger, level: 50 } });
    const end = ended();
    await start("none", { captures: around, seconds: 0.1 });
    const { result } = await end;
    expect(result.error).toMatchObject({ code: "EMPTY" });
    expect(result.error!.message).toContain("the trigger did not fire");
    expect(readdirSync(folder())).toEqual([]);
  });

  it("keeps its trigger until it ends", async () => {
    await arm();
    await start("kept", { captures: around });
    const other = request("stream.trigger", { stream: ADC, trigger: { ...trigger, level: 0.2 } });
    expect(await refusal(other)).toMatchObject({ code: "BUSY_RECORDING", field: "trigger" });
    await arm();
    await bench.next("recording", ({ status }) => (status.captures?.count ?? 0) >= 1);
    await request("recording.stop", { stream: ADC });
    await request("stream.trigger", { stream: ADC, trigger: null });
  });

  it("refuses what makes no sense, beside the field, and records nothing", async () => {
    const refused = (more: object) => refusal(start("odd", more));
    expect(await refused({ captures: around })).toMatchObject({ field: "captures" });
    await arm();
    expect(await refused({ captures: { beforeSeconds: 0, afterSeconds: 0 } })).toMatchObject({
      code: "BAD_REQUEST",
    });
    for (const [field, more] of Object.entries({
      scans: { scans: 5 },
      preSeconds: { preSeconds: 1 },
      ring: { ring: { kind: "seconds", seconds: 5 } },
    })) {
      expect(await refused({ captures: around, ...more })).toMatchObject({ field });
    }
    const split = { kind: "bytes", bytes: 1e6 };
    expect(await refused({ captures: { ...around, each: true }, split })).toMatchObject({
      field: "split",
    });
    expect(readdirSync(folder())).toEqual([]);
  });
});
