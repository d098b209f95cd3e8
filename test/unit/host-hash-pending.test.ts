/** Hashes that were asked for and not worked out: marked in the metadata, and made good at the next start. */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FinishedList } from "../../electron/host/recordings/finished-list.js";
import { HashQueue } from "../../electron/host/recordings/hashing.js";
import { JournalFollower } from "../../electron/host/recordings/journal-follower.js";
import { isHashedElsewhere, PendingHash } from "../../electron/host/recordings/pending-hash.js";
import { PromisedNames } from "../../electron/host/recordings/promised-names.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { metadataFaults } from "../../shared/sigmf/validate.js";
import { FakeJournal } from "./fake/journal.js";
import { ADC, IMU, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  // The studio is closed before any hash is worked out.
  vi.spyOn(HashQueue.prototype, "add").mockImplementation(() => undefined);
  bench = await makeBench({ shell: "loopback" });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

const folder = () => join(bench.folder, "recordings");
const file = (name: string) => join(folder(), name);
type Meta = { global: Record<string, unknown> };
const meta = (name: string) => JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as Meta;
const digest = (name: string) =>
  createHash("sha512")
    .update(readFileSync(file(`${name}.sigmf-data`)))
    .digest("hex");
const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);

async function record(stream: string, name: string, hash = true): Promise<void> {
  const ended = bench.next("recording.ended");
  await bench.client.request("recording.start", { stream, name, scans: 3000, hash });
  await ended;
}

/** The next start of the program, with hashing as it is. */
async function nextStart(shell: "loopback" | "cli" = "loopback"): Promise<Bench> {
  await bench.host.close();
  vi.restoreAllMocks();
  return makeBench({ shell, recordingsFolder: folder(), configDir: join(bench.folder, "other") });
}
const hashed = (name: string) =>
  expect.poll(() => meta(name).global["core:sha512"], { timeout: 15_000 }).toBe(digest(name));

describe("a recording whose hash was asked for", () => {
  it("says that it is pending, and gets it at the next start, its edited metadata kept", async () => {
    await record(ADC, "take");
    expect(meta("take").global).toMatchObject({
      "iio:state": "complete",
      "iio:hash_pending": true,
    });
    await sound("take");
    const edited = meta("take");
    edited.global["core:description"] = "by hand";
    writeFileSync(file("take.sigmf-meta"), JSON.stringify(edited));

    const again = await nextStart();
    expect(again.hello.recordings.list).toMatchObject([{ name: "take", hashPending: true }]);
    await hashed("take");
    const { global } = meta("take");
    expect(global).not.toHaveProperty(["iio:hash_pending"]);
    expect(global["core:description"]).toBe("by hand");
    const list = () => again.client.request("recording.list", {});
    await expect.poll(async () => (await list())[0]?.hashPending).toBeUndefined();
    await sound("take");
    await again.close();
  });

  it("tells how far it is, though nothing else is known of an earlier session's", async () => {
    await record(ADC, "take");
    vi.restoreAllMocks();
    const told: [string, number | null][] = [];
    const list = new FinishedList(new PromisedNames(), {
      status: () => undefined,
      hash: (name, done) => told.push([name, done]),
      renamed: () => undefined,
      changed: () => undefined,
      fault: (_, error) => expect.fail(String(error)),
    });
    list.resumeHash(new PendingHash(folder(), "take", ["take"]));
    await list.close(true);
    expect(told[0]).toEqual(["take", 0]);
    expect(told.at(-1)).toEqual(["take", null]);
  });

  it("of several files gets them all, and its collection fits them", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await bench.client.request("stream.configure", { stream: IMU, patch });
    await record(IMU, "imu");
    expect(meta("imu-timestamp").global["iio:hash_pending"]).toBe(true);
    const again = await nextStart();
    await hashed("imu");
    await hashed("imu-timestamp");
    await expect.poll(async () => (await verifyRecording(file("imu"))).faults).toEqual([]);
    await again.close();
  });

  it("is left to a window: a command does not wait for what it did not record", async () => {
    await record(ADC, "take");
    const again = await nextStart("cli");
    await again.close();
    expect(meta("take").global["iio:hash_pending"]).toBe(true);
  });

  it("is left to the program that recorded it, as long as that is there", async () => {
    await record(ADC, "take");
    const journal = file("take.iio-journal");
    expect(await isHashedElsewhere(folder(), "take")).toBe(false);
    const { header } = await new JournalFollower(journal).look();
    const facts = header as { writer: { pid: number; startTicks: string } };
    const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
    const writtenBy = (writer: object) => {
      rmSync(journal);
      const text = JSON.stringify({ ...facts, writer: { ...facts.writer, ...writer } });
      new FakeJournal(journal, new TextEncoder().encode(text)).close();
    };
    writtenBy({ pid: process.ppid, startTicks });
    expect(await isHashedElsewhere(folder(), "take")).toBe(true);
    writtenBy({ pid: process.ppid, startTicks: "1" });
    expect(await isHashedElsewhere(folder(), "take")).toBe(false);
  });

  it("that was renamed by hand in the meantime leaves nothing under its old name", async () => {
    await record(ADC, "take");
    const pending = new PendingHash(folder(), "take", ["take"]);
    pending.setHash(0, "ab".repeat(64));
    renameSync(file("take.sigmf-meta"), file("mine.sigmf-meta"));
    await pending.writeHashes((error) => expect.fail(String(error)));
    expect(() => meta("take")).toThrow(/ENOENT/);
    expect(meta("mine").global).not.toHaveProperty(["core:sha512"]);
  });
});

describe("the mark of a pending hash", () => {
  it("stands in no recording whose hash was left out, nor in one that has it or still runs", async () => {
    await record(ADC, "plain", false);
    expect(meta("plain").global).not.toHaveProperty(["iio:hash_pending"]);
    await bench.client.request("recording.start", { stream: ADC, name: "runs", hash: true });
    await bench.next("recording", ({ status }) => status.name === "runs" && status.scans > 5000);
    await expect.poll(() => meta("runs").global["iio:state"]).toBe("recording");
    expect(meta("runs").global).not.toHaveProperty(["iio:hash_pending"]);
  });

  it.each([
    [{ "iio:hash_pending": "yes" }, /either true or left out/],
    [{ "iio:hash_pending": true, "core:sha512": "ab".repeat(64) }, /one of them is wrong/],
  ])("is refused where it can't be true (%j)", async (fields, fault) => {
    await record(ADC, "take", false);
    const wrong = meta("take");
    Object.assign(wrong.global, fields);
    expect(metadataFaults(wrong, "take").join(" ")).toMatch(fault);
  });
});
