import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { NativeGap, NativeRecordingOptions, NativeStream } from "../../native/addon.js";
import { loadAddon } from "../../native/load.js";
import { JOURNAL_CAUSES, JournalReader, type JournalSegment } from "../../shared/journal.js";
import { captures, counterOptions, element, rawTrace, waveform } from "./addon-options.js";

const addon = loadAddon();
let folder = "";
const open: NativeStream[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iio-addon-"));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
  rmSync(folder, { recursive: true, force: true });
});

function openStream(options = counterOptions()): NativeStream {
  const stream = addon.openStream(options);
  open.push(stream);
  return stream;
}

/** Frames, samples and triggers reach as far as blocks are summarised, which may be a moment after they completed. */
async function summarised(stream: NativeStream): Promise<void> {
  const end = stream.counters().historyToScan;
  await until(() => stream.counters().summarisedToScan >= end);
}

async function until<T>(ask: () => T | false | null | undefined): Promise<T> {
  for (let i = 0; i < 2000; i++) {
    const answer = ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("What was waited for did not come.");
}

function recordingTo(name: string, more: Partial<NativeRecordingOptions> = {}) {
  return {
    outputs: [{ path: join(folder, `${name}.data`), verbatim: true, elements: [] }],
    journalPath: join(folder, `${name}.journal`),
    journalHeader: new TextEncoder().encode(JSON.stringify({ name })),
    scans: 0,
    fromScan: -1,
    freeFloorBytes: 0,
    ...more,
  } satisfies NativeRecordingOptions;
}

function readSegments(path: string): { segments: JournalSegment[]; kinds: string[] } {
  const records = new JournalReader().push(readFileSync(path));
  const segments = records.flatMap((r) => (r.kind === "segment" ? [r.segment] : []));
  return { segments, kinds: records.map((record) => record.kind) };
}

/** Every sample of the counter is its own scan index, as the journal's segments place it. */
function checkCounter(data: Buffer, segments: JournalSegment[]): number {
  let wrong = 0;
  for (const segment of segments) {
    const at = segment.sample * 8;
    const bytes = data.subarray(at, at + segment.scanCount * 8);
    expect(addon.crc32c(bytes, 0)).toBe(segment.crc32c);
    for (let i = 0; i < segment.scanCount; i++)
      if (bytes.readUInt32LE(i * 8) !== (segment.scan + i) % 2 ** 32) wrong++;
  }
  return wrong;
}

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

describe("what does not fit", () => {
  const wrong: [string, (options: ReturnType<typeof counterOptions>) => void][] = [
    ["options.payloadBytes", (o) => (o.payloadBytes = 12_345)],
    ["options.queueDepth", (o) => (o.queueDepth = 16)],
    ["options.arena.blockCount", (o) => (o.arena.blockCount = 1)],
    ["options.arena.allocatedBytes", (o) => (o.arena.allocatedBytes = 65_537)],
    ["options.arena.kind", (o) => (o.arena.kind = "none" as "pages")],
    ["options.layout.elements[1].offsetBytes", (o) => (o.layout.elements[1]!.offsetBytes = 7)],
    ["options.layout.elements[0].bits", (o) => (o.layout.elements[0]!.bits = 33)],
    ["options.layout.elements[0].shift", (o) => (o.layout.elements[0]!.shift = 1)],
    ["options.layout.timestamp", (o) => (o.layout.timestamp = 0)],
    ["options.counter[0]", (o) => (o.counter = [2])],
    ["options.rateHz", (o) => (o.rateHz = NaN)],
    [
      "options.source.channels",
      (o) => (o.source = { ...o.source, channels: [] } as typeof o.source),
    ],
    ["options.deadlineMs", (o) => (o.deadlineMs = 0.5)],
  ];
  it.each(wrong)("is a TypeError that names %s", (field, spoil) => {
    const options = counterOptions();
    spoil(options);
    expect(() => addon.openStream(options)).toThrow(TypeError);
    expect(() => addon.openStream(options)).toThrow(
      expect.objectContaining({ field, code: "BAD_REQUEST" }),
    );
  });

  it("rejects where a promise was promised", async () => {
    const stream = openStream();
    await stream.start();
    const bad = { traces: [rawTrace(9)], range: { kind: "all" }, columns: 10 } as const;
    await expect(stream.query({ ...bad, traces: [...bad.traces] })).rejects.toMatchObject({
      field: "query.traces[0].element",
    });
    await expect(stream.samples(0, 0.5, 1)).rejects.toThrow(TypeError);
    await expect(stream.record(undefined as never)).rejects.toThrow(TypeError);
    await expect(stream.query({ traces: [], range: { kind: "x" }, columns: 1 } as never))
      .rejects //
      .toThrow(/range\.kind must be one of/);
  });

  it("tells the system's errors with code, errno, syscall and path", async () => {
    const stream = openStream();
    await stream.start();
    writeFileSync(join(folder, "taken.data"), "mine");
    const error = await stream.record(recordingTo("taken")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code: "EEXIST",
      errno: 17,
      syscall: "open",
      path: join(folder, "taken.data"),
    });
    expect(readdirSync(folder)).toEqual(["taken.data"]);
    const missing = join(folder, "none");
    await expect(
      addon.openFile({
        path: missing,
        headerBytes: 0,
        layout: counterOptions().layout,
        rateHz: 1,
        captures: captures(),
        firstTimeNs: -1n,
      }),
    ).rejects.toMatchObject({ code: "ENOENT", path: missing });
    expect(() => openStream().setSimulator("no" as never)).toThrow(TypeError);
  });
});

