/** Recordings that go on where they ended, in their next part, with the hole between marked. */
import {
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { FRESH_MS, ForeignJournals } from "../../electron/host/recordings/foreign-journals.js";
import { JournalFollower } from "../../electron/host/recordings/journal-follower.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { crc32c } from "../../shared/crc32c.js";
import type { RecordingFacts } from "../../shared/sigmf/types.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, IMU, makeBench, refusal, RX } from "./fake/host.js";
import { FakeJournal } from "./fake/journal.js";
import {
  dataNames,
  ended,
  file,
  folder,
  meta,
  part,
  record,
  scansOf,
  smallBlocks,
  sound,
  start,
  streamsOf,
} from "./fake/recordings-bench.js";

benchForEach(smallBlocks);

/** As a machine leaves it that lost its power an hour ago and is back at once, by the journal's time of change. */
async function cutOffInAnotherBoot(
  name: string,
  changedAt = Date.now() / 1000 - 14,
): Promise<void> {
  const path = file(`${name}.iio-journal`);
  const data = readFileSync(file(`${name}.sigmf-data`));
  const { header } = await new JournalFollower(path).look();
  const facts = header as RecordingFacts;
  facts.writer = { ...facts.writer, bootId: "another" };
  const hourAgo = BigInt(facts.clocks.realtimeNs) - 3_600_000_000_000n;
  facts.clocks = { ...facts.clocks, realtimeNs: hourAgo.toString() };
  unlinkSync(path);
  const journal = new FakeJournal(path, new TextEncoder().encode(JSON.stringify(facts)));
  journal.proof(0, 0, 0);
  journal.segment({
    ...{ sequence: 0, scan: 0, sample: 0, scanCount: 20_000, offsetScans: 0, gap: null },
    ...{ crc: crc32c(data), timeNs: BigInt(facts.clocks.monotonicNs) },
  });
  journal.close();
  utimesSync(path, changedAt, changedAt);
  const json = meta(name);
  json.global["iio:state"] = "recording";
  writeFileSync(file(`${name}.sigmf-meta`), JSON.stringify(json));
}

describe("recording.start with resume", () => {
  it("begins where there is nothing, in parts", async () => {
    const result = await record({ scans: 25_000 });
    expect(result).toMatchObject({ name: "take", samples: 25_000, parts: [part(1)], error: null });
    expect(result.resumed).toBe(undefined);
    expect(streamsOf()).toEqual([part(1)]);
    await sound("take");
  });

  it("goes on in the next part, and says what was there and how long nobody recorded", async () => {
    await record({ scans: 25_000 });
    const result = await record({ scans: 65_000 });
    expect(result).toMatchObject({ samples: 40_000, parts: [part(2)], continuity: "unknown" });
    expect(result.resumed).toMatchObject([{ from: part(1) }]);
    const { global, captures } = meta(part(2));
    expect(global["iio:continues"]).toBe(part(1));
    expect(captures).toHaveLength(1);
    const [first] = captures;
    expect(first).toMatchObject({
      "core:global_index": 25_000,
      "iio:gap_grade": "unknown",
      "iio:gap_cause": "resumed",
      "iio:lost": null,
      "iio:lost_max": null,
    });
    expect(first!["iio:gap_seconds"]).toBe(result.resumed![0]!.holeSeconds);
    expect(first!["iio:gap_seconds"]).toBeGreaterThanOrEqual(0);
    expect(global["iio:continuity"]).toMatchObject({ gaps: 1, grade: "unknown" });
    // The times of each part stand by themselves.
    const begun = (n: number) => Date.parse(meta(part(n)).captures[0]!["core:datetime"]);
    expect(begun(2)).toBeGreaterThan(begun(1));
    expect(streamsOf()).toEqual([part(1), part(2)]);
    await sound("take");
    await sound(part(2));
  });

  it("counts through parts of a later run that follow each other, without a gap between those", async () => {
    await record({ scans: 30_000 });
    const result = await record({ scans: 330_000, split: { kind: "bytes", bytes: 400_000 } });
    expect(result.samples).toBe(300_000);
    const names = result.parts!;
    expect(names.length).toBeGreaterThan(1);
    expect(names[0]).toBe(part(2));
    let next = 30_000;
    for (const name of names) {
      const { first, end } = scansOf(name);
      expect(first).toBe(next);
      next = end;
    }
    expect(next).toBe(330_000);
    expect(meta(names[1]!).captures[0]).not.toHaveProperty("iio:gap_grade");
    await sound("take");
  });

  it("takes a recording without parts for the first of them, and leaves its files as they are", async () => {
    await record({ scans: 20_000, resume: false });
    const before = readdirSync(folder()).map((one) => [one, readFileSync(file(one))] as const);
    const result = await record({ scans: 50_000 });
    expect(result).toMatchObject({ parts: [part(2)], samples: 30_000 });
    for (const [name, bytes] of before) expect(readFileSync(file(name))).toEqual(bytes);
    expect(streamsOf()).toEqual(["take", part(2)]);
    expect(scansOf(part(2)).first).toBe(20_000);
    await sound("take");
    await record({ scans: 60_000 });
    expect(streamsOf()).toEqual(["take", part(2), part(3)]);
    await sound("take");
    // It is listed, opened, and deleted for itself, and keeps its name.
    const list = await request("recording.list", {});
    expect(list.map(({ name }) => name).sort()).toEqual(["take", part(2), part(3)]);
    await request("recording.open", { name: "take" });
    await request("recording.close", { name: "take" });
    const renamed = request("recording.rename", { name: "take", newName: "other" });
    expect((await refusal(renamed)).message).toContain("name");
    await request("recording.delete", { name: "take" });
    expect(streamsOf()).toEqual([part(2), part(3)]);
    await sound("take");
  });

  it("gives a lone first part its hash, in the collection too", async () => {
    await record({ scans: 20_000, resume: false, hash: true });
    await record({ scans: 30_000 });
    await expect.poll(() => typeof meta("take").global["core:sha512"]).toBe("string");
    await expect.poll(async () => (await verifyRecording(file("take"))).faults).toEqual([]);
  });

  it("goes on with a recording of several files", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await record({ stream: IMU, scans: 30 });
    await record({ stream: IMU, scans: 50 });
    expect(dataNames()).toContain(`${part(2)}-timestamp`);
    expect(scansOf(`${part(2)}-timestamp`)).toEqual({ first: 30, end: 50 });
    await sound("take");
  });

  it("does not count what a stream that runs already gave before", async () => {
    await record({ scans: 20_000 });
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.historyToScan > 200_000);
    await record({ scans: 50_000 });
    const { first } = scansOf(part(2));
    expect(first).toBeGreaterThanOrEqual(20_000);
    expect(first).toBeLessThan(150_000);
    await sound("take");
  });

  it("goes on when the device that went is back", async () => {
    const end = ended();
    await start();
    await bench.next("recording", ({ status }) => status.scans > 20_000);
    await request("stream.fault", { stream: ADC, fault: "vanish" });
    const { result } = await end;
    expect(result.error).toMatchObject({ code: "ENODEV" });
    expect(result.samples).toBeGreaterThan(0);
    await expect.poll(async () => (await refusal(start())).code).toBe("ENODEV");
    await request("stream.fault", { stream: ADC, fault: "none" });
    const again = await record({ scans: result.samples + 10_000 });
    expect(again).toMatchObject({ samples: 10_000, parts: [part(2)], error: null });
    await sound("take");
  });

  it("goes on after a restart of the machine, as soon as nobody else can be writing the part before", async () => {
    await record({ scans: 20_000 });
    await cutOffInAnotherBoot(part(1));
    const { resumed } = await record({ scans: 50_000 });
    expect(meta(part(1)).global).toMatchObject({ "iio:state": "recovered", "iio:samples": 20_000 });
    expect(scansOf(part(2))).toEqual({ first: 20_000, end: 50_000 });
    // By the clock on the wall: the other one began anew with the machine.
    expect(resumed![0]!.holeSeconds).toBeGreaterThan(3600);
    await sound("take");
  });

  it("goes on where the clock came up behind the last journal, once that has not grown for long enough", async () => {
    await record({ scans: 20_000 });
    await cutOffInAnotherBoot(part(1), Date.now() / 1000 + 3600);
    // Five times as fast: the wait is long.
    const [now, begun] = [performance.now.bind(performance), performance.now()];
    vi.spyOn(performance, "now").mockImplementation(() => begun + 5 * (now() - begun));
    const { samples } = await record({ scans: 50_000 });
    expect(samples).toBe(30_000);
    expect(meta(part(1)).global).toMatchObject({ "iio:state": "recovered", "iio:samples": 20_000 });
    await sound("take");
  });

  it("takes a journal that is dated ahead for one that is written as long as it changes", async () => {
    const journals = new ForeignJournals();
    const mtimeMs = Date.now() + 3_600_000;
    let nowMs = 0;
    vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    for (let size = 1; size < 10; size++) {
      expect(journals.mayBeWritten("a", { size, mtimeMs })).toBe(true);
      nowMs += FRESH_MS - 1;
      expect(journals.mayBeWritten("a", { size, mtimeMs })).toBe(true);
    }
    nowMs++;
    expect(journals.mayBeWritten("a", { size: 9, mtimeMs })).toBe(false);
    // As it always was by a clock that is right.
    expect(journals.mayBeWritten("b", { size: 1, mtimeMs: Date.now() - 1000 })).toBe(true);
    expect(journals.mayBeWritten("b", { size: 1, mtimeMs: Date.now() - FRESH_MS })).toBe(false);
  });

  it("counts what it is to hold through all parts, and refuses when all of it is there", async () => {
    await record({ seconds: 0.2 });
    const { samples } = await record({ seconds: 0.5 });
    expect(samples).toBe(300_000);
    const again = await refusal(start({ seconds: 0.5 }));
    expect(again).toMatchObject({ code: "NOTHING_LEFT", field: "resume" });
    expect(again.message).toContain("500 ms");
    expect(dataNames()).toEqual([part(1), part(2)]);
  });

  it("counts by the clock what a source gave that waits for blocks, however its values are spaced", async () => {
    const scope = { kind: "device" } as const;
    const rate = { device: "sim:adc", scope, name: "sampling_frequency", value: "10000" };
    await request("attribute.write", rate);
    await request("stream.configure", { stream: ADC, patch: { rateMax: true } });
    const { samples } = await record({ seconds: 0.3 });
    // So many are twice as much by the rate as will be asked for.
    expect(samples).toBeGreaterThan(2 * 10_000);
    const held = (n: number) => meta(part(n)).global["iio:seconds"] as number;
    expect(held(1)).toBeGreaterThanOrEqual(0.3);
    expect(meta(part(1)).global["iio:seconds_by"]).toBe("clock");
    expect(await refusal(start({ seconds: 0.3 }))).toMatchObject({ code: "NOTHING_LEFT" });
    await record({ seconds: 1, split: { kind: "bytes", bytes: 400_000 } });
    const parts = streamsOf();
    expect(parts.length).toBeGreaterThan(2);
    const sum = parts.reduce((total, _, at) => total + held(at + 1), 0);
    expect(sum).toBeGreaterThanOrEqual(1);
    expect(await refusal(start({ seconds: 1 }))).toMatchObject({ code: "NOTHING_LEFT" });
    // Of one that was cut off: what its samples took, and not what its rate says.
    await cutOffInAnotherBoot(part(1));
    await record({ seconds: 2 });
    expect(meta(part(1)).global).toMatchObject({ "iio:state": "recovered", "iio:seconds": null });
    await sound(part(parts.length + 1));
  });

  it("goes on with captures, their numbers too", async () => {
    const scope = { kind: "channel" as const, channel: "voltage1" };
    await request("attribute.write", { device: "sim:adc", scope, name: "frequency", value: "20" });
    const trace = { channel: "voltage1", part: "value" as const };
    await request("stream.trigger", {
      stream: ADC,
      trigger: { trace, edge: "rising", level: 0.1, hysteresis: 0.05, physical: true },
    });
    const captures = { beforeSeconds: 0.004, afterSeconds: 0.006 };
    await record({ captures: { ...captures, count: 3 } });
    const { captures: more } = await record({ captures: { ...captures, count: 5 } });
    expect(more!.list.map((one) => one.number)).toEqual([4, 5]);
    const { captures: runs, annotations } = meta(part(2));
    expect(annotations.map((one) => one["iio:capture"])).toEqual([4, 5]);
    for (const one of annotations) {
      expect(one["iio:trigger_scan"]).toBeGreaterThan(runs[0]!["core:global_index"]!);
    }
    await sound("take");
  });
});

