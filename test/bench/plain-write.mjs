// What a disk takes: one file of plain writes past the page cache, with a last flush.
import { closeSync, constants, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** {rate in bytes a second, cpuPerGB in seconds} of O_DIRECT writes of `blockBytes` each. */
export function plainWrite(folder, totalBytes, blockBytes) {
  const file = join(folder, `bench-plain-${process.pid}`);
  const flags = constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC | constants.O_DIRECT;
  const fd = openSync(file, flags);
  try {
    const block = alignedBuffer(blockBytes, fd);
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    for (let at = 0; at < totalBytes; at += blockBytes) writeSync(fd, block, 0, blockBytes, at);
    fdatasyncSync(fd);
    const seconds = (performance.now() - startedAt) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { rate: totalBytes / seconds, cpuPerGB: ((user + system) / 1e6 / totalBytes) * 1e9 };
  } finally {
    closeSync(fd);
    rmSync(file);
  }
}

/** Node tells no addresses, and a write from a wrong one fails with EINVAL: the first offset that works is at a page. */
function alignedBuffer(bytes, fd) {
  const whole = Buffer.alloc(bytes + 4096, 7);
  for (let at = 0; at < 4096; at += 16) {
    try {
      writeSync(fd, whole, at, 4096, 0);
      return whole.subarray(at, at + bytes);
    } catch (error) {
      if (error.code !== "EINVAL") throw error;
    }
  }
  throw new Error("this file system takes no direct writes");
}
