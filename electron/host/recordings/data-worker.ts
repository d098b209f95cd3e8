/**
 * SHA-512 and CRC32C of sample files, and putting aside what is no whole scan, in a thread of its own: neither the main thread nor
 * libuv's pool touches sample files. The worker is kept as text so that it needs no file of its own beside a bundle.
 */
import { Worker } from "node:worker_threads";
import { makeCrc32c } from "../../../shared/crc32c.js";
import { fail } from "../../../shared/errors.js";
import type { Disposable } from "../disposable.js";

export interface DataJob {
  path: string;
  hash: boolean;
  /** Compare the CRC32C of each: byte offset, length, CRC. */
  segments: { at: number; bytes: number; crc: number }[];
  /** First put what stands behind so many bytes into a file of its own, and cut it off here. */
  putAside?: { fromBytes: number; path: string };
}

export interface DataResult {
  sha512: string | null;
  /** Indices of segments whose bytes differ from their CRC. */
  wrongSegments: number[];
}

const PIECE_BYTES = 4 * 1024 * 1024;

const SOURCE = `
const { workerData, parentPort } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const fs = require("node:fs");

const crc32c = (${makeCrc32c.toString()})();
const { path, hash, segments, pieceBytes, putAside } = workerData;
const fd = fs.openSync(path, putAside ? "r+" : "r");
if (putAside) {
  const rest = Buffer.alloc(fs.fstatSync(fd).size - putAside.fromBytes);
  fs.readSync(fd, rest, 0, rest.length, putAside.fromBytes);
  const aside = fs.openSync(putAside.path, "wx");
  fs.writeSync(aside, rest);
  fs.fsyncSync(aside);
  fs.closeSync(aside);
  fs.ftruncateSync(fd, putAside.fromBytes);
  fs.fsyncSync(fd);
}
const size = fs.fstatSync(fd).size;
const wanted = hash || segments.length > 0;
const sha = hash ? createHash("sha512") : null;
const piece = Buffer.alloc(pieceBytes);
const wrong = [];
let segment = 0;
let crc = 0;
let position = 0;
let toldAt = Date.now();

function feed(data, from) {
  while (segment < segments.length) {
    const { at, bytes, crc: expected } = segments[segment];
    const start = Math.max(at, from);
    const end = Math.min(at + bytes, from + data.length);
    if (start < end) crc = crc32c(data.subarray(start - from, end - from), crc);
    if (at + bytes > from + data.length) return;
    if (crc !== expected) wrong.push(segment);
    crc = 0;
    segment++;
  }
}

while (wanted) {
  const read = fs.readSync(fd, piece, 0, pieceBytes, position);
  if (read === 0) break;
  const data = piece.subarray(0, read);
  sha?.update(data);
  feed(data, position);
  position += read;
  if (Date.now() - toldAt > 200) {
    toldAt = Date.now();
    parentPort.postMessage({ done: size > 0 ? Math.min(1, position / size) : 1 });
  }
}
fs.closeSync(fd);
for (; segment < segments.length; segment++) wrong.push(segment);
parentPort.postMessage({ sha512: sha ? sha.digest("hex") : null, wrongSegments: wrong });
`;

export interface RunningDataJob extends Disposable {
  /** Rejects with code CANCELLED if it was disposed of first. */
  result: Promise<DataResult>;
}

/** `onProgress`: 0 … 1, about five times a second. */
export function startDataJob(job: DataJob, onProgress: (done: number) => void): RunningDataJob {
  const worker = new Worker(SOURCE, {
    eval: true,
    workerData: { ...job, pieceBytes: PIECE_BYTES },
  });
  let finish: (end: { result: DataResult } | { error: Error }) => void = () => {};
  const result = new Promise<DataResult>((resolve, reject) => {
    finish = (end) => ("result" in end ? resolve(end.result) : reject(end.error));
  });
  // Whoever disposes of a job need not wait for its end.
  result.catch(() => {});
  worker.on("message", (message: { done: number } | DataResult) => {
    if ("done" in message) onProgress(message.done);
    else finish({ result: message });
  });
  worker.on("error", (error) => finish({ error }));
  worker.on("exit", () =>
    finish({ error: fail("CANCELLED", "Reading the data file was cancelled.") }),
  );
  return { result, dispose: () => void worker.terminate() };
}
