/** What the built addon makes of options that do not fit, of attributes, and of the machine. */
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addon, folder, folderForEach, openStream, recordingTo } from "./addon-bench.js";
import { captures, counterOptions, rawTrace } from "./addon-options.js";

folderForEach();

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
