import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JournalFollower } from "../../electron/host/recordings/journal-follower.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { crc32c } from "../../shared/crc32c.js";
import { FakeJournal } from "./fake/journal.js";
import { ADC, makeBench, type Bench } from "./fake/host.js";

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
  };
const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);
/** The next start of the program. */
const nextStart = () =>
  makeBench({ recordingsFolder: folder(), configDir: join(bench.folder, "other") });

describe("a recording cut off by the end of its program", () => {
  it("is completed at the next start from its journal, cut to what both tell, and marked", async () => {
    await leaveBehind();
    appendFileSync(file("lost.sigmf-data"), new Uint8Array(7));
    const again = await nextStart();
    const global = meta("lost").global;
    expect(global).toMatchObject({ "iio:state": "recovered", "iio:samples": 3000 });
    expect(statSync(file("lost.sigmf-data")).size).toBe(12_000);
    expect(again.hello.recordings.list).toMatchObject([{ name: "lost", state: "recovered" }]);
    await sound("lost");
    await again.close();
  });

  it("counts only what reached the data file", async () => {
    await leaveBehind();
    truncateSync(file("lost.sigmf-data"), 2500 * 4 + 3);
    const again = await nextStart();
    expect(meta("lost").global["iio:samples"]).toBe(2500);
    expect(statSync(file("lost.sigmf-data")).size).toBe(10_000);
    await sound("lost");
    await again.close();
  });

  it("is left alone while its program lives", async () => {
    await leaveBehind({ alive: true });
    const again = await nextStart();
    expect(existsSync(file("lost.sigmf-meta"))).toBe(false);
    await again.close();
  });

  /** Files of a recording whose writer has died, or lives: made by hand from those of a whole one. */
  async function leaveBehind({ alive = false } = {}): Promise<void> {
    const ended = bench.next("recording.ended");
    const start = { stream: ADC, name: "whole", scans: 3000, hash: false };
    await bench.client.request("recording.start", start);
    await ended;
    const { header } = await new JournalFollower(file("whole.iio-journal")).look();
    const facts = header as { name: string; writer: { pid: number; startTicks: string } };
    facts.name = "lost";
    if (!alive) facts.writer = { ...facts.writer, startTicks: "1" };
    const data = readFileSync(file("whole.sigmf-data"));
    const journal = new FakeJournal(
      file("lost.iio-journal"),
      new TextEncoder().encode(JSON.stringify(facts)),
    );
    for (let n = 0; n < 3; n++) {
      journal.segment({
        sequence: n,
        scan: n * 1000,
        sample: n * 1000,
        scanCount: 1000,
        crc: crc32c(data.subarray(n * 4000, (n + 1) * 4000)),
        timeNs: BigInt(n),
        gap: null,
        offsetScans: 0,
      });
    }
    journal.close();
    writeFileSync(file("lost.sigmf-data"), data.subarray(0, 12_000));
    for (const ending of ["sigmf-data", "sigmf-meta", "iio-journal"]) {
      rmSync(file(`whole.${ending}`));
    }
  }
});
