import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { memberNames } from "../../electron/host/recordings/group.js";
import type { readPieces as ReadPieces } from "../../electron/host/recordings/journal-pieces.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import type { GroupStatus } from "../../shared/group.js";
import { readGroup } from "../../shared/sigmf/group.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, IMU, makeBench, refusal, RX } from "./fake/host.js";
import { file, folder, meta, sound } from "./fake/recordings-bench.js";
import { FakeStream } from "./fake/stream.js";

/** Holds up the making of a collection while there is a gate. */
const collecting = vi.hoisted(() => ({ gate: null as Promise<void> | null, held: false }));
vi.mock("../../electron/host/recordings/journal-pieces.js", async (original) => {
  const real = await original<{ readPieces: typeof ReadPieces }>();
  const readPieces: typeof ReadPieces = async (file, reader, each, cursor) => {
    // Who follows a journal goes on from a cursor; a collection is made from whole ones.
    if (collecting.gate && cursor === undefined) {
      collecting.held = true;
      await collecting.gate;
    }
    return real.readPieces(file, reader, each, cursor);
  };
  return { ...real, readPieces };
});

benchForEach();

const files = () => (existsSync(folder()) ? readdirSync(folder()) : []);
const collection = (name: string) =>
  JSON.parse(readFileSync(file(`${name}.sigmf-collection`), "utf8")) as {
    collection: Record<string, unknown> & { "core:streams": { name: string }[] };
  };
const start = (more: object = {}) =>
  request("group.start", {
    streams: [ADC, RX],
    name: "take",
    hash: false,
    sharedClock: false,
    ...more,
  });
const until = (accept: (group: GroupStatus) => boolean) =>
  bench.next("group", ({ group }) => accept(group));
/** Each of both holds so many. */
const recorded = (least: number) =>
  Promise.all(
    [ADC, RX].map((stream) =>
      bench.next("recording", ({ status }) => status.stream === stream && status.scans > least),
    ),
  );

