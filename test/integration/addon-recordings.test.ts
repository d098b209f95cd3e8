/** Recordings of a span, in parts and by the scope trigger, over the real addon: every sample is its own scan index. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type {
  NativeRecording,
  NativeRecordingOptions,
  NativeRecordingStatus,
  NativeStream,
  NativeStreamOptions,
} from "../../native/addon.js";
import { readJournal } from "../../shared/journal-summary.js";
import {
  addon,
  folder,
  folderForEach,
  openStream as openWith,
  readSegments,
  recordingTo,
  until,
} from "./addon-bench.js";
import { captures, counterOptions, element, rawTrace, waveform } from "./addon-options.js";

const BLOCK = 8192;

folderForEach();

/** A counter and a slow sine, at the rate max so that nothing is lost. */
function openStream(more: Partial<NativeStreamOptions> = {}, max = true): NativeStream {
  const options = counterOptions({
    source: {
      kind: "simulator",
      channels: [waveform("counter"), waveform("sine", { frequencyHz: 5 })],
      max,
      seed: 1,
    },
    ...more,
  });
  return openWith(options);
}

async function ends(recording: NativeRecording): Promise<NativeRecordingStatus> {
  await until(() => !["recording", "waiting"].includes(recording.status().state));
  return recording.stop();
}

/** Whether each sample of a recording is the scan that its journal says. */
function isWhole(name: string): boolean {
  const data = readFileSync(join(folder, `${name}.data`));
  let end = 0;
  for (const segment of readSegments(join(folder, `${name}.journal`)).segments) {
    const { sample, scan, scanCount } = segment;
    for (let i = 0; i < scanCount; i++)
      if (data.readUInt32LE((sample + i) * 8) !== scan + i) return false;
    end = sample + scanCount;
  }
  return data.length === end * 8;
}

