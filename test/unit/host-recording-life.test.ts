/** How recordings begin, get their names and end, where several things happen at once. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { FinishedRecording } from "../../electron/host/recordings/finished.js";
import { moveFiles } from "../../electron/host/recordings/move-files.js";
import { Ticker } from "../../electron/host/streams/ticker.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, IMU, refusal, RX } from "./fake/host.js";
import { ended, file, folder, meta, sound } from "./fake/recordings-bench.js";
import { FakeStream } from "./fake/stream.js";

benchForEach();

const progressed = (scans: number, stream = ADC) =>
  bench.next(
    "recording",
    ({ status }) => status.stream === stream && status.scans >= scans && status.hashing === null,
  );
const begin = (stream: string, name: string, more: object = {}) =>
  request("recording.start", { stream, name, hash: false, ...more });

describe("a ticker", () => {
  it("tells news at display rate also after the clock on the wall was set back", () => {
    vi.useFakeTimers();
    let ticks = 0;
    const ticker = new Ticker(
      () => ticks++,
      (error) => expect.fail(String(error)),
    );
    ticker.start();
    ticker.news();
    vi.advanceTimersByTime(40);
    vi.setSystemTime(Date.now() - 3_600_000);
    ticker.news();
    vi.advanceTimersByTime(40);
    ticker.dispose();
    vi.useRealTimers();
    expect(ticks).toBe(2);
  });
});

describe("the name of a recording", () => {
  it("is kept for it from the moment it was promised", async () => {
    await begin(ADC, "one");
    await begin(RX, "two");
    await Promise.all([progressed(1000), progressed(1000, RX)]);
    await request("recording.annotate", { name: "one", newName: "test" });
    const again = { name: "two", newName: "test" };
    expect(await refusal(request("recording.annotate", again))).toMatchObject({
      code: "EEXIST",
      field: "newName",
    });
    expect(await refusal(begin(IMU, "test"))).toMatchObject({ code: "EEXIST", field: "name" });
    // Given back when it is not wanted any more.
    await request("recording.annotate", { name: "test", newName: "other" });
    await request("recording.annotate", again);
    expect((await request("recording.stop", { stream: ADC })).name).toBe("other");
    expect((await request("recording.stop", { stream: RX })).name).toBe("test");
    await sound("other");
    await sound("test");
  });

  it("is free only if those of all its files are", async () => {
    const lone = ended();
    await begin(ADC, "b-timestamp", { scans: 4000 });
    await lone;
    const before = readFileSync(file("b-timestamp.sigmf-data"));
    const patch = { deviceTrigger: { name: "sim-timer10", rateHz: null } };
    await request("stream.configure", { stream: IMU, patch });
    await begin(IMU, "imu");
    await progressed(1, IMU);
    const rename = (name: string) => refusal(request("recording.annotate", { name, newName: "b" }));
    const refused = await rename("imu");
    expect(refused).toMatchObject({ code: "EEXIST", field: "newName" });
    expect(refused.message).toContain("“b-timestamp”");
    await request("recording.stop", { stream: IMU });
    expect(await rename("imu")).toMatchObject({ code: "EEXIST", field: "newName" });
    expect(await refusal(begin(IMU, "b"))).toMatchObject({ code: "EEXIST" });
    expect(readFileSync(file("b-timestamp.sigmf-data"))).toEqual(before);
    await sound("b-timestamp");
    await sound("imu");
    expect(existsSync(file("b.sigmf-data"))).toBe(false);
  });

  it("is taken by all files or by none, and never over one that came in between", async () => {
    const paths = ["a", "b", "c", "new-a", "new-b", "new-c"].map((name) =>
      join(bench.folder, name),
    );
    const moves = [0, 1, 2].map((n) => ({ from: paths[n]!, to: paths[n + 3]! }));
    for (const { from } of moves) writeFileSync(from, `of ${from}`);
    writeFileSync(moves[2]!.to, "mine");
    await expect(moveFiles(moves)).rejects.toMatchObject({ code: "EEXIST", path: moves[2]!.to });
    expect(readFileSync(moves[2]!.to, "utf8")).toBe("mine");
    for (const { from } of moves) expect(readFileSync(from, "utf8")).toBe(`of ${from}`);
    expect(existsSync(moves[0]!.to)).toBe(false);
    const back = await moveFiles(moves.slice(0, 2));
    expect(readFileSync(moves[1]!.to, "utf8")).toBe(`of ${moves[1]!.from}`);
    await back();
    expect(readFileSync(moves[1]!.from, "utf8")).toBe(`of ${moves[1]!.from}`);
    expect(existsSync(moves[1]!.to)).toBe(false);
  });
});

describe("the beginning of a recording", () => {
  it("while its stream is being started is what was asked for, not a failure", async () => {
    const { start } = FakeStream.prototype;
    vi.spyOn(FakeStream.prototype, "start").mockImplementation(async function (this: FakeStream) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await start.call(this);
    });
    const running = request("stream.start", { stream: ADC });
    await begin(ADC, "early");
    expect(await running).toMatchObject({ run: 1 });
    await progressed(1000);
    await request("recording.stop", { stream: ADC });
    await sound("early");
  });

  it("blames the device for what the device refuses, not the folder", async () => {
    bench.addon.refuseNext = Object.assign(
      new Error("/dev/iio:device0 may not be opened by you."),
      {
        code: "EACCES",
        errno: 13,
        syscall: "open",
        path: "/dev/iio:device0",
      },
    );
    const refused = await refusal(begin(ADC, "denied"));
    expect(refused).toMatchObject({ code: "EACCES", path: "/dev/iio:device0" });
    expect(refused.message).toBe("/dev/iio:device0 may not be opened by you.");
    expect(readdirSync(folder())).toEqual([]);
  });
});

describe("the end of a recording", () => {
  const running = () => bench.addon.streams.at(-1)!;

  it("by a stream that failed is a failure, whoever sees it first", async () => {
    await begin(ADC, "cut");
    await progressed(1000);
    vi.spyOn(Ticker.prototype as unknown as { fire(): void }, "fire").mockReturnValue();
    const end = ended();
    running().failUnseen();
    const { result } = await end;
    expect(result.error).toMatchObject({ code: "EIO" });
    expect(result.samples).toBeGreaterThan(0);
  });

  it("by a stream that failed as it began is a failure too", async () => {
    await request("stream.start", { stream: ADC });
    const { record } = FakeStream.prototype;
    vi.spyOn(FakeStream.prototype, "record").mockImplementation(async function (
      this: FakeStream,
      options,
    ) {
      const recording = await record.call(this, options);
      const gone = bench.next("stream", ({ stream }) => stream.state.kind === "failed");
      this.fault("vanish");
      await gone;
      return recording;
    });
    const end = ended();
    await begin(ADC, "short").catch(() => {});
    expect((await end).result.error).toMatchObject({ code: "ENODEV" });
  });

  it("is told, and leaves the stream free, whatever goes wrong in it", async () => {
    await begin(ADC, "odd");
    await progressed(1000);
    const lost = vi.spyOn(FinishedRecording.prototype, "filesThere");
    lost.mockRejectedValueOnce(new Error("No more of it."));
    const end = ended();
    const result = await request("recording.stop", { stream: ADC });
    expect(result).toMatchObject({ name: "odd", error: { message: "No more of it." } });
    expect((await end).status.state).toMatchObject({ kind: "stopped" });
    await begin(ADC, "next");
    await progressed(1000);
    expect((await request("recording.stop", { stream: ADC })).error).toBe(null);
  });

  it("after a time comes after that time, however the clock on the wall is set meanwhile", async () => {
    await request("stream.configure", { stream: ADC, patch: { rateMax: true } });
    const startedMs = performance.now();
    const end = ended();
    await begin(ADC, "long", { seconds: 0.6 });
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + 3_600_000);
    const { error } = (await end).result;
    expect(error).toBe(null);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(600);
    expect(meta("long").global).toMatchObject({ "iio:seconds_by": "clock" });
    expect(meta("long").global["iio:seconds"]).toBeLessThan(600);
  });

  it("that goes on in a new one leaves the rest of what was asked, and the note as it was typed", async () => {
    const first = ended();
    await begin(ADC, "first", { scans: 400_000, note: "cold" });
    await progressed(10_000);
    await request("recording.annotate", { name: "first", note: "warm" });
    const patch = { blockCount: 16 };
    await request("stream.configure", { stream: ADC, patch, continueRecording: true });
    const { samples } = (await first).result;
    const { status, result } = await ended();
    expect(result.samples).toBe(400_000 - samples);
    expect(status.note).toBe("warm");
  });
});
