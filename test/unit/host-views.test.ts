/** What windows see of a stream: single acquisitions and views. */
import { describe, expect, it, vi } from "vitest";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, refusal } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";
import { frame, newest, running } from "./fake/streams-bench.js";

benchForEach();

describe("a single acquisition", () => {
  it("takes the length asked, however many blocks that is, and stops", async () => {
    const span = await request("stream.single", { stream: ADC, scans: 50_000, preScans: 0 });
    expect(span.toScan - span.fromScan).toBe(50_000);
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("idle");
    const { fromScan, toScan } = span;
    const shown = await frame("voltage0", { range: { kind: "range", fromScan, toScan } });
    expect(shown.samplesFromScan).toBeLessThanOrEqual(span.fromScan);
  });

  it("waits for the scope trigger and stands around it", async () => {
    const trigger = {
      trace: { channel: "voltage0", part: "value" as const },
      edge: "rising" as const,
      level: 0.2,
      hysteresis: 0.1,
      physical: true,
    };
    await request("stream.trigger", { stream: ADC, trigger });
    const span = await request("stream.single", { stream: ADC, scans: 2000, preScans: 500 });
    expect(span.trigger).not.toBeNull();
    expect(span.trigger!.scan + span.trigger!.fraction - span.fromScan).toBeCloseTo(500);
    const at = await frame("voltage0", {
      range: { kind: "range", fromScan: span.trigger!.scan, toScan: span.trigger!.scan + 2 },
    });
    const [before, after] = at.traces[0]!.y;
    expect(before).toBeLessThan(0.2);
    expect(after).toBeGreaterThanOrEqual(0.2);
  });

  it("says what it waits for, and ends when the stream is stopped", async () => {
    const trigger = {
      trace: { channel: "voltage0", part: "value" as const },
      edge: "rising" as const,
      level: 5,
      hysteresis: 0,
      physical: true,
    };
    await request("stream.trigger", { stream: ADC, trigger });
    const waiting = refusal(request("stream.single", { stream: ADC, scans: 100, preScans: 0 }));
    const { counters } = await bench.next(
      "stream.progress",
      (data) => data.counters.waitingFor !== null,
    );
    expect(counters.waitingFor).toBe("Waiting for the scope trigger on voltage0.");
    await request("stream.stop", { stream: ADC });
    expect(await waiting).toMatchObject({ code: "STOPPED" });
  });

  it("is not given out with its start gone", async () => {
    const { pin } = FakeStream.prototype;
    vi.spyOn(FakeStream.prototype, "pin").mockImplementation(function (this: FakeStream, ...all) {
      const held = pin.apply(this, all);
      return { ...held, fromScan: held.fromScan + 4096 };
    });
    const refused = await refusal(
      request("stream.single", { stream: ADC, scans: 50_000, preScans: 0 }),
    );
    expect(refused).toMatchObject({ code: "OVERWRITTEN", field: "scans" });
    expect(refused.message).toContain("first 4,096 scans");
    expect((await request("stream.get", { stream: ADC })).state.kind).toBe("idle");
  });

  it("grows the pool for one longer than it, and refuses one that no memory holds", async () => {
    await request("stream.configure", { stream: ADC, patch: { channels: ["voltage0"] } });
    expect(
      await refusal(request("stream.single", { stream: ADC, scans: 1e13, preScans: 0 })),
    ).toMatchObject({ code: "BUDGET" });
    const span = await request("stream.single", { stream: ADC, scans: 1e6, preScans: 0 });
    expect(span.toScan - span.fromScan).toBe(1e6);
  });
});

describe("views", () => {
  it("forward whole blocks within the credit, and count what was skipped", async () => {
    let got = 0;
    bench.client.on("blocks", ({ data }) => (got += data.byteLength));
    await request("view.blocks", { stream: ADC, on: true, creditBytes: 2 * 65_536 });
    await request("stream.start", { stream: ADC });
    await bench.next("stream.progress", ({ counters }) => counters.blocks > 6);
    expect(got).toBe(2 * 65_536);
    const more = bench.next("blocks");
    await request("view.credit", { stream: ADC, bytes: 65_536 });
    const block = await more;
    expect(block.skippedBlocks).toBeGreaterThan(0);
    expect(block.skippedBytes).toBe(block.skippedBlocks * 65_536);
  });

  it("pin spans per window, and let them go when the window goes", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const other = await bench.connect();
    const pin = { stream: ADC, key: "view", fromScan: 0, toScan: 20_000 };
    await request("stream.pin", pin);
    expect(await other.request("stream.pin", pin)).toMatchObject({ toScan: 20_000 });
    expect(newest().pinKeys()).toHaveLength(2);
    other.close();
    await expect.poll(() => newest().pinKeys().length).toBe(1);
    await request("stream.unpin", { stream: ADC, key: "view" });
    expect(newest().pinKeys()).toHaveLength(0);
  });

  const live = (keep: string) => ({
    stream: ADC,
    traces: [{ channel: "voltage0", part: "value" as const }],
    range: { kind: "follow" as const, scans: 1000 },
    columns: 100,
    physical: true,
    keep,
  });

  it("keep the blocks of each view's last two live answers while the window is there", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const other = await bench.connect();
    for (let n = 0; n < 5; n++) {
      await other.request("view.frame", live("a"));
      await other.request("view.frame", live("b"));
    }
    expect(newest().pinKeys()).toHaveLength(4);
    other.close();
    await expect.poll(() => newest().pinKeys().length).toBe(0);
  });

  it("let go of what a view was shown once it is left, also of a picture that was on its way", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    for (let n = 0; n < 3; n++) await request("view.frame", live("a"));
    await request("view.frame", live("b"));
    const late = request("view.frame", live("a"));
    await request("stream.unpin", { stream: ADC, key: "a" });
    await late;
    expect(newest().pinKeys()).toHaveLength(1);
    await request("view.frame", live("a"));
    expect(newest().pinKeys()).toHaveLength(2);
  });

  it("answer an empty frame before the first run, and name a channel that is off", async () => {
    expect((await frame("voltage0")).x).toHaveLength(0);
    await request("stream.start", { stream: ADC });
    expect(await refusal(frame("voltage3"))).toMatchObject({ code: "NOT_ENABLED" });
  });

  it("answer exact samples in arrays that own their buffers", async () => {
    await request("stream.start", { stream: ADC });
    await running();
    const reply = await request("view.samples", {
      stream: ADC,
      channel: "voltage1",
      fromScan: 100,
      count: 50,
    });
    expect(reply.fromScan).toBe(100);
    expect(reply.values).toHaveLength(50);
    expect(reply.values.byteLength).toBe(reply.values.buffer.byteLength);
  });
});