describe("a file of scans", () => {
  it("is read like a stream", async () => {
    const path = join(folder, "scans");
    const data = Buffer.alloc(100_000 * 8);
    for (let i = 0; i < 100_000; i++) data.writeUInt32LE(i * 3, i * 8);
    writeFileSync(path, data);
    const file = await addon.openFile({
      path,
      headerBytes: 0,
      layout: counterOptions().layout,
      rateHz: 1000,
      captures: captures(),
      firstTimeNs: -1n,
    });
    await until(() => file.status().summarised === 1);
    expect(file.status()).toMatchObject({ scans: 100_000, toScan: 100_000, error: null });
    const frame = await file.query({ traces: [rawTrace(0)], range: { kind: "all" }, columns: 64 });
    expect(frame.toScan).toBe(100_000);
    expect(frame.traces[0]?.y.at(-1)).toBe(299_997);
    const samples = await file.samples(0, 500, 3);
    expect(Array.from(samples.values as Uint32Array)).toEqual([1500, 1503, 1506]);
    await file.close();
    await file.close();
    await expect(file.samples(0, 0, 1)).rejects.toMatchObject({ code: "ECANCELED" });
  });

  it("takes a hundred thousand captures in a moment, and says what is wrong with one", async () => {
    const path = join(folder, "many");
    const count = 100_000;
    writeFileSync(path, Buffer.alloc(count * 8));
    const gap = { lost: 1, lostMin: 1, lostMax: 1, grade: "exact", cause: "counter" } as const;
    const every = Array.from({ length: count }, (_, n) => ({
      ...gap,
      scan: 2 * n,
      sample: n,
      timeNs: -1n,
    }));
    const many = captures(every);
    const options = {
      path,
      headerBytes: 0,
      layout: counterOptions().layout,
      rateHz: 1000,
      captures: many,
      firstTimeNs: -1n,
    };
    const file = await addon.openFile(options);
    expect(file.status().toScan).toBe(2 * count - 1);
    await file.close();
    many.cause[7] = 99;
    await expect(addon.openFile(options)).rejects.toMatchObject({
      field: "options.captures.cause",
    });
    many.cause[7] = 0;
    many.lost[9] = 0.5;
    await expect(addon.openFile(options)).rejects.toThrow(/captures\.lost holds, at 9/);
    many.lost[9] = 1;
    many.sample[5] = 3;
    await expect(addon.openFile(options)).rejects.toThrow(/captures\.sample must be sorted/);
    const short = { ...many, grade: many.grade.subarray(1) };
    await expect(addon.openFile({ ...options, captures: short })).rejects.toThrow(/100000 items/);
    const plain = { ...many, scan: [] as unknown as Float64Array };
    await expect(addon.openFile({ ...options, captures: plain })).rejects.toThrow(/Float64Array/);
  });

  it("tells of its gaps what its metadata say, for every cause there is", async () => {
    const path = join(folder, "gaps");
    writeFileSync(path, Buffer.alloc(100 * (JOURNAL_CAUSES.length + 1) * 8));
    const lost = { lost: 0, lostMin: 0, lostMax: -1, grade: "unknown", timeNs: -1n } as const;
    const gaps = JOURNAL_CAUSES.map((cause, n) => ({
      ...lost,
      cause,
      scan: 100 * (n + 1),
      sample: 100 * (n + 1),
    }));
    const start = { ...lost, lostMax: 0, grade: "exact", cause: "overrun", scan: 0, sample: 0 };
    const file = await addon.openFile({
      path,
      headerBytes: 0,
      layout: counterOptions().layout,
      rateHz: 1000,
      captures: captures([start as NativeGap, ...gaps]),
      firstTimeNs: -1n,
    });
    await until(() => file.status().summarised === 1);
    const frame = await file.query({ traces: [rawTrace(0)], range: { kind: "all" }, columns: 64 });
    expect(frame.gaps.map(({ cause, sample }) => ({ cause, sample }))).toEqual(
      gaps.map(({ cause, sample }) => ({ cause, sample })),
    );
    await file.close();
  });
});

