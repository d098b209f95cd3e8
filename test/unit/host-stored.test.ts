/** Recordings that lie in the folder: renamed, deleted and found, with no file of another touched. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { readGroup } from "../../shared/sigmf/group.js";
import { ADC, IMU, makeBench, refusal, RX, type Bench } from "./fake/host.js";

let bench: Bench;
let shown: string[];

beforeEach(async () => {
  shown = [];
  bench = await makeBench({ showFile: (path) => shown.push(path) });
});
afterEach(() => bench.close());

const folder = () => join(bench.folder, "recordings");
const files = () => readdirSync(folder()).sort();
const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const names = async () => (await request("recording.list", {})).map(({ name }) => name).sort();

async function record(stream: string, name: string): Promise<void> {
  const ended = bench.next("recording.ended");
  await request("recording.start", { stream, name, scans: 3000, hash: false });
  await ended;
}

/** Changes a JSON file as an editor would. */
function edit(file: string, change: (json: Record<string, Record<string, unknown>>) => void): void {
  const json = JSON.parse(readFileSync(join(folder(), file), "utf8")) as never;
  change(json);
  writeFileSync(join(folder(), file), JSON.stringify(json));
}

/** The next session knows it by its files alone. */
async function nextStart(): Promise<void> {
  await bench.host.close();
  const { folder: home } = bench;
  bench = await makeBench({
    recordingsFolder: join(home, "recordings"),
    configDir: join(home, "other"),
    showFile: (path) => shown.push(path),
  });
  bench.folder = home;
}

describe("a recording that is deleted", () => {
  it("goes with all its files, and with none of another whose name begins like it", async () => {
    await record(ADC, "take");
    await record(ADC, "take-2");
    const others = files().filter((file) => file.startsWith("take-2"));
    writeFileSync(join(folder(), "take.txt"), "notes of somebody");
    await request("recording.open", { name: "take" });
    await request("recording.delete", { name: "take" });
    expect(files()).toEqual([...others, "take.txt"].sort());
    expect(await names()).toEqual(["take-2"]);
    expect((await verifyRecording(join(folder(), "take-2"))).faults).toEqual([]);
  });

  it("goes with every file of several, and their collection", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await record(IMU, "imu");
    expect(files().length).toBeGreaterThan(4);
    await request("recording.delete", { name: "imu" });
    expect(files()).toEqual([]);
  });

  it("is refused while it is recorded, and where there is none", async () => {
    const came = bench.next("stream.progress", ({ counters }) => counters.scans > 0);
    await request("recording.start", { stream: ADC, name: "going" });
    await came;
    const busy = await refusal(request("recording.delete", { name: "going" }));
    expect(busy).toMatchObject({ code: "BUSY_RECORDING" });
    await request("recording.stop", { stream: ADC });
    const unknown = await refusal(request("recording.delete", { name: "nothing" }));
    expect(unknown).toMatchObject({ code: "NOT_FOUND" });
    const outside = await refusal(request("recording.delete", { name: "../config/settings" }));
    expect(outside).toMatchObject({ code: "BAD_REQUEST" });
    expect(existsSync(join(folder(), "going.sigmf-data"))).toBe(true);
  });
});

