/** The start of a stream while its memory is being allocated. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, refusal, RX } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";
import { frame, newest } from "./fake/streams-bench.js";

benchForEach();

describe("a stream whose memory is being allocated", () => {
  it("has nothing to show yet, which is no fault", async () => {
    let allocated: () => void = () => undefined;
    const start = FakeStream.prototype.start;
    vi.spyOn(FakeStream.prototype, "start").mockImplementation(async function (this: FakeStream) {
      await new Promise<void>((resolve) => (allocated = resolve));
      return start.call(this);
    });
    vi.spyOn(FakeStream.prototype, "query").mockRejectedValueOnce(
      new Error("The stream has not started yet."),
    );
    vi.spyOn(FakeStream.prototype, "pin").mockImplementationOnce(() => {
      throw new Error("The stream has not started yet.");
    });
    const starting = bench.next("stream", ({ stream }) => stream.state.kind === "starting");
    const started = request("stream.start", { stream: ADC });
    expect((await starting).stream.geometry?.poolBytes).toBeGreaterThan(0);
    await vi.waitFor(() => expect(newest()).toBeDefined());
    expect((await frame("voltage0", { keep: "view" })).x).toHaveLength(0);
    allocated();
    expect((await started).state.kind).toBe("running");
  });
});

describe("a start that takes its time", () => {
  const slowly = (): void => void (bench.addon.memory.stepMs = 40);
  const allocating = () =>
    bench.next(
      "stream",
      ({ stream: { state } }) => state.kind === "starting" && (state.allocation?.bytes ?? 0) > 0,
    );

  it("tells how much of its memory is there", async () => {
    slowly();
    const told: number[] = [];
    bench.client.on("stream", ({ stream: { state, geometry } }) => {
      if (state.kind !== "starting" || !state.allocation) return;
      expect(state.allocation.totalBytes).toBe(geometry?.poolBytes);
      told.push(state.allocation.bytes / state.allocation.totalBytes);
    });
    expect((await request("stream.start", { stream: ADC })).state.kind).toBe("running");
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.every((part) => part > 0 && part <= 1)).toBe(true);
  });

  it("is cancelled by a stop, gives all back, and is no failure", async () => {
    slowly();
    const started = refusal(request("stream.start", { stream: ADC }));
    await allocating();
    const stopped = await request("stream.stop", { stream: ADC });
    expect(stopped).toMatchObject({ state: { kind: "idle" }, run: 0 });
    const { code, message } = await started;
    expect(code).toBe("CANCELLED");
    expect(message).toMatch(/given back.*Run again/);
    expect(bench.addon.open()).toBe(0);
    bench.addon.memory.stepMs = 0;
    expect((await request("stream.start", { stream: ADC })).state.kind).toBe("running");
  });

  it("is cancelled before anything of it is there", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const starting = bench.next("stream", ({ stream }) => stream.state.kind === "starting");
    const started = refusal(request("stream.start", { stream: ADC }));
    await starting;
    await request("stream.stop", { stream: ADC });
    expect((await started).code).toBe("CANCELLED");
    expect(bench.addon.open()).toBe(0);
  });

  it("takes the recording along that waited for it, and leaves no file", async () => {
    slowly();
    const recorded = refusal(request("recording.start", { stream: ADC, name: "never" }));
    await allocating();
    await request("stream.stop", { stream: ADC });
    expect((await recorded).code).toBe("CANCELLED");
    expect(await request("recording.list", {})).toEqual([]);
    expect(readdirSync(join(bench.folder, "recordings"))).toEqual([]);
  });

  it("leaves a change of settings made, with the stream stopped, if it was for that", async () => {
    await request("stream.start", { stream: ADC });
    slowly();
    const changed = request("stream.configure", { stream: ADC, patch: { blockCount: 32 } });
    await allocating();
    await request("stream.stop", { stream: ADC });
    expect(await changed).toMatchObject({
      state: { kind: "idle" },
      settings: { blockCount: 32 },
    });
  });

  it("leaves to others only what it does not take", async () => {
    vi.spyOn(process, "availableMemory").mockReturnValue(1 << 30);
    const patch = { memoryBudgetBytes: 400 << 20 };
    for (const stream of [ADC, RX]) await request("stream.configure", { stream, patch });
    bench.addon.memory.stepMs = 3_600_000;
    const first = refusal(request("stream.start", { stream: ADC }));
    await vi.waitFor(() => expect(newest()?.allocation().totalBytes).toBeGreaterThan(0));
    const second = await refusal(request("stream.start", { stream: RX }));
    expect(second).toMatchObject({ code: "BUDGET", field: "memoryBudgetBytes" });
    await request("stream.stop", { stream: ADC });
    await first;
    bench.addon.memory.stepMs = 0;
    expect((await request("stream.start", { stream: RX })).state.kind).toBe("running");
  });

  it("does not keep the program from ending", async () => {
    bench.addon.memory.stepMs = 3_600_000;
    const started = refusal(request("stream.start", { stream: ADC }));
    await vi.waitFor(() => expect(newest()?.allocation().totalBytes).toBeGreaterThan(0));
    await bench.host.close();
    expect(bench.addon.open()).toBe(0);
    await started;
  });
});
