/** Memory of a stream in the addon itself: told while it comes, and all given back by a cancel. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadAddon } from "../../native/load.js";
import type { NativeStream } from "../../native/addon.js";
import { counterOptions } from "./addon-options.js";

const addon = loadAddon();
const MIB = 1 << 20;
/** Large enough that a cancel comes before it is all there. */
const BLOCKS = 1024;

let stream: NativeStream;

function open(blockCount = BLOCKS): NativeStream {
  const arena = { kind: "pages", devicePath: "", blockCount, allocatedBytes: MIB } as const;
  stream = addon.openStream(counterOptions({ arena, payloadBytes: MIB, rateHz: 1000 }));
  return stream;
}

afterEach(() => stream.close());

/** Pages that are in memory, in bytes. */
function resident(): number {
  const pages = Number(readFileSync("/proc/self/statm", "utf8").split(" ")[1]);
  return pages * 4096;
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

describe("the memory of a stream", () => {
  it("is not begun before the start, and all there after it", async () => {
    open(64);
    expect(stream.allocation()).toEqual({ bytes: 0, totalBytes: 0 });
    await stream.start();
    expect(stream.allocation()).toEqual({ bytes: 64 * MIB, totalBytes: 64 * MIB });
  });

  it("is told while it comes, by a thread that leaves JavaScript free", async () => {
    open();
    const seen: number[] = [];
    const timer = setInterval(() => seen.push(stream.allocation().bytes), 1);
    await stream.start();
    clearInterval(timer);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.some((bytes) => bytes > 0 && bytes < BLOCKS * MIB)).toBe(true);
  });

  it("is given back by a cancel, and the stream does not run", async () => {
    const files = openFiles();
    const before = resident();
    open();
    const started = stream.start();
    started.catch(() => undefined);
    await vi.waitFor(() => expect(stream.allocation().totalBytes).toBe(BLOCKS * MIB), {
      interval: 1,
    });
    stream.cancelStart();
    await expect(started).rejects.toMatchObject({
      code: "ECANCELED",
      message: expect.stringMatching(/given back/) as string,
    });
    expect(resident() - before).toBeLessThan((BLOCKS * MIB) / 4);
    expect(openFiles()).toBe(files);
    expect(stream.counters().state).toBe("failed");
  });

  it("is not waited for by a recording before the start that was cancelled", async () => {
    open();
    stream.cancelStart();
    const path = join(tmpdir(), "iio-never-recorded");
    const recording = stream.record({
      outputs: [{ path, verbatim: true, elements: [] }],
      journalPath: `${path}.journal`,
      journalHeader: new Uint8Array(0),
      scans: 0,
      fromScan: -1,
      freeFloorBytes: 0,
    });
    await expect(recording).rejects.toMatchObject({ code: "ECANCELED" });
    expect(existsSync(path)).toBe(false);
    await expect(stream.start()).rejects.toMatchObject({ code: "ECANCELED" });
  });

  it("does not hold up a close that comes while it is allocated", async () => {
    open();
    const started = stream.start();
    const refused = expect(started).rejects.toMatchObject({ code: "ECANCELED" });
    await stream.close();
    await refused;
    expect(stream.counters().state).toBe("closed");
  });

  it("stays what it is when a stream that runs is told to cancel its start", async () => {
    open(64);
    await stream.start();
    stream.cancelStart();
    expect(stream.counters().state).toBe("running");
  });
});
