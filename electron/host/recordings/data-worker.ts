/**
 * SHA-512 and CRC32C of sample files, and putting aside what is no whole scan, in a thread of its own: neither the main thread nor
 * libuv's pool touches sample files. The worker is kept as text so that it needs no file of its own beside a bundle.
 */
import { Worker } from "node:worker_threads";
import { makeCrc32c, makeCrc32cJoin } from "../../../shared/crc32c.js";
import { fail } from "../../../shared/errors.js";
import type { Disposable } from "../disposable.js";

export interface DataJob {
  path: string;
  hash: boolean;
  /** Compare the CRC32C of each: byte offset, length, CRC. In order, none over another. */
  segments: DataPiece[];
  /** Another such list over the same bytes. */
  strips?: DataPiece[];
  /** First put what stands behind so many bytes into a file of its own, and cut it off here. */
  putAside?: { fromBytes: number; path: string };
}

export interface DataPiece {
  at: number;
  bytes: number;
  crc: number;
}

export interface DataResult {
  sha512: string | null;
  /** Indices of segments whose bytes differ from their CRC. */
  wrongSegments: number[];
  wrongStrips: number[];
}

const PIECE_BYTES = 4 * 1024 * 1024;

const SOURCE = `
const { workerData, parentPort } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const fs = require("node:fs");

const crc32c = (${makeCrc32c.toString()})();
const join = (${makeCrc32cJoin.toString()})();
const { path, hash, segments, strips = [], pieceBytes, putAside } = workerData;
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
const wanted = hash || segments.length + strips.length > 0;
const sha = hash ? createHash("sha512") : null;
const piece = Buffer.alloc(pieceBytes);
const lists = [segments, strips].map((list) => ({
  items: list.map((item, number) => ({ ...item, number })).filter(({ bytes }) => bytes > 0),
  index: 0,
  crc: 0,
  wrong: [],
}));
let position = 0;
let toldAt = Date.now();

// What lies between two borders of either list is looked at once; the CRCs of the items are joined from such runs.
let run = null;

function borderAfter(place) {
  return Math.min(
    ...lists.map(({ items, index }) => {
      const item = items[index];
      return !item ? Infinity : place < item.at ? item.at : item.at + item.bytes;
    }),
  );
}

function covered(place) {
  return lists.some(({ items, index }) => items[index] && items[index].at <= place);
}

function feed(data, from) {
  for (let at = 0; at < data.length; ) {
    const place = from + at;
    const border = borderAfter(place);
    const end = Math.min(data.length, border - from);
    if (covered(place)) {
      run ??= { from: place, crc: 0, bytes: 0 };
      run.crc = crc32c(data.subarray(at, end), run.crc);
      run.bytes += end - at;
    }
    at = end;
    if (run && from + at === border) endRun(border);
  }
}

function endRun(border) {
  for (const list of lists) {
    const item = list.items[list.index];
    if (!item || run.from < item.at) continue;
    list.crc = join(list.crc, run.crc, run.bytes);
    if (border < item.at + item.bytes) continue;
    if (list.crc !== item.crc) list.wrong.push(item.number);
    list.crc = 0;
    list.index++;
  }
  run = null;
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
for (const { items, index, wrong } of lists) wrong.push(...items.slice(index).map(({ number }) => number));
const [wrongSegments, wrongStrips] = lists.map((list) => list.wrong);
parentPort.postMessage({ sha512: sha ? sha.digest("hex") : null, wrongSegments, wrongStrips });
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