describe("a recording whose files say what can't be", () => {
  const collection = (name: string, names: string[]) => {
    const json = { collection: { "core:streams": names.map((one) => ({ name: one, hash: "" })) } };
    writeFileSync(join(folder(), `${name}.sigmf-collection`), JSON.stringify(json));
  };

  it("takes no file away that lies elsewhere, and is listed as damaged", async () => {
    await record(ADC, "take");
    const outside = join(bench.folder, "outside.sigmf-data");
    writeFileSync(outside, "of somebody");
    collection("evil", ["../outside", "take"]);
    const list = await request("recording.list", {});
    expect(list.find(({ name }) => name === "evil")).toMatchObject({
      state: "damaged",
      error: { code: "BAD_RECORDING" },
    });
    await request("recording.delete", { name: "evil" });
    expect(readFileSync(outside, "utf8")).toBe("of somebody");
    expect(await names()).toEqual(["take"]);
    expect(existsSync(join(folder(), "evil.sigmf-collection"))).toBe(false);
    expect((await verifyRecording(join(folder(), "take"))).faults).toEqual([]);
  });

  it("belongs to nothing that lies elsewhere", async () => {
    await record(ADC, "take");
    const outside = join(bench.folder, "other.sigmf-collection");
    const parts = JSON.stringify({ collection: { "iio:parts": true } });
    writeFileSync(outside, parts);
    edit("take.sigmf-meta", ({ global }) => (global!["iio:part"] = { of: "../other", number: 1 }));
    await request("recording.delete", { name: "take" });
    expect(readFileSync(outside, "utf8")).toBe(parts);
    expect(files()).toEqual([]);
  });

  it("of several files goes whole, though its collection can't be read", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await record(IMU, "imu");
    writeFileSync(join(folder(), "imu.sigmf-collection"), "{");
    const [entry, ...more] = await request("recording.list", {});
    expect([entry?.name, entry?.state, more]).toEqual(["imu", "damaged", []]);
    await request("recording.delete", { name: "imu" });
    expect(files()).toEqual([]);
  });

  it("goes with a collection that names one file only, or none", async () => {
    await record(ADC, "one-data");
    collection("one", ["one-data"]);
    collection("empty", []);
    expect(await names()).toEqual(["empty", "one"]);
    for (const name of ["one", "empty"]) await request("recording.delete", { name });
    expect(files()).toEqual([]);
  });
});

describe("what a deleted recording belonged to", () => {
  it("goes with its last part, and leaves the name free", async () => {
    const end = bench.next("recording.ended");
    const split = { kind: "bytes" as const, bytes: 400_000 };
    await request("recording.start", { stream: ADC, name: "take", split, hash: false });
    await bench.next("recording", ({ status }) => (status.parts?.number ?? 0) > 1);
    await request("recording.stop", { stream: ADC });
    const parts = (await end).result.parts!;
    expect(files()).toContain("take.sigmf-collection");
    for (const name of parts) {
      expect((await verifyRecording(join(folder(), "take"))).faults).toEqual([]);
      await request("recording.delete", { name });
    }
    expect(files()).toEqual([]);
    await record(ADC, "take");
  });

  it("is a group of those that are left, until none is", async () => {
    const both = Promise.all(
      [ADC, RX].map((stream) =>
        bench.next("recording", ({ status }) => status.stream === stream && status.scans > 50_000),
      ),
    );
    const group = { name: "pair", hash: false, sharedClock: false };
    await request("group.start", { streams: [ADC, RX], ...group });
    await both;
    await request("group.stop", { name: "pair" });
    const [first, second] = await names();
    await request("recording.delete", { name: first! });
    expect((await verifyRecording(join(folder(), "pair"))).faults).toEqual([]);
    await request("recording.delete", { name: second! });
    expect(files()).toEqual([]);
  });
});

describe("a group whose first recording is deleted", () => {
  it("tells the times of the others against the one that is the first now", async () => {
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    const streams = [ADC, RX, IMU];
    const begun = streams.map((stream) =>
      bench.next(
        "recording",
        ({ status }) => status.stream === stream && status.scans > (stream === IMU ? 0 : 50_000),
      ),
    );
    await request("group.start", { streams, name: "three", hash: false, sharedClock: false });
    await Promise.all(begun);
    const { members: before } = await request("group.stop", { name: "three" });
    await request("recording.delete", { name: before[0]!.name });
    const [first, second, ...more] = readGroup(
      JSON.parse(readFileSync(join(folder(), "three.sigmf-collection"), "utf8")),
    )!.members;
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      ...{ name: before[1]!.name, startSkewSeconds: 0, startSkewUncertaintySeconds: 0 },
      ...{ driftPpm: 0, firstSampleNs: before[1]!.firstSampleNs },
    });
    const apart = BigInt(before[2]!.firstSampleNs) - BigInt(before[1]!.firstSampleNs);
    expect(second!.name).toBe(before[2]!.name);
    expect(second!.startSkewSeconds).toBeCloseTo(Number(apart) / 1e9, 9);
    expect((await verifyRecording(join(folder(), "three"))).faults).toEqual([]);
  });
});

