/** Keeping what has just happened: out of the history, beside whatever else goes on. */
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, refusal } from "./fake/host.js";
import { ended, file, folder, meta, sound } from "./fake/recordings-bench.js";

benchForEach();

const come = (scans: number) =>
  bench.next("stream.progress", ({ counters }) => counters.scans >= scans);
const run = async (scans: number) => {
  await request("stream.start", { stream: ADC });
  await come(scans);
};
const keep = (name: string, more: object) =>
  request("recording.keep", { stream: ADC, name, hash: false, ...more });
const mark = (name: string) => meta(name).annotations.find((one) => "iio:mark" in one)!;

describe("keeping what has just happened", () => {
  it("saves the last seconds of a stream that runs, in whole blocks around what was asked", async () => {
    await run(400_000);
    const result = await keep("just", { seconds: 0.1 });
    expect(result).toMatchObject({ name: "just", error: null, lostSamples: 0 });
    expect(result.shortfall).toBeUndefined();
    expect(result.samples).toBeGreaterThanOrEqual(100_000);
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("running");
    const { captures } = meta("just");
    const first = captures[0]!["core:global_index"]!;
    const { geometry } = await request("stream.get", { stream: ADC });
    expect(first % geometry!.scansPerBlock).toBe(0);
    const asked = mark("just");
    expect(asked).toMatchObject({ "iio:mark": "kept", "core:sample_count": 100_000 });
    expect(asked["core:sample_start"]).toBe(asked["iio:from_scan"]! - first);
    expect(asked["core:sample_start"]).toBeLessThan(geometry!.scansPerBlock);
    await sound("just");
  });

  it("saves it after the stream was stopped", async () => {
    await run(300_000);
    await request("stream.stop", { stream: ADC });
    const { scans } = await request("stream.counters", { stream: ADC });
    const result = await keep("after", { seconds: 0.05 });
    expect(mark("after")).toMatchObject({ "iio:to_scan": scans, "iio:from_scan": scans - 50_000 });
    expect(result.samples).toBeGreaterThanOrEqual(50_000);
    // However long after they came: at 1 MS/s.
    expect(result.seconds).toBeCloseTo(result.samples / 1e6, 9);
    await sound("after");
  });

  it("saves a span, as a view shows it", async () => {
    await run(300_000);
    await keep("span", { fromScan: 150_000.4, toScan: 200_000.2 });
    expect(mark("span")).toMatchObject({ "iio:from_scan": 150_000, "iio:to_scan": 200_001 });
    await sound("span");
  });

  it("does not touch the recording that runs, nor is taken for it", async () => {
    await run(300_000);
    await request("recording.start", { stream: ADC, name: "main", hash: false });
    const told: (true | undefined)[] = [];
    bench.client.on("recording.ended", ({ status }) => told.push(status.kept));
    await Promise.all([
      keep("first", { seconds: 0.05 }),
      keep("second", { fromScan: 100_000, toScan: 120_000 }),
    ]);
    expect((await request("stream.get", { stream: ADC })).recording).toBe("main");
    const main = await request("recording.stop", { stream: ADC });
    expect(main.name).toBe("main");
    expect(told).toEqual([true, true, undefined]);
    for (const name of ["first", "second", "main"]) await sound(name);
  });

  it("says how much of it was not there any more, or not yet", async () => {
    await run(50_000);
    const young = await keep("young", { seconds: 30 });
    expect(young.shortfall).toContain("the stream did not run yet");
    expect(mark("young")["core:sample_start"]).toBe(0);
    const patch = { blockCount: 16, blockSize: { kind: "scans" as const, scans: 10_000 } };
    await request("stream.configure", { stream: ADC, patch });
    await come(400_000);
    const late = await keep("late", { seconds: 0.3 });
    expect(late.shortfall).toContain("not in the history any more");
    expect(meta("late").annotations[0]!["core:comment"]).toContain("were not there any more");
    await sound("late");
  });

  it("refuses what is nowhere: nothing came, all of it went, it lies ahead, it is no span", async () => {
    expect(await refusal(keep("none", { seconds: 1 }))).toMatchObject({ code: "EMPTY" });
    const patch = { blockCount: 16, blockSize: { kind: "scans" as const, scans: 10_000 } };
    await request("stream.configure", { stream: ADC, patch });
    await run(400_000);
    const gone = await refusal(keep("none", { fromScan: 0, toScan: 20_000 }));
    expect(gone).toMatchObject({ code: "OVERWRITTEN" });
    const ahead = await refusal(keep("none", { fromScan: 1e9, toScan: 2e9 }));
    expect(ahead).toMatchObject({ code: "BAD_REQUEST", field: "toScan" });
    for (const odd of [{}, { seconds: 1, fromScan: 0, toScan: 9 }, { fromScan: 5 }]) {
      expect(await refusal(keep("none", odd))).toMatchObject({ code: "BAD_REQUEST" });
    }
    expect(readdirSync(folder())).toEqual([]);
  });

  it("lets go of what it held for it, also where no file can be made", async () => {
    await run(200_000);
    const native = bench.addon.streams.at(-1)!;
    const pin = vi.spyOn(native, "pin");
    await keep("held", { seconds: 0.05 });
    expect(pin).toHaveBeenCalled();
    expect(native.pinKeys()).toEqual([]);
    expect(await refusal(keep("held", { seconds: 0.05 }))).toMatchObject({ code: "EEXIST" });
    expect(native.pinKeys()).toEqual([]);
  });

  it("takes a name of its own, and holds it against others", async () => {
    await run(200_000);
    await keep("mine", { seconds: 0.01 });
    expect(await refusal(keep("mine", { seconds: 0.01 }))).toMatchObject({ code: "EEXIST" });
    const { name } = await request("recording.keep", { stream: ADC, seconds: 0.01 });
    expect(existsSync(file(`${name}.sigmf-data`))).toBe(true);
  });

  it("is whole when the stream ends under it", async () => {
    await run(300_000);
    const [result] = await Promise.all([
      keep("cut", { seconds: 0.1 }),
      request("stream.stop", { stream: ADC }),
    ]);
    expect(result.error).toBe(null);
    await sound("cut");
  });
});

