/** What tests of the built addon share: a folder and streams that go with the test, and recordings of the counter. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import type { NativeRecordingOptions, NativeStream } from "../../native/addon.js";
import { loadAddon } from "../../native/load.js";
import { JournalReader, type JournalSegment } from "../../shared/journal.js";
import { counterOptions } from "./addon-options.js";

export const addon = loadAddon();
/** The folder of the test that runs. */
export let folder = "";
const open: NativeStream[] = [];

/** To be called once in a file. */
export function folderForEach(): void {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "iio-addon-"));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((stream) => stream.close()));
    rmSync(folder, { recursive: true, force: true });
  });
}

/** Closed behind the test. */
export function openStream(options = counterOptions()): NativeStream {
  const stream = addon.openStream(options);
  open.push(stream);
  return stream;
}

/** Frames, samples and triggers reach as far as blocks are summarised, which may be a moment after they completed. */
export async function summarised(stream: NativeStream): Promise<void> {
  const end = stream.counters().historyToScan;
  await until(() => stream.counters().summarisedToScan >= end);
}

export async function until<T>(ask: () => T | false | null | undefined): Promise<T> {
  for (let i = 0; i < 2000; i++) {
    const answer = ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("What was waited for did not come.");
}

export function recordingTo(name: string, more: Partial<NativeRecordingOptions> = {}) {
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

export function readSegments(path: string): { segments: JournalSegment[]; kinds: string[] } {
  const records = new JournalReader().push(readFileSync(path));
  const segments = records.flatMap((r) => (r.kind === "segment" ? [r.segment] : []));
  return { segments, kinds: records.map((record) => record.kind) };
}

/** Every sample of the counter is its own scan index, as the journal's segments place it. */
export function checkCounter(data: Buffer, segments: JournalSegment[]): number {
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