describe("recordings of a running stream", () => {
  it("keep a span that has passed, and one that is to come", async () => {
    const stream = openStream();
    await stream.start();
    await until(() => stream.counters().blocks > 40);
    await stream.stop();
    const end = stream.counters().historyToScan;
    const past = await ends(
      await stream.record(
        recordingTo("past", { fromScan: end - 3 * BLOCK + 1, toScan: end - BLOCK - 1 }),
      ),
    );
    expect(past).toMatchObject({
      state: "done",
      firstScan: end - 3 * BLOCK,
      endScan: end - BLOCK,
      scans: 2 * BLOCK,
      full: false,
    });
    expect(isWhole("past")).toBe(true);

    const other = openStream();
    const ahead = await other.record(
      recordingTo("ahead", { fromScan: 20 * BLOCK + 5, toScan: 22 * BLOCK }),
    );
    await other.start();
    expect(await ends(ahead)).toMatchObject({ firstScan: 20 * BLOCK, endScan: 22 * BLOCK });
    expect(isWhole("ahead")).toBe(true);
    await expect(
      other.record(recordingTo("never", { fromScan: 5, toScan: 5 })),
    ).rejects.toMatchObject({ code: "EINVAL" });
    expect(existsSync(join(folder, "never.data"))).toBe(false);
  });

  it("go on in parts that lose and repeat nothing", async () => {
    const stream = openStream();
    const parts = [await stream.record(recordingTo("0", { partScans: 300_000 }))];
    await stream.start();
    for (let i = 1; i < 6; i++) {
      const before = parts.at(-1)!;
      const next = await before.next!(recordingTo(String(i), { partScans: 300_000 }));
      await expect(before.next!(recordingTo("two many"))).rejects.toMatchObject({
        code: /EBUSY|ECANCELED/,
      });
      parts.push(next);
      await until(() => before.status().state === "done");
      await expect(before.next!(recordingTo("too late"))).rejects.toMatchObject({
        code: "ECANCELED",
      });
    }
    const last = parts.at(-1)!;
    await until(() => last.status().full === true);
    const waiting = await last.next!(recordingTo("unused"));
    const statuses: NativeRecordingStatus[] = [];
    for (const part of [...parts, waiting]) statuses.push(await part.stop());
    const withdrawn = statuses.pop()!;
    if (withdrawn.scans === 0) {
      expect(withdrawn.state).toBe("withdrawn");
      expect(existsSync(join(folder, "unused.data"))).toBe(false);
    }
    statuses.forEach((status, i) => {
      expect(status).toMatchObject({ state: "done", error: null, gaps: 0 });
      if (i > 0) expect(status.firstScan).toBe(statuses[i - 1]!.endScan);
      expect(isWhole(String(i))).toBe(true);
    });
  });

  it("take what is around the scope trigger, and list it", async () => {
    // At max the source waits for the summaries, and no history is left behind them; here it has a second.
    const arena = { kind: "pages", devicePath: "", blockCount: 96, allocatedBytes: 65536 } as const;
    const stream = openStream({ arena, queueDepth: 32, rateHz: 500_000 }, false);
    stream.setTrigger({ trace: rawTrace(1), edge: "rising", level: 5000, hysteresis: 100 });
    const recording = await stream.record(
      recordingTo("captures", { captures: { preScans: 20_000, postScans: 25_000, limit: 3 } }),
    );
    await stream.start();
    const status = await ends(recording);
    expect(status).toMatchObject({ captures: 3, capturesMissed: 0, gaps: 0, lost: 0 });
    expect(isWhole("captures")).toBe(true);
    const captures = recording.captures!();
    expect(recording.captures!()).toEqual([]);
    // A sine of 100,000 scans goes through half of its amplitude at 1/12 of its period.
    captures.forEach((capture, i) => {
      const at = i * 100_000 + 100_000 / 12;
      expect(Math.abs(capture.scan + capture.fraction - at)).toBeLessThan(20);
      expect(capture.fromScan).toBe(
        Math.max(0, Math.floor(capture.scan + capture.fraction - 20_000)),
      );
      expect(capture.toScan).toBe(Math.ceil(capture.scan + capture.fraction + 25_000) + 1);
      expect(capture.cut).toBe(true);
      expect(capture.peak).toBe(10_000);
      expect(typeof capture.timeNs).toBe("bigint");
    });
    const journal = readJournal(readFileSync(join(folder, "captures.journal")));
    expect(journal.captures.map(({ gap }) => gap?.cause ?? null)).toEqual([
      null,
      "not-recorded",
      "not-recorded",
    ]);
  });

  it("tell the way that samples take to the disk, and why", async () => {
    const stream = openStream();
    await stream.start();
    const ways = [];
    for (const [name, more] of [
      ["asked", { writePath: "buffered" }],
      ["auto", {}],
    ] as [string, Partial<NativeRecordingOptions>][]) {
      const recording = await stream.record(recordingTo(name, { scans: 100_000, ...more }));
      const status = await ends(recording);
      expect(status).toMatchObject({ state: "done", scans: 100_000, writesInFlight: 0 });
      expect(status.writePathWhy).toMatch(/\.$/);
      ways.push(status.writePath);
      // What is less than a page goes once more with the page it begins.
      if (status.writePath === "direct") expect(status.copiesPerByte).toBeLessThan(0.05);
    }
    expect(ways[0]).toBe("buffered");
    expect(["direct", "buffered"]).toContain(ways[1]);
  });
});

describe("words as they are stored", () => {
  it("lie in a file of their own, byte by byte, and open as the values they hold", async () => {
    const shifted = { ...element(4, 16, "s"), bits: 12, shift: 4, bigEndian: true };
    const stream = openStream({
      layout: { scanBytes: 8, elements: [element(0, 32, "u"), shifted], timestamp: -1 },
    });
    const path = join(folder, "stored.data");
    const options = recordingTo("all", { scans: 20_000 });
    const stored = { path, verbatim: false, elements: [{ element: 1, as: "stored" as const }] };
    const recording = await stream.record({ ...options, outputs: [...options.outputs, stored] });
    await stream.start();
    expect((await ends(recording)).state).toBe("done");
    const scans = readFileSync(join(folder, "all.data"));
    const words = readFileSync(path);
    expect(words.length).toBe(20_000 * 2);
    let wrong = 0;
    for (let n = 0; n < 20_000; n++) {
      if (words.readUInt16BE(n * 2) !== scans.readUInt16BE(n * 8 + 4)) wrong++;
    }
    expect(wrong).toBe(0);
    const store = await addon.openFile({
      ...{ path, headerBytes: 0, rateHz: 1_000_000, firstTimeNs: -1n },
      layout: { scanBytes: 2, elements: [{ ...shifted, offsetBytes: 0 }], timestamp: -1 },
      captures: captures(),
    });
    const values = Array.from((await store.samples(0, 0, 5000)).values as Int32Array);
    await store.close();
    expect(values).toEqual(Array.from({ length: 5000 }, (_, n) => words.readInt16BE(n * 2) >> 4));
    expect(new Set(values).size).toBeGreaterThan(10);
  });
});
