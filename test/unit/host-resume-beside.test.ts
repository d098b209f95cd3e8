/** Recordings that would go on while another program writes the same one, or beside what it has left. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { JournalFollower } from "../../electron/host/recordings/journal-follower.js";
import type { RecordingFacts } from "../../shared/sigmf/types.js";
import { benchForEach, request } from "./fake/each-bench.js";
import { ADC, refusal } from "./fake/host.js";
import { FakeJournal } from "./fake/journal.js";
import { dataNames, ended, file, part, smallBlocks } from "./fake/recordings-bench.js";

benchForEach(smallBlocks);

const start = (scans: number) =>
  request("recording.start", { stream: ADC, name: "take", hash: false, resume: true, scans });

async function record(scans: number): Promise<void> {
  const end = ended();
  const { stream } = await start(scans);
  await end;
  await request("stream.stop", { stream });
}

/** Field 22 of /proc/PID/stat. */
const startTicks = (pid: number) =>
  readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[19]!;

describe("a recording whose parts another program writes just now", () => {
  it("is refused between two parts too, when no metadata say that it is written", async () => {
    await record(20_000);
    const pid = process.ppid;
    await nextPartOf({ pid, startTicks: startTicks(pid) });
    const error = await refusal(start(50_000));
    expect(error).toMatchObject({ code: "BUSY_RECORDING", field: "name" });
    expect(error.message).toContain(`“${part(2)}” is being recorded by another program. Stop`);
    expect(dataNames()).toEqual([part(1), part(2)]);
  });

  it("goes on behind it once that program has ended", async () => {
    await record(20_000);
    await nextPartOf({ pid: process.ppid, startTicks: "1" });
    await record(50_000);
    expect(dataNames()).toEqual([part(1), part(2)]);
  });

  /** The one that lies ready, or was gone over to a moment ago: a journal and a file for samples. */
  async function nextPartOf(writer: Pick<RecordingFacts["writer"], "pid" | "startTicks">) {
    const { header } = await new JournalFollower(file(`${part(1)}.iio-journal`)).look();
    const facts = header as RecordingFacts;
    facts.name = part(2);
    facts.part = { of: "take", number: 2 };
    facts.writer = { ...facts.writer, ...writer };
    const json = new TextEncoder().encode(JSON.stringify(facts));
    new FakeJournal(file(`${part(2)}.iio-journal`), json).close();
    writeFileSync(file(`${part(2)}.sigmf-data`), "");
  }
});

describe("a recording of which a later part left only files without metadata", () => {
  it("goes on behind those, but not behind a side index, which is nobody's without its samples", async () => {
    await record(20_000);
    writeFileSync(file(`${part(7)}.iio-index`), "IIOINDEX");
    await record(30_000);
    expect(dataNames()).toEqual([part(1), part(2)]);
    writeFileSync(file(`${part(4)}.iio-rest`), "x");
    await record(40_000);
    expect(dataNames()).toEqual([part(1), part(2), part(5)]);
  });
});