describe("a group", () => {
  it("is a recording of each stream, and a collection that says how they lie in time", async () => {
    const patch = { blockSize: { kind: "bytes" as const, bytes: 32_768 } };
    for (const stream of [ADC, RX]) await request("stream.configure", { stream, patch });
    const begun = await start();
    expect(begun).toMatchObject({
      name: "take",
      state: { kind: "recording" },
      streams: [ADC, RX],
      recordings: ["take-adc", "take-transceiver"],
      members: [],
    });
    await recorded(100_000);
    const result = await request("group.stop", { name: "take" });
    expect(result.recordings.map(({ name, error }) => [name, error])).toEqual([
      ["take-adc", null],
      ["take-transceiver", null],
    ]);
    expect(result.file).toBe(file("take.sigmf-collection"));
    const [first, second] = result.members;
    expect(first).toMatchObject({ name: "take-adc", startSkewSeconds: 0, driftPpm: 0 });
    expect(second!.rateHz).toBeGreaterThan(0);
    for (const key of ["startSkewSeconds", "startSkewUncertaintySeconds", "driftPpm"] as const) {
      expect(Number.isFinite(second![key])).toBe(true);
    }
    expect(Math.abs(second!.startSkewSeconds!)).toBeLessThan(5);
    await sound("take");
    const { collection: inner } = collection("take");
    expect(inner["core:streams"].map(({ name }) => name)).toEqual(["take-adc", "take-transceiver"]);
    expect(meta("take-adc").global["iio:group"]).toBe("take");
  });

  it("says nothing of samples that belong together unless the user says that they share a clock", async () => {
    await start();
    await recorded(50_000);
    await request("group.stop", { name: "take" });
    const [, apart] = (collection("take").collection["iio:group"] as { members: object[] }).members;
    expect(collection("take").collection["iio:group"]).toMatchObject({ shared_clock: false });
    expect(apart).not.toHaveProperty("offset_samples");
    await start({ name: "shared", sharedClock: true });
    await recorded(50_000);
    await request("group.stop", { name: "shared" });
    const group = collection("shared").collection["iio:group"] as { members: object[] };
    expect(group).toMatchObject({ shared_clock: true });
    expect(group.members[0]).toHaveProperty("offset_samples", 0);
  });

  it("begins none before all are ready", async () => {
    const order: string[] = [];
    const { record, start: run } = FakeStream.prototype;
    vi.spyOn(FakeStream.prototype, "record").mockImplementation(async function (
      this: FakeStream,
      options,
    ) {
      const made = await record.call(this, options);
      order.push("ready");
      return made;
    });
    vi.spyOn(FakeStream.prototype, "start").mockImplementation(function (this: FakeStream) {
      order.push("start");
      return run.call(this);
    });
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await start({ streams: [ADC, RX, IMU] });
    expect(order).toEqual(["ready", "ready", "ready", "start", "start", "start"]);
    await request("group.stop", { name: "take" });
  });

  it("that is cancelled at the one that waits is cancelled at all, whatever memory they still wait for", async () => {
    let allocations = 0;
    const stepMs = { get: () => (allocations++ === 0 ? 3_600_000 : 0) };
    Object.defineProperty(bench.addon.memory, "stepMs", stepMs);
    const begun = refusal(start());
    await vi.waitFor(() => expect(bench.addon.streams).toHaveLength(2));
    const both = bench.addon.streams;
    await vi.waitFor(() => expect(both.some(({ recordings }) => recordings.length > 0)).toBe(true));
    const waiting = both.find(({ recordings }) => recordings.length > 0)!;
    const stream = waiting.options.rateHz === 1e6 ? ADC : RX;
    await request("stream.stop", { stream });
    expect((await begun).code).toBe("CANCELLED");
    for (const stream of [ADC, RX]) {
      expect((await request("stream.get", { stream })).state).toEqual({ kind: "idle" });
    }
    expect(files().filter((name) => name.endsWith("data"))).toEqual([]);
  });

  it("that can't get its memory for one says why, and does not wait for the others'", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const fault = Object.assign(new Error("No memory is left. Use fewer blocks."), {
      code: "ENOMEM",
    });
    vi.spyOn(FakeStream.prototype, "record").mockImplementationOnce(async () => {
      await vi.waitFor(() => expect(bench.addon.streams).toHaveLength(2));
      throw fault;
    });
    expect(await refusal(start())).toMatchObject({ code: "ENOMEM" });
    for (const stream of [ADC, RX]) {
      expect((await request("stream.get", { stream })).state).toEqual({ kind: "idle" });
    }
  });

  it("takes in a stream that runs already, from its next block on", async () => {
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.scans > 50_000);
    await start();
    await recorded(50_000);
    const { members } = await request("group.stop", { name: "take" });
    expect(members.map(({ name }) => name)).toEqual(["take-adc", "take-transceiver"]);
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("running");
  });

  it("tells what it does, to windows that come later too", async () => {
    const told: string[] = [];
    bench.client.on("group", ({ group }) => told.push(group.state.kind));
    await start();
    const other = await bench.connect();
    const hello = await other.request("hello", { protocol: 1 });
    expect(hello.recordings.groups).toMatchObject([{ name: "take", streams: [ADC, RX] }]);
    await recorded(20_000);
    const done = until(({ state }) => state.kind === "done");
    await request("group.stop", { name: "take" });
    expect((await done).group.members).toHaveLength(2);
    expect(told[0]).toBe("recording");
    expect(told.slice(-2)).toEqual(["finishing", "done"]);
    expect(await refusal(request("group.stop", { name: "take" }))).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("ends by itself when each of its recordings has", async () => {
    const done = until(({ state }) => state.kind === "done");
    await start({ scans: 60_000 });
    expect((await done).group.members).toHaveLength(2);
    for (const name of ["take-adc", "take-transceiver"]) {
      expect(meta(name).global["iio:samples"]).toBe(60_000);
    }
  });

  it("of which one fails goes on with the others", async () => {
    await start();
    await recorded(20_000);
    await request("stream.fault", { stream: ADC, fault: "vanish" });
    await bench.next("recording.ended", ({ status }) => status.stream === ADC);
    await bench.next("recording", ({ status }) => status.stream === RX && status.scans > 80_000);
    const { members, recordings } = await request("group.stop", { name: "take" });
    expect(members).toHaveLength(2);
    expect(recordings.map(({ error }) => error?.code)).toEqual(["ENODEV", undefined]);
    await sound("take");
    await request("stream.fault", { stream: ADC, fault: "none" });
  });

  it("that can't begin leaves nothing behind", async () => {
    bench.addon.refuseNext = Object.assign(new Error("No memory."), { code: "ENOMEM" });
    expect(await refusal(start())).toMatchObject({ code: "ENOMEM" });
    await expect.poll(files).toEqual([]);
    for (const stream of [ADC, RX]) {
      expect((await request("stream.get", { stream })).recording).toBeNull();
    }
    await start();
    await request("group.stop", { name: "take" });
  });

  it("never takes another's name", async () => {
    await start({ scans: 5000 });
    await until(({ state }) => state.kind === "done");
    const before = readFileSync(file("take.sigmf-collection"), "utf8");
    expect(await refusal(start())).toMatchObject({ code: "EEXIST", field: "name" });
    expect(readFileSync(file("take.sigmf-collection"), "utf8")).toBe(before);
    writeFileSync(file("other-adc.sigmf-meta"), "{}");
    expect(await refusal(start({ name: "other" }))).toMatchObject({ code: "EEXIST" });
    expect(files()).not.toContain("other.sigmf-collection");
  });

  it("is refused for one stream, for one that is recorded, and for a recording", async () => {
    expect(await refusal(start({ streams: [ADC] }))).toMatchObject({ code: "BAD_REQUEST" });
    expect(await refusal(start({ streams: [ADC, ADC] }))).toMatchObject({ field: "streams" });
    await request("recording.start", { stream: ADC, name: "alone", hash: false });
    expect(await refusal(start())).toMatchObject({ code: "BUSY_RECORDING", field: "streams" });
    await request("recording.stop", { stream: ADC });
    await start();
    expect(await refusal(start({ streams: [RX, IMU], name: "more" }))).toMatchObject({
      code: "BUSY_RECORDING",
    });
    expect(await refusal(request("recording.start", { stream: RX }))).toMatchObject({
      code: "BUSY_RECORDING",
    });
    await request("group.stop", { name: "take" });
  });

  it("stands in the list by its recordings, and can't be opened as one", async () => {
    await start({ scans: 5000 });
    await until(({ state }) => state.kind === "done");
    const names = (await request("recording.list", {})).map(({ name }) => name);
    expect(names.sort()).toEqual(["take-adc", "take-transceiver"]);
    expect((await refusal(request("recording.open", { name: "take" }))).message).toContain("group");
    expect((await request("recording.open", { name: "take-adc" })).file?.scans).toBe(5000);
  });

  it("follows the hash and the new name of a recording", async () => {
    await start({ scans: 5000, hash: true });
    await until(({ state }) => state.kind === "done");
    await request("recording.annotate", { name: "take-adc", newName: "converter" });
    const streams = () => collection("take").collection["core:streams"].map(({ name }) => name);
    await expect.poll(streams).toEqual(["converter", "take-transceiver"]);
    await expect.poll(() => meta("take-transceiver").global["core:sha512"]).toBeTruthy();
    await expect
      .poll(async () => (await verifyRecording(file("take"))).faults, { timeout: 20_000 })
      .toEqual([]);
    expect(readGroup(collection("take"))!.members[0]!.name).toBe("converter");
  });

  it("follows what changes while its collection is made", async () => {
    let goOn = (): void => {};
    collecting.gate = new Promise<void>((resolve) => (goOn = resolve));
    await start({ scans: 5000 });
    await vi.waitFor(() => expect(collecting.held).toBe(true), { timeout: 20_000 });
    const done = until(({ state }) => state.kind === "done");
    await request("recording.annotate", { name: "take-adc", note: "late" });
    goOn();
    await done;
    await expect.poll(async () => (await verifyRecording(file("take"))).faults).toEqual([]);
    expect(meta("take-adc").global["core:description"]).toBe("late");
  });

  it("that can't be completed is told of, and keeps no other and not the studio from starting", async () => {
    await start({ scans: 5000 });
    await until(({ state }) => state.kind === "done");
    for (const name of ["damaged", "take"]) {
      const cut = collection("take");
      (cut.collection["iio:group"] as { state: string }).state = "recording";
      writeFileSync(
        file(`${name}.sigmf-collection`),
        JSON.stringify(cut).replaceAll("take-", `${name}-`),
      );
    }
    writeFileSync(file("damaged-adc.sigmf-meta"), "{");
    await bench.host.close();
    const next = await makeBench({ recordingsFolder: file(""), addon: bench.addon });
    const state = (name: string) => readGroup(collection(name))!.state;
    expect([state("take"), state("damaged")]).toEqual(["recovered", "recording"]);
    await next.close();
  });

  it("that was cut off is completed from its journals at the next start", async () => {
    await start({ scans: 60_000 });
    await until(({ state }) => state.kind === "done");
    const whole = readGroup(collection("take"))!;
    const cut = collection("take");
    const group = cut.collection["iio:group"] as { state: string; members: object[] };
    group.state = "recording";
    group.members.forEach((member) => Object.assign(member, { start_skew: null, drift_ppm: null }));
    cut.collection["core:streams"] = [];
    await bench.host.close();
    writeFileSync(file("take.sigmf-collection"), JSON.stringify(cut));
    const next = await makeBench({ recordingsFolder: file(""), addon: bench.addon });
    const after = readGroup(collection("take"))!;
    expect(after).toEqual({ ...whole, state: "recovered" });
    await sound("take");
    await next.close();
  });
});

describe("names of a group's recordings", () => {
  it("are the devices', each once, with the buffer where a device has several", () => {
    expect(
      memberNames("take", [
        { label: "ad 9361/rx", buffer: null },
        { label: "adc", buffer: 0 },
        { label: "adc", buffer: 1 },
        { label: "imu", buffer: null },
        { label: "imu", buffer: null },
        { label: "…", buffer: null },
      ]),
    ).toEqual([
      "take-ad-9361-rx",
      "take-adc-buffer0",
      "take-adc-buffer1",
      "take-imu",
      "take-imu-2",
      "take-stream",
    ]);
  });
});