describe("a recording from before it was started", () => {
  const begin = (name: string, more: object) =>
    request("recording.start", { stream: ADC, name, hash: false, ...more });

  it("begins with the block that holds the moment asked for, and marks the press", async () => {
    await run(400_000);
    const before = (await request("stream.counters", { stream: ADC })).scans;
    const end = ended();
    await begin("pre", { preSeconds: 0.1, scans: 150_000 });
    const { result } = await end;
    expect(result).toMatchObject({ error: null, lostSamples: 0 });
    const { annotations, captures } = meta("pre");
    const first = captures[0]!["core:global_index"]!;
    const press = mark("pre");
    expect(press).toMatchObject({ "iio:mark": "pressed", "core:label": "Record pressed" });
    expect(annotations).toHaveLength(1);
    expect(press["iio:from_scan"]).toBeGreaterThanOrEqual(before);
    expect(press["core:sample_start"]).toBe(press["iio:from_scan"]! - first);
    expect(press["core:sample_start"]).toBeGreaterThanOrEqual(100_000);
    // To the end of the block that holds the last scan asked for.
    const { geometry } = await request("stream.get", { stream: ADC });
    const beyond = first + result.samples - (press["iio:from_scan"]! + 150_000);
    expect(beyond).toBeGreaterThanOrEqual(0);
    expect(beyond).toBeLessThan(geometry!.scansPerBlock);
    await sound("pre");
  });

  it("goes on until it is stopped if no length is asked for, and says what was not there", async () => {
    await run(100_000);
    await begin("open", { preSeconds: 60 });
    await bench.next("recording", ({ status }) => status.scans > 300_000);
    const result = await request("recording.stop", { stream: ADC });
    expect(result.shortfall).toContain("the stream did not run yet");
    await sound("open");
  });

  it("has nothing before the first sample of a stream that it starts itself", async () => {
    const end = ended();
    await begin("fresh", { preSeconds: 1, scans: 20_000 });
    expect((await end).result).toMatchObject({ samples: 20_000, error: null });
    expect(meta("fresh").annotations).toEqual([]);
  });

  it("counts what is left from the press when a change of settings makes it go on", async () => {
    await run(300_000);
    const begun = await begin("part", { preSeconds: 0.1, scans: 700_000 });
    await bench.next("recording", ({ status }) => status.scans > 300_000);
    const first = bench.next("recording.ended", ({ result }) => result.name === begun.name);
    const rest = bench.next("recording.ended", ({ result }) => result.name !== begun.name);
    const patch = { blockCount: 48 };
    await request("stream.configure", { stream: ADC, patch, continueRecording: true });
    const done = (await first).result.samples - mark("part")["core:sample_start"]!;
    expect((await rest).result.samples).toBe(700_000 - done);
    expect(meta((await rest).result.name).annotations).toEqual([]);
  });
});
