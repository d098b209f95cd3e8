/** The side index from the host's side, with the real addon: recorded, opened, renamed, damaged, made anew. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRecording } from "../../electron/host/recordings/opened.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { loadAddon } from "../../native/load.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, IMU, makeBench, RX, type Bench } from "../unit/fake/host.js";

const addon = loadAddon();
let bench: Bench;
beforeEach(async () => (bench = await makeBench({ addon: addon as FakeAddon })));
afterEach(() => bench.close());

const folder = () => join(bench.folder, "recordings");
const file = (name: string) => join(folder(), name);
const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);

async function record(stream: string, params: object): Promise<void> {
  const ended = bench.next("recording.ended");
  await request("recording.start", { stream, hash: false, ...params });
  expect((await ended).result.error).toBeNull();
}

async function setMax(channels: string[]): Promise<void> {
  await request("stream.configure", { stream: ADC, patch: { channels, rateMax: true } });
}

/** Samples and, in a file of their own, the times of the scans. */
async function recordStamped(name: string): Promise<void> {
  const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
  await request("stream.configure", { stream: IMU, patch });
  await record(IMU, { name, scans: 700 });
}

/** Opens, looks at all of it and waits until the index is what it will be. */
async function open(name: string) {
  const set = await openRecording(addon, folder(), name);
  try {
    const atOnce = set.files.map(({ store }) => store.status());
    for (const { store } of set.files)
      await expect.poll(() => store.status().index, { timeout: 60_000 }).not.toBe("building");
    return { atOnce, then: set.files.map(({ store }) => store.status()) };
  } finally {
    for (const { store } of set.files) await store.close();
  }
}

function flip(path: string, at: number): void {
  const fd = openSync(path, "r+");
  writeSync(fd, Buffer.from([readFileSync(path)[at]! ^ 1]), 0, 1, at);
  closeSync(fd);
}

describe("the side index of a recording", () => {
  it("opens every file of it at once, whatever its layout", async () => {
    await setMax(["voltage0", "voltage1", "voltage2"]);
    await record(ADC, { name: "plain", scans: 9_000_000 });
    await record(RX, { name: "pairs", scans: 200_000 });
    await recordStamped("stamped");
    await request("stream.configure", { stream: ADC, patch: { rateMax: false } });
    const ended = bench.next("recording.ended");
    await request("recording.start", { stream: ADC, name: "lossy", hash: false });
    await request("stream.fault", { stream: ADC, fault: "lost-blocks" });
    await bench.next("recording", ({ status }) => status.continuity.gaps >= 2);
    await request("recording.stop", { stream: ADC });
    expect((await ended).result.lostSamples).toBeGreaterThan(0);
    for (const [name, files] of [
      ["plain", 1],
      ["pairs", 1],
      ["stamped", 2],
      ["lossy", 1],
    ] as const) {
      const { atOnce } = await open(name);
      expect(atOnce).toHaveLength(files);
      for (const status of atOnce)
        expect(status).toMatchObject({ index: "whole", indexNote: "", summarised: 1 });
      const { faults, checked, notes } = await verifyRecording(file(name));
      expect([faults, notes]).toEqual([[], []]);
      expect(checked.filter((what) => /\.iio-index: CRC32C of/.test(what))).toHaveLength(
        atOnce.length,
      );
    }
  });

  it("goes with the recording's name, and with the recording that holds nothing", async () => {
    const ended = bench.next("recording.ended");
    await request("recording.start", { stream: ADC, name: "first", hash: false, scans: 100_000 });
    await request("recording.annotate", { name: "first", newName: "second" });
    await ended;
    await expect.poll(() => existsSync(file("second.iio-index"))).toBe(true);
    expect(existsSync(file("first.iio-index"))).toBe(false);
    expect((await open("second")).atOnce[0]).toMatchObject({ index: "whole" });
  });

  it("is made anew beside a recording that lost it, and mended where it does not match", async () => {
    await setMax(["voltage0"]);
    await record(ADC, { name: "long", scans: 20_000_000 });
    await record(ADC, { name: "other", scans: 20_000_000 });
    const [index, data] = [file("long.iio-index"), file("long.sigmf-data")];
    const [right, samples] = [readFileSync(index), readFileSync(data)];
    const mended = async (why: RegExp) => {
      const { then } = await open("long");
      expect(then[0]).toMatchObject({ index: "whole" });
      expect(then[0]!.indexNote).toMatch(why);
      expect(readFileSync(index).equals(right)).toBe(true);
    };
    rmSync(index);
    await mended(/There is no side index/);
    truncateSync(index, Math.floor(right.length / 2));
    expect((await verifyRecording(file("long"))).notes.join()).toMatch(/covers the first/);
    await mended(/is cut short: it covers/);
    renameSync(file("other.iio-index"), index);
    await mended(/does not match its data/);
    writeFileSync(index, "notes of somebody's");
    const { faults, notes } = await verifyRecording(file("long"));
    expect(faults).toEqual([]);
    expect(notes.join()).toMatch(/it is no side index\. Open the recording/);
    await mended(/is no side index/);
    expect(readFileSync(data).equals(samples)).toBe(true);
  }, 120_000);

  it("proves which samples are damaged, also in a file of which the journal says nothing", async () => {
    await recordStamped("two");
    const stamps = file("two-timestamp.sigmf-data");
    const scans = statSync(stamps).size / 8;
    flip(stamps, 8 * 100);
    expect((await verifyRecording(file("two"))).faults).toEqual([
      `two-timestamp.iio-index: the data of samples 0 to ${scans - 1} differ from their CRC32C.`,
    ]);
    flip(stamps, 8 * 100);
    // A damaged index is no fault of the data.
    flip(file("two.iio-index"), 64 + 24);
    const verdict = await verifyRecording(file("two"));
    expect(verdict.faults).toEqual([]);
    expect(verdict.notes.join()).toMatch(/does not serve: it is damaged at byte 64/);
  });

  it("is done without where it can't be written, and the user told", async () => {
    await request("stream.configure", { stream: ADC, patch: { channels: ["voltage0"] } });
    mkdirSync(folder(), { recursive: true });
    writeFileSync(file("blocked.iio-index"), "notes of somebody's");
    const notice = bench.next("notice");
    const ended = bench.next("recording.ended");
    await request("recording.start", { stream: ADC, name: "blocked", hash: false });
    const { title, error } = await notice;
    expect(title).toBe("“blocked” goes on without its side index");
    expect(error?.code).toBe("EEXIST");
    await request("recording.stop", { stream: ADC });
    expect((await ended).result.error).toBeNull();
    expect(readFileSync(file("blocked.iio-index"), "utf8")).toBe("notes of somebody's");
    expect((await verifyRecording(file("blocked"))).faults).toEqual([]);
  });
});
