/**
 * An addon in JavaScript, good enough for tests of the host and of the doors: streams on a timer, brute-force queries,
 * recordings with journals. It counts what is open, so that tests see leaks.
 */
import { readFileSync, readdirSync, statSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { crc32c } from "../../../shared/crc32c.js";
import type { Addon, NativeControl } from "../../../native/addon.js";
import { FakeFileStore } from "./file-store.js";
import type { FakeMemory } from "./memory.js";
import { FakeStream } from "./stream.js";

export interface FakeAddon extends Addon {
  readonly streams: FakeStream[];
  /** Streams, stores and controls not closed. */
  open(): number;
  /** Recordings stop with ENOSPC beyond. */
  readonly disk: { fullAfterBytes: number; freeBytes: number };
  readonly memory: FakeMemory;
  /** The next openStream throws this. */
  refuseNext: Error | null;
}

export function createFakeAddon(): FakeAddon {
  let opened = 0;
  const disk = { fullAfterBytes: Infinity, freeBytes: 1e12 };
  const memory: FakeMemory = { stepMs: 0 };
  const streams: FakeStream[] = [];
  const addon: FakeAddon = {
    version: "fake",
    vectorPath: "baseline",
    streams,
    disk,
    memory,
    refuseNext: null,
    open: () => opened,
    openStream(options) {
      const refused = addon.refuseNext;
      addon.refuseNext = null;
      if (refused) throw refused;
      opened++;
      const stream = new FakeStream(options, disk, memory, () => opened--);
      streams.push(stream);
      return stream;
    },
    async openFile(options) {
      const store = new FakeFileStore(options, () => opened--);
      opened++;
      return store;
    },
    openControl() {
      opened++;
      return fakeControl(() => opened--);
    },
    probeHeap: async () => 2,
    probeBuffer: async () => ({ getFd: 19, attach: 19, holder: "" }),
    watchUevents: () => () => {},
    raiseFileLimit: () => ({ soft: 1024, hard: 4096 }),
    freeBytes: async () => disk.freeBytes,
    crc32c,
    benchPyramid: async () => 1,
    benchTrigger: async () => ({ seconds: 1, found: 0 }),
    clocks: () => ({
      monotonicNs: process.hrtime.bigint(),
      realtimeNs: BigInt(Date.now()) * 1_000_000n,
    }),
  };
  return addon;
}

function fakeControl(onClose: () => void): NativeControl {
  const read = async (path: string): Promise<string> => readFileSync(path, "utf8");
  return {
    read,
    write: async (path, text) => writeFileSync(path, text),
    list: async (path) =>
      readdirSync(path, { withFileTypes: true }).map((entry) => ({
        name: entry.name,
        kind: entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "link" : "file",
        mode: statSync(join(path, entry.name)).mode & 0o777,
      })),
    readAll: (paths) =>
      Promise.all(
        paths.map((path) =>
          read(path).then(
            (text) => ({ text }),
            (error: Error) => ({ error }),
          ),
        ),
      ),
    exists: async (path) => existsSync(path),
    close: onClose,
  };
}