describe("resume is refused, with the reason and the next step, and makes no file", () => {
  const refused = async (more: object, code: string, says: string) => {
    const before = dataNames();
    const error = await refusal(start(more));
    expect(error).toMatchObject({ code });
    expect(error.message).toContain(says);
    expect(error.message).toMatch(/name|Leave|Stop/);
    expect(dataNames()).toEqual(before);
  };

  it("where device, channels, rate or the words in the files differ", async () => {
    await record({ scans: 20_000 });
    await refused({ stream: RX }, "MISMATCH", "recorded from");
    const write = (value: string) =>
      request("attribute.write", {
        ...{ device: "sim:adc", scope: { kind: "device" } },
        ...{ name: "sampling_frequency", value },
      });
    await write("500000");
    await refused({}, "MISMATCH", "recorded at 1 MHz, and the device runs at 500 kHz");
    await write("1000000");
    const patch = { channels: ["voltage0"] };
    await request("stream.configure", { stream: ADC, patch });
    await refused({}, "MISMATCH", "this stream has voltage0. Enable the same channels");
    await start({ name: "rf", stream: RX, scans: 1000 });
    await ended();
    await refused({ name: "rf", stream: RX, raw: true }, "MISMATCH", "Leave raw out");
  });

  it("where what has the name can't be gone on from", async () => {
    await record({ scans: 20_000 });
    writeFileSync(file(`${part(1)}.sigmf-meta`), "{");
    await refused({}, "BAD_RECORDING", `The metadata of “${part(1)}” can't be read`);
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await record({ stream: IMU, name: "imu", scans: 20, resume: false });
    await refused({ stream: IMU, name: "imu" }, "EEXIST", "one of several files");
    writeFileSync(file("foreign.sigmf-data"), "x");
    await refused({ name: "foreign" }, "EEXIST", "lies there without metadata");
    renameSync(file("foreign.sigmf-data"), file("elsewhere.sigmf-data"));
    const global = { "core:datatype": "ri16_le", "core:version": "1.2.5" };
    const json = JSON.stringify({ global, captures: [], annotations: [] });
    writeFileSync(file("elsewhere.sigmf-meta"), json);
    await refused({ name: "elsewhere" }, "EEXIST", "another program recorded it");
  });

  it("while somebody records it, here or in another program", async () => {
    await start();
    await refused({ stream: RX }, "BUSY_RECORDING", "is being recorded");
    const other = await makeBench({ recordingsFolder: folder() });
    const elsewhere = other.client.request("recording.start", {
      ...{ stream: RX, name: "take", hash: false, resume: true },
    });
    expect((await refusal(elsewhere)).message).toContain("recorded by another program");
    await other.close();
    await request("recording.stop", { stream: ADC });
  });

  it("where the part before can't be completed: at once, naming the file, with one notice", async () => {
    const notices: string[] = [];
    bench.client.on("notice", ({ title, error }) => notices.push(`${title}: ${error.message}`));
    await record({ scans: 20_000 });
    await cutOffInAnotherBoot(part(1), Date.now() / 1000 - 3600);
    const lost = file(`${part(1)}.sigmf-data`);
    renameSync(lost, file("away"));
    const says = `Its file ${part(1)}.sigmf-data is missing. Bring that back`;
    for (let n = 0; n < 2; n++) await refused({}, "BAD_RECORDING", says);
    expect(notices).toEqual([expect.stringContaining(says)]);
    renameSync(file("away"), lost);
    unlinkSync(file(`${part(1)}.iio-journal`));
    await refused({}, "BAD_RECORDING", "Its journal is missing");
  });

  it("together with time from before", async () => {
    await record({ scans: 1000 });
    await refused({ preSeconds: 1 }, "BAD_REQUEST", "begins at once");
  });
});