describe("a recording that is open", () => {
  const isOpen = async (name: string) =>
    (await request("stream.get", { stream: `rec:${name}/buffer0` }).catch(() => null)) !== null;

  it("stays open where its new name is refused, and closes with its old one", async () => {
    await record(ADC, "take");
    await record(ADC, "other");
    for (const next of [false, true]) {
      if (next) await nextStart();
      await request("recording.open", { name: "take" });
      const taken = request("recording.rename", { name: "take", newName: "other" });
      expect(await refusal(taken)).toMatchObject({ code: "EEXIST" });
      expect(await isOpen("take")).toBe(true);
    }
    await request("recording.rename", { name: "take", newName: "bench 3" });
    expect(await isOpen("take")).toBe(false);
  });

  it("stays open where it can't be deleted", async () => {
    await record(ADC, "take");
    await request("recording.open", { name: "take" });
    edit("take.sigmf-meta", ({ global }) => (global!["iio:state"] = "recording"));
    const busy = await refusal(request("recording.delete", { name: "take" }));
    expect(busy).toMatchObject({ code: "BUSY_RECORDING" });
    expect(await isOpen("take")).toBe(true);
  });
});

it("a recording of this session is not taken for one of its name in another folder", async () => {
  const [a, b] = ["a", "b"].map((one) => join(bench.folder, one)) as [string, string];
  const home = bench.folder;
  await bench.host.close();
  bench = await makeBench({ recordingsFolder: undefined, configDir: join(home, "third") });
  bench.folder = home;
  const go = (to: string) => request("settings.set", { recordings: { folder: to } });
  await go(a);
  await record(ADC, "take");
  mkdirSync(b);
  cpSync(a, b, { recursive: true });
  await go(b);
  await request("recording.rename", { name: "take", newName: "other" });
  expect(readdirSync(a).every((file) => file.startsWith("take."))).toBe(true);
  expect(readdirSync(b).every((file) => file.startsWith("other."))).toBe(true);
  await request("recording.delete", { name: "other" });
  await go(a);
  await request("recording.rename", { name: "take", newName: "mine" });
  expect(readdirSync(a).every((file) => file.startsWith("mine."))).toBe(true);
  rmSync(a, { recursive: true });
});

describe("a recording of an earlier session", () => {
  it("keeps its name while another one goes on from it by that name", async () => {
    const far = () => bench.next("recording", ({ status }) => status.scans > 5000);
    let some = far();
    await request("recording.start", { stream: ADC, name: "first", hash: false });
    await some;
    some = far();
    const { recording } = await request("stream.configure", {
      ...{ stream: ADC, patch: { blockCount: 16 }, continueRecording: true },
    });
    await some;
    await request("recording.stop", { stream: ADC });
    await nextStart();
    const refused = await refusal(request("recording.rename", { name: "first", newName: "new" }));
    expect(refused).toMatchObject({ code: "UNSUPPORTED", field: "newName" });
    expect(refused.message).toContain(`“${recording}” goes on from “first”`);
    expect(await names()).toEqual(["first", recording].sort());
    await request("recording.rename", { name: recording!, newName: "new" });
  });

  it("gets another name, never that of another", async () => {
    await record(ADC, "one");
    await record(ADC, "two");
    await nextStart();
    const taken = await refusal(request("recording.rename", { name: "one", newName: "two" }));
    expect(taken).toMatchObject({ code: "EEXIST", field: "newName" });
    await request("recording.rename", { name: "one", newName: "bench 3" });
    expect(await names()).toEqual(["bench 3", "two"]);
    expect((await verifyRecording(join(folder(), "bench 3"))).faults).toEqual([]);
    expect(files().some((file) => file.startsWith("one"))).toBe(false);
  });

  it("is shown where it lies", async () => {
    await record(ADC, "take");
    const path = join(folder(), "take.sigmf-meta");
    expect(await request("recording.show", { name: "take" })).toEqual({ path, shown: true });
    expect(shown).toEqual([path]);
  });
});

it("one of this session is renamed too", async () => {
  await record(ADC, "take");
  await request("recording.rename", { name: "take", newName: "bench 3" });
  expect(await names()).toEqual(["bench 3"]);
});
