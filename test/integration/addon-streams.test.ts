/** Streams of the built addon: frames, and recordings in which every sample is its own index. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  addon,
  checkCounter,
  folder,
  folderForEach,
  openStream,
  readSegments,
  recordingTo,
  summarised,
  until,
} from "./addon-bench.js";
import { counterOptions, element, rawTrace, waveform } from "./addon-options.js";

folderForEach();

describe("a simulator's stream", () => {
  it("delivers frames, and a recording in which every sample is its own index", async () => {
    const stream = openStream();
    expect(stream.counters().state).toBe("new");
    let news = 0;
    stream.onNews(() => news++);
    await stream.start();
    const recording = await stream.record(recordingTo("a"));
    await until(() => stream.counters().summarisedToScan > 200_000);
    // On a busy machine the summaries leave blocks out: then a later frame is whole.
    const frame = await vi.waitFor(
      async () => {
        const one = await stream.query({
          traces: [rawTrace(0), rawTrace(1)],
          range: { kind: "follow", scans: 50_000 },
          columns: 500,
        });
        expect(one.x.length).toBeGreaterThan(500);
        return one;
      },
      { timeout: 20_000 },
    );
    expect(frame.form).toBe("columns");
    expect(frame.traces).toHaveLength(2);
    expect(frame.traces[0]?.y.length).toBe(frame.x.length * 2);
    expect(news).toBeGreaterThan(0);

    recording.appendEvent(new TextEncoder().encode('{"kind":"note"}'));
    await until(() => recording.status().scans > 300_000);
    const status = await recording.stop();
    expect(status.state).toBe("done");
    expect(status.error).toBeNull();
    expect(status.grade).toBe("exact");
    await stream.stop();
    expect(stream.counters().state).toBe("stopped");

    const data = readFileSync(join(folder, "a.data"));
    expect(data.length).toBe(status.scans * 8);
    expect(status.bytes).toBe(data.length);
    const { segments, kinds } = readSegments(join(folder, "a.journal"));
    expect(kinds[0]).toBe("header");
    expect(kinds.at(-1)).toBe("end");
    expect(kinds).toContain("event");
    expect(segments.reduce((sum, segment) => sum + segment.scanCount, 0)).toBe(status.scans);
    expect(segments[0]?.scan).toBe(status.firstScan);
    expect(checkCounter(data, segments)).toBe(0);
  });

  it("loses nothing at the rate max, and stops a recording at the scan that was asked", async () => {
    const options = counterOptions();
    if (options.source.kind === "simulator") options.source.max = true;
    const stream = openStream(options);
    await stream.start();
    const recording = await stream.record(recordingTo("max", { scans: 5_000_001 }));
    await until(() => recording.status().state !== "recording");
    const status = await recording.stop();
    expect(status.scans).toBe(5_000_001);
    expect(status.gaps).toBe(0);
    expect(status.lost).toBe(0);
    expect(status.seconds).toBeGreaterThan(0);
    const data = readFileSync(join(folder, "max.data"));
    expect(data.length).toBe(5_000_001 * 8);
    const { segments } = readSegments(join(folder, "max.journal"));
    expect(checkCounter(data, segments)).toBe(0);
  });

  it("records from the history, and converts and splits what it is told to", async () => {
    const stream = openStream();
    await stream.start();
    await until(() => stream.counters().blocks > 6);
    const from = stream.counters().historyToScan - 3 * 8192;
    const recording = await stream.record(
      recordingTo("split", {
        fromScan: from,
        scans: 20_000,
        outputs: [
          {
            path: join(folder, "count.data"),
            verbatim: false,
            elements: [{ element: 0, as: "u32" }],
          },
          {
            path: join(folder, "sine.data"),
            verbatim: false,
            elements: [{ element: 1, as: "i16" }],
          },
        ],
      }),
    );
    await until(() => recording.status().state !== "recording");
    const status = await recording.stop();
    expect(status.scans).toBe(20_000);
    expect(status.firstScan).toBeLessThanOrEqual(from);
    const counts = readFileSync(join(folder, "count.data"));
    expect(counts.length).toBe(20_000 * 4);
    expect(counts.readUInt32LE(0)).toBe(status.firstScan);
    expect(counts.readUInt32LE(19_999 * 4)).toBe(status.firstScan + 19_999);
    const sine = readFileSync(join(folder, "sine.data"));
    expect(sine.length).toBe(20_000 * 2);
    const values = Array.from({ length: 2000 }, (_, i) => sine.readInt16LE(i * 2));
    expect(Math.max(...values)).toBeGreaterThan(9900);
    expect(Math.min(...values)).toBeLessThan(-9900);
  });

  it("draws and records half floats", async () => {
    const half = { ...element(4, 16, "s"), kind: "f" } as const;
    const options = counterOptions({ counter: [], rateHz: 100_000 });
    options.arena.blockCount = 64; // five seconds
    options.layout.elements = [element(0, 32, "u"), half];
    const stream = openStream(options);
    await stream.start();
    const file = { element: 1, as: "f32" } as const;
    const path = join(folder, "half.data");
    const recording = await stream.record(
      recordingTo("half", {
        scans: 10_000,
        outputs: [{ path, verbatim: false, elements: [file] }],
      }),
    );
    await until(() => recording.status().state !== "recording");
    expect((await recording.stop()).state).toBe("done");
    await summarised(stream);
    const { firstScan } = recording.status();
    const { fromScan, values } = await stream.samples(1, firstScan, 10);
    expect(fromScan).toBe(firstScan);
    const bytes = readFileSync(path);
    expect(bytes.length).toBe(40_000);
    expect(Array.from(values as Float64Array)).toEqual(
      Array.from({ length: 10 }, (_, i) => bytes.readFloatLE(i * 4)),
    );
  });

  it("hands out headers, blocks, exact samples and the states of its blocks", async () => {
    const stream = openStream();
    await stream.start();
    await until(() => stream.counters().blocks > 8);
    const headers = stream.headers();
    expect(headers.sequence.length).toBeGreaterThan(5);
    expect(headers.timeNs.length).toBe(headers.sequence.length);
    expect(Array.from(headers.sequence)).toEqual(
      Array.from(headers.sequence, (_, i) => (headers.sequence[0] ?? 0) + i),
    );
    const last = headers.sequence.at(-1) ?? 0;
    const block = await stream.block(last);
    expect(block?.firstScan).toBe(headers.firstScan.at(-1));
    expect(block?.data.byteLength).toBe(65536);
    expect(block?.data.byteLength).toBe(block?.data.buffer.byteLength);
    expect(new DataView(block!.data.buffer).getUint32(0, true)).toBe(block?.firstScan);
    expect(await stream.block(999_999_999)).toBeNull();
    await summarised(stream);
    const samples = await stream.samples(0, block!.firstScan + 5, 100);
    expect(samples.fromScan).toBe(block!.firstScan + 5);
    expect(samples.values.byteLength).toBe(400);
    expect((samples.values as Uint32Array)[0]).toBe(samples.fromScan);
    const states = stream.blockStates();
    expect(states.length).toBe(16);
    expect([...states].filter((state) => state === 2)).toHaveLength(1);
  });

  it("counts the gaps that are too many to be told one by one", async () => {
    // Rises by 17 in 16 scans: as a counter it loses one in each 16.
    const frequencyHz = 0.01;
    const amplitude = ((17 / 16) * 1e6) / (4 * frequencyHz);
    const rising = waveform("triangle", { frequencyHz, amplitude, offset: amplitude });
    const options = counterOptions();
    options.source = {
      kind: "simulator",
      channels: [rising, waveform("sine")],
      max: true,
      seed: 1,
    };
    const stream = openStream(options);
    await stream.start();
    await until(() => stream.counters().gaps > 70_000);
    await stream.stop();
    const headers = stream.headers();
    expect(headers.gaps).toHaveLength(65_536);
    expect(headers.coalescedGaps).toBe(stream.counters().gaps - 65_536);
    expect(headers.coalescedFailures).toBe(0);
  });

  it("pins what is in the history and finds triggers", async () => {
    const stream = openStream();
    stream.setTrigger({ trace: rawTrace(1), edge: "rising", level: 0, hysteresis: 500 });
    await stream.start();
    const found = await until(() => stream.nextTrigger(0, 100));
    expect(found.fraction).toBeGreaterThanOrEqual(0);
    await until(() => stream.counters().blocks > 4);
    const to = stream.counters().historyToScan;
    const span = stream.pin("frozen", to - 8192, to);
    expect(span.fromScan).toBeLessThanOrEqual(to - 8192);
    expect(span.toScan).toBeGreaterThanOrEqual(to);
    await until(() => [...stream.blockStates()].includes(5)); // shown as held while it is read
    stream.unpin("frozen");
    stream.unpin("frozen");
    await until(() => ![...stream.blockStates()].includes(5));
    await until(() => stream.nextTrigger(1000, 500));
    const frame = await stream.query({
      traces: [rawTrace(1)],
      range: { kind: "trigger", preScans: 500, postScans: 500, mode: "normal" },
      columns: 100,
    });
    expect(frame.trigger?.number).toBeGreaterThan(0);
    stream.setTrigger(null);
    stream.setSimulator([waveform("counter"), waveform("constant", { offset: 7 })]);
    expect(() => stream.setSimulator([waveform("counter")])).toThrow(/channels/);
  });

  it("tells of a vanished device as a state and keeps the history", async () => {
    const stream = openStream();
    await stream.start();
    await until(() => stream.counters().blocks > 4);
    stream.fault("vanish");
    await until(() => stream.counters().state === "failed");
    await summarised(stream);
    const counters = stream.counters();
    expect(counters.vanished).toBe(true);
    expect(counters.error?.code).toBe("ENODEV");
    expect(counters.error?.message).toBeTruthy();
    const samples = await stream.samples(0, counters.historyToScan - 10, 10);
    expect(samples.values.byteLength).toBe(40);
    await stream.stop();
    await stream.close();
    expect(stream.counters().state).toBe("closed");
  });

  it("can be closed at any time, twice, and then says so", async () => {
    const never = openStream();
    await never.close();
    const stream = openStream();
    await stream.start();
    await expect(stream.start()).rejects.toMatchObject({ code: "EALREADY" });
    const recording = await stream.record(recordingTo("cut"));
    await until(() => recording.status().scans > 0);
    await Promise.all([stream.close(), stream.close(), stream.stop()]);
    expect(recording.status().state).toBe("done");
    expect((await recording.stop()).scans).toBeGreaterThan(0);
    expect(readSegments(join(folder, "cut.journal")).kinds.at(-1)).toBe("end");
    await expect(stream.start()).rejects.toMatchObject({ code: "ECANCELED" });
    await expect(
      stream.query({ traces: [], range: { kind: "all" }, columns: 100 }),
    ).rejects.toMatchObject({ code: "ECANCELED" });
    expect(stream.headers().sequence.length).toBe(0);
    stream.unpin("never");
  });

  it("gives back every descriptor, mapping and thread", async () => {
    const count = () => ({
      fds: readdirSync("/proc/self/fd").length,
      maps: readFileSync("/proc/self/maps", "utf8").split("\n").length,
      threads: readdirSync("/proc/self/task").length,
    });
    const cycle = async (n: number) => {
      const stream = addon.openStream(counterOptions());
      await stream.start();
      const recording = await stream.record(recordingTo(`leak${n}`, { scans: 1000 }));
      await until(() => recording.status().state === "done");
      await stream.query({ traces: [rawTrace(0)], range: { kind: "all" }, columns: 100 });
      stream.pin("a", 0, 100);
      await stream.close();
    };
    for (let n = 0; n < 5; n++) await cycle(n);
    const before = count();
    for (let n = 5; n < 45; n++) await cycle(n);
    const after = count();
    expect(after.fds).toBeLessThanOrEqual(before.fds);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
    // V8 maps as it likes; a leak would be at least one mapping a cycle.
    expect(after.maps - before.maps).toBeLessThan(30);
  });
});
