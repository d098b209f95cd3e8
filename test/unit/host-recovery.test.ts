import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ForeignJournals } from "../../electron/host/recordings/foreign-journals.js";
import { JournalFollower } from "../../electron/host/recordings/journal-follower.js";
import { recoverRecordings } from "../../electron/host/recordings/recovery.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { crc32c } from "../../shared/crc32c.js";
import type { RecordingFacts } from "../../shared/sigmf/types.js";
import type { ViewRange } from "../../shared/view.js";
import { FakeJournal } from "./fake/journal.js";
import { ADC, IMU, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.close());

const folder = () => join(bench.folder, "recordings");
const file = (name: string) => join(folder(), name);
const meta = (name: string) =>
  JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as {
    global: Record<string, unknown>;
    captures: Record<string, unknown>[];
  };
const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);
/** The next start of the program. */
const nextStart = () =>
  makeBench({ recordingsFolder: folder(), configDir: join(bench.folder, "other") });

describe("a recording cut off by the end of its program", () => {
  it("is completed at the next start from its journal, and marked", async () => {
    await leaveBehind();
    const again = await nextStart();
    const { global, captures } = meta("lost");
    expect(global).toMatchObject({ "iio:state": "recovered", "iio:samples": 3000 });
    expect(global["iio:continuity"]).toMatchObject({ grade: "estimated", gaps: 0 });
    expect(captures).toHaveLength(1);
    expect(again.hello.recordings.list).toMatchObject([{ name: "lost", state: "recovered" }]);
    expect(existsSync(file("lost.iio-rest"))).toBe(false);
    await sound("lost");
    await again.close();
  });

  it("keeps whole scans that its journal knows nothing of, and claims nothing of them", async () => {
    await leaveBehind();
    const more = Buffer.from("scanSCANrest");
    appendFileSync(file("lost.sigmf-data"), more.subarray(0, 11));
    const before = readFileSync(file("lost.sigmf-data"));
    const again = await nextStart();
    const { global, captures } = meta("lost");
    expect(global["iio:samples"]).toBe(3002);
    expect(captures[1]).toMatchObject({
      "core:sample_start": 3000,
      "core:global_index": 3000,
      "iio:gap_grade": "unknown",
      "iio:gap_cause": "unjournaled",
      "iio:lost": null,
      "iio:lost_min": 0,
      "iio:lost_max": null,
    });
    expect(global["iio:continuity"]).toMatchObject({ grade: "unknown", gaps: 1, lost: null });
    // No byte is gone: what is no scan stands beside it.
    expect(readFileSync(file("lost.sigmf-data"))).toEqual(before.subarray(0, 3002 * 4));
    expect(readFileSync(file("lost.iio-rest"), "utf8")).toBe("res");
    await sound("lost");
    const [entry] = again.hello.recordings.list;
    expect(entry).toMatchObject({ state: "recovered", gaps: 1 });
    await again.close();
  });

  it("counts only what reached the data file, and keeps what an earlier try put aside", async () => {
    await leaveBehind();
    truncateSync(file("lost.sigmf-data"), 2500 * 4 + 3);
    const before = readFileSync(file("lost.sigmf-data"));
    writeFileSync(file("lost.iio-rest"), "of an earlier try");
    const again = await nextStart();
    expect(meta("lost").global["iio:samples"]).toBe(2500);
    expect(readFileSync(file("lost.sigmf-data"))).toEqual(before.subarray(0, 10_000));
    expect(readFileSync(file("lost.iio-rest"), "utf8")).toBe("of an earlier try");
    expect(readFileSync(file("lost.iio-rest-2"))).toEqual(before.subarray(10_000));
    await sound("lost");
    await again.close();
  });

  it("is completed without a single segment, from its data alone", async () => {
    await leaveBehind({ segments: 0 });
    const again = await nextStart();
    const { global, captures } = meta("lost");
    expect(global["iio:samples"]).toBe(3000);
    expect(global["iio:continuity"]).toMatchObject({
      grade: "unknown",
      evidence: "the journal does not tell",
    });
    expect(captures).toHaveLength(1);
    expect(Date.parse(captures[0]!["core:datetime"] as string)).toBeGreaterThan(1.6e12);
    await sound("lost");
    await again.close();
  });

  it("of several files keeps each as long as it is, and is drawn as far as all go", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await bench.client.request("stream.configure", { stream: IMU, patch });
    await leaveBehind({ stream: IMU, count: 3000, segments: 2 });
    const names = ["lost", "lost-timestamp"];
    const [first, times] = names.map((name) => `${name}.sigmf-data`) as [string, string];
    const scanBytes = statSync(file(first)).size / 3000;
    truncateSync(file(times), 2600 * 8);
    truncateSync(file(first), 2900 * scanBytes + 1);
    const again = await nextStart();
    expect(names.map((name) => meta(name).global["iio:samples"])).toEqual([2900, 2600]);
    expect(names.map((name) => statSync(file(`${name}.sigmf-data`)).size)).toEqual([
      2900 * scanBytes,
      2600 * 8,
    ]);
    expect(statSync(file("lost.iio-rest")).size).toBe(1);
    await sound("lost");
    const info = await again.client.request("recording.open", { name: "lost" });
    const ask = (range: ViewRange) =>
      again.client.request("view.frame", {
        stream: info.id,
        traces: [{ channel: "accel_z", part: "value" }],
        range,
        columns: 4000,
        physical: true,
      });
    for (const range of [{ kind: "all" }, { kind: "range", fromScan: 0, toScan: 2900 }] as const) {
      const shown = await ask(range);
      expect(shown).toMatchObject({ fromScan: 0, toScan: 2600, timeAxis: "timestamp" });
      expect(shown.traces[0]!.y.some(Number.isNaN)).toBe(false);
    }
    expect(await ask({ kind: "follow", scans: 600 })).toMatchObject({
      fromScan: 2000,
      toScan: 2600,
    });
    await again.client.request("recording.close", { name: "lost" });
    await again.close();
  });

  it("is left as it is while one of its files is away", async () => {
    await leaveBehind();
    renameSync(file("lost.sigmf-data"), file("elsewhere"));
    const again = await nextStart();
    expect(existsSync(file("lost.sigmf-meta"))).toBe(false);
    await again.close();
  });

  it("is not completed once more because its metadata can't be read just now", async () => {
    const patch = { channels: [0, 1, 2, 3].map((n) => `voltage${n}`) };
    await bench.client.request("stream.configure", { stream: ADC, patch });
    for (const name of ["one", "several"]) {
      const ended = bench.next("recording.ended");
      const asked = { stream: ADC, name, scans: 3000, hash: false };
      await bench.client.request("recording.start", asked);
      await ended;
      await bench.client.request("stream.stop", { stream: ADC });
      // From then on a file for the pair, and one for the others.
      const pair = { device: "sim:adc", i: "voltage0", q: "voltage1", action: "join" as const };
      await bench.client.request("device.pair", pair);
    }
    const metas = readdirSync(folder()).filter((one) => one.endsWith("-meta"));
    expect(metas).toContain("one.sigmf-meta");
    expect(metas).not.toContain("several.sigmf-meta");
    for (const one of metas) {
      renameSync(file(one), join(bench.folder, one));
      // As unreadable as a file without permission, to root too.
      symlinkSync(one, file(one));
    }
    const faults: string[] = [];
    const look = () =>
      recoverRecordings(folder(), {
        busy: new Set(),
        foreign: new ForeignJournals(),
        fault: (name) => faults.push(name),
        written: () => undefined,
      });
    expect(await look()).toEqual([]);
    expect(faults.sort()).toEqual(["one", "several"]);
    for (const one of metas) renameSync(join(bench.folder, one), file(one));
    expect(await look()).toEqual([]);
    expect(faults).toHaveLength(2);
  });

  it("is told from those that are whole by metadata of its own name alone", async () => {
    const ended = bench.next("recording.ended");
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await bench.client.request("stream.configure", { stream: IMU, patch });
    await bench.client.request("recording.start", { stream: IMU, name: "imu", scans: 20 });
    await ended;
    // Between those of the recording stand others that begin like it.
    for (const name of ["imu-a", "imu-zz", "imu2", "im"]) {
      writeFileSync(file(`${name}.sigmf-meta`), '{ "global": { "iio:state": "recording" } }');
    }
    const ask = { busy: new Set<string>(), foreign: new ForeignJournals() };
    const tell = { fault: () => expect.fail(), written: () => expect.fail() };
    expect(await recoverRecordings(folder(), { ...ask, ...tell })).toEqual([]);
  });

  it("is left alone while its program lives", async () => {
    await leaveBehind({ alive: true });
    const again = await nextStart();
    expect(existsSync(file("lost.sigmf-meta"))).toBe(false);
    await again.close();
  });

  describe("with a next part that lay ready", () => {
    /** `take-part0001` was cut off; the next one has nothing yet. `suffix`: of its data file, as its journal has it. */
    async function leaveParts(suffix = ""): Promise<void> {
      const part = (number: number) => ({ part: { of: "take", number } });
      await leaveBehind({ name: "take-part0002", more: part(2), segments: 0, suffix });
      truncateSync(file("take-part0002.sigmf-data"), 0);
      writeFileSync(file("take-part0002.iio-index"), "");
      await leaveBehind({ name: "take-part0001", more: part(1) });
    }
    const left = () => readdirSync(folder()).filter((name) => name.startsWith("take-part0002"));

    it("takes its empty files away, so that its name is free", async () => {
      await leaveParts();
      const again = await nextStart();
      expect(left()).toEqual([]);
      expect(again.hello.recordings.list).toMatchObject([{ name: "take-part0001" }]);
      await sound("take-part0001");
      await again.close();
    });

    it("takes them away where not even its data file was made", async () => {
      await leaveParts();
      rmSync(file("take-part0002.sigmf-data"));
      const again = await nextStart();
      expect(left()).toEqual([]);
      await again.close();
    });

    it("leaves them alone while the part before may still be written elsewhere", async () => {
      await leaveParts();
      const global = { "iio:state": "recording", "iio:part": { of: "take", number: 1 } };
      writeFileSync(file("take-part0000.sigmf-meta"), JSON.stringify({ global }));
      const again = await nextStart();
      expect(left()).toHaveLength(3);
      await again.close();
    });

    it("leaves one alone that another program has begun anew while others were completed", async () => {
      const names = ["one", "two"] as const;
      for (const name of names) {
        const ready = { segments: 0, more: { part: { of: name, number: 2 } } };
        await leaveBehind({ ...ready, name: `${name}-part0002` });
        truncateSync(file(`${name}-part0002.sigmf-data`), 0);
        // What can't be removed tells when it was tried.
        mkdirSync(file(`${name}-part0002.iio-index`));
        await leaveBehind({ ...ready, name: `${name}-new`, alive: true });
      }
      const begun: string[] = [];
      const fault = (name: string): void => {
        const other = name === "one-part0002" ? "two" : "one";
        if (begun.length === 0) {
          for (const ending of [".sigmf-data", ".iio-journal"]) {
            renameSync(file(`${other}-new${ending}`), file(`${other}-part0002${ending}`));
          }
        }
        begun.push(other);
      };
      const ask = { busy: new Set<string>(), foreign: new ForeignJournals(), written: () => {} };
      await recoverRecordings(folder(), { ...ask, fault });
      expect(begun).toHaveLength(1);
      for (const ending of [".sigmf-data", ".iio-journal"]) {
        expect(existsSync(file(`${begun[0]!}-part0002${ending}`))).toBe(true);
      }
    });

    it("touches nothing that lies elsewhere, whatever its journal says", async () => {
      const outside = join(bench.folder, "outside.sigmf-data");
      await leaveParts("/../../outside");
      writeFileSync(outside, "");
      const again = await nextStart();
      expect(existsSync(outside)).toBe(true);
      await again.close();
    });
  });

  /** Files of a recording whose writer has died, or lives: made by hand from those of a whole one. */
  async function leaveBehind({
    alive = false,
    stream = ADC,
    count = 3000,
    segments = 3,
    name = "lost",
    more = {} as Partial<RecordingFacts>,
    suffix = "",
  } = {}): Promise<void> {
    const ended = bench.next("recording.ended");
    const start = { stream, name: "whole", scans: count, hash: false };
    await bench.client.request("recording.start", start);
    await ended;
    const { header } = await new JournalFollower(file("whole.iio-journal")).look();
    const facts = header as RecordingFacts;
    const outputs = facts.outputs.map((output) => ({ ...output }));
    Object.assign(facts, more, { name });
    if (suffix !== "") facts.outputs[0]!.suffix = suffix;
    if (!alive) facts.writer = { ...facts.writer, startTicks: "1" };
    const data = readFileSync(file("whole.sigmf-data"));
    const scanBytes = data.length / count;
    const journal = new FakeJournal(
      file(`${name}.iio-journal`),
      new TextEncoder().encode(JSON.stringify(facts)),
    );
    journal.proof(0, 1, 0);
    for (let n = 0; n < segments; n++) {
      journal.segment({
        sequence: n,
        scan: n * 1000,
        sample: n * 1000,
        scanCount: 1000,
        crc: crc32c(data.subarray(n * 1000 * scanBytes, (n + 1) * 1000 * scanBytes)),
        timeNs: BigInt(n),
        gap: null,
        offsetScans: 0,
      });
    }
    journal.close();
    for (const { suffix: own } of outputs) {
      renameSync(file(`whole${own}.sigmf-data`), file(`${name}${own}.sigmf-data`));
      rmSync(file(`whole${own}.sigmf-meta`));
    }
    rmSync(file("whole.sigmf-collection"), { force: true });
    rmSync(file("whole.iio-journal"));
  }
});

describe("verify", () => {
  it("calls no recording sound whose journal is there and can't be read", async () => {
    const ended = bench.next("recording.ended");
    const scans = { stream: ADC, name: "whole", scans: 3000, hash: false };
    await bench.client.request("recording.start", scans);
    await ended;
    await sound("whole");
    rmSync(file("whole.iio-journal"));
    await sound("whole");
    mkdirSync(file("whole.iio-journal"));
    expect((await verifyRecording(file("whole"))).faults).toEqual([
      expect.stringMatching(/^whole\.iio-journal: the journal can't be read: EISDIR/),
    ]);
  });
});
