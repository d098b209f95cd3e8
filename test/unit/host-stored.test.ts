/** Recordings that lie in the folder: renamed, deleted and found, with no file of another touched. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { ADC, IMU, makeBench, refusal, type Bench } from "./fake/host.js";

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

describe("a recording of an earlier session", () => {
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