describe("a control", () => {
  it("reads, writes, lists and reads many, with the reason where it can't", async () => {
    const control = addon.openControl("test", 5000, 64);
    const path = join(folder, "rate");
    writeFileSync(path, "100\n");
    expect(await control.read(path)).toBe("100\n");
    await control.write(path, "200");
    expect(readFileSync(path, "utf8")).toMatch(/^200/);
    expect(await control.exists(path)).toBe(true);
    expect(await control.exists(join(folder, "none"))).toBe(false);
    expect(await control.list(folder)).toEqual([
      { name: "rate", kind: "file", mode: statSync(path).mode & 0o777 },
    ]);
    const many = await control.readAll([path, join(folder, "none")]);
    expect(many[0]).toHaveProperty("text");
    expect(many[1]).toHaveProperty("error.code", "ENOENT");
    await expect(control.read(join(folder, "none"))).rejects.toMatchObject({
      code: "ENOENT",
      path: join(folder, "none"),
    });
    await expect(control.read("a\0b")).rejects.toThrow(TypeError);
    control.close();
    control.close();
    await expect(control.read(path)).rejects.toMatchObject({ code: "ECANCELED" });
  });
});

describe("the machine", () => {
  it("tells clocks, limits, free space and what a probe found", async () => {
    const clocks = addon.clocks();
    expect(clocks.monotonicNs - process.hrtime.bigint()).toBeLessThan(10_000_000_000n);
    expect(Math.abs(Number(clocks.realtimeNs / 1_000_000n) - Date.now())).toBeLessThan(10_000);
    const limit = addon.raiseFileLimit();
    expect(limit.soft).toBe(limit.hard);
    expect(await addon.freeBytes(folder)).toBeGreaterThan(0);
    expect(await addon.probeHeap("heap", join(folder, "none"))).toBe(2);
    expect((await addon.probeBuffer(join(folder, "none"), 0, null)).getFd).toBe(2);
    expect(addon.crc32c(new TextEncoder().encode("123456789"), 0)).toBe(0xe3069283);
    expect(addon.vectorPath).toMatch(/^(avx512bw|avx2|baseline)$/);
    expect(addon.version).toMatch(/^\d+\.\d+\.\d+/);
    const end = addon.watchUevents(() => {});
    end();
    end();
  });

  it("runs the benches over whole scans only", async () => {
    const { layout } = counterOptions();
    const data = new Uint8Array(8 * 4096);
    expect(await addon.benchPyramid(data, layout, 2)).toBeGreaterThan(0);
    const trigger = { trace: rawTrace(1), edge: "rising", level: 0, hysteresis: 0 } as const;
    expect((await addon.benchTrigger(data, layout, trigger, 2)).found).toBe(0);
    await expect(addon.benchPyramid(new Uint8Array(9), layout, 1)).rejects.toMatchObject({
      field: "data",
    });
  });
});
