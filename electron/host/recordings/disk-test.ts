/**
 * How much a disk takes: writes for a moment into a file of its own, in a thread of its own. The file has no name any
 * more once it is open, so that nothing of it stays, whatever happens. The worker is kept as text so that it needs no
 * file beside a bundle.
 */
import { Worker } from "node:worker_threads";
import { fail } from "../../../shared/errors.js";

export interface DiskTest {
  bytesPerSecond: number;
  direct: boolean;
}

const SECONDS = 0.6;
const PIECE_BYTES = 4 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;

// Direct writes want aligned memory, and JavaScript does not tell where a buffer lies: the offset that works is found
// by trying. Random bytes, since some file systems and disks make less of zeros than of samples.
const SOURCE = `
const { workerData, parentPort } = require("node:worker_threads");
const { randomFillSync } = require("node:crypto");
const fs = require("node:fs");
const { path, seconds, pieceBytes, mostBytes } = workerData;
const { O_WRONLY, O_CREAT, O_EXCL, O_DIRECT } = fs.constants;
const memory = Buffer.allocUnsafeSlow(pieceBytes + 4096);
randomFillSync(memory);

function open(flags) {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | flags, 0o600);
  fs.unlinkSync(path);
  return fd;
}

/** The piece as this file takes it directly; null if it does not. */
function alignedPiece(fd) {
  for (let at = 0; at < 4096; at += 8) {
    const piece = memory.subarray(at, at + pieceBytes);
    try {
      fs.writeSync(fd, piece, 0, 4096, 0);
      return piece;
    } catch (error) {
      if (error.code !== "EINVAL") throw error;
    }
  }
  return null;
}

function openDirect() {
  let fd;
  try {
    fd = open(O_DIRECT);
  } catch (error) {
    if (error.code !== "EINVAL" && error.code !== "EOPNOTSUPP") throw error;
    return null;
  }
  const piece = alignedPiece(fd);
  if (piece) return { fd, piece };
  fs.closeSync(fd);
  return null;
}

const direct = openDirect();
const { fd, piece } = direct ?? { fd: open(0), piece: memory.subarray(0, pieceBytes) };
let written = 0;
const start = performance.now();
const elapsed = () => (performance.now() - start) / 1000;
do {
  written += fs.writeSync(fd, piece, 0, pieceBytes, written);
  if (!direct) fs.fdatasyncSync(fd);
} while (elapsed() < seconds && written + pieceBytes <= mostBytes);
const took = elapsed();
fs.closeSync(fd);
parentPort.postMessage({ bytesPerSecond: written / took, direct: direct !== null });
`;

let tests = 0;

/** Writes at most `roomBytes`. Rejects with what the file system says. */
export function testDisk(folder: string, roomBytes: number): Promise<DiskTest> {
  const worker = new Worker(SOURCE, {
    eval: true,
    workerData: {
      path: `${folder}/.iio-disk-test-${process.pid}-${++tests}`,
      seconds: SECONDS,
      pieceBytes: PIECE_BYTES,
      mostBytes: Math.min(MOST_BYTES, roomBytes),
    },
  });
  return new Promise((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", () => reject(fail("CANCELLED", "The test of the disk was cut off.")));
  });
}
