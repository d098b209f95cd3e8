/** A folder that no longer answers (a dead network disk): streams are stopped and drawn all the same. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findAddon } from "../../native/load.js";
import { counterOptions, rawTrace } from "./addon-options.js";

/** Stands between the addon and the C library: calls about a path with `dead-disk` in it never return. */
const DISK = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
static void wait_if_dead(const char *path) {
  while (strstr(path, "dead-disk")) pause();
}
int statvfs(const char *path, struct statvfs *out) {
  wait_if_dead(path);
  return ((int (*)(const char *, struct statvfs *))dlsym(RTLD_NEXT, "statvfs"))(path, out);
}
ssize_t pread(int fd, void *to, size_t bytes, off_t offset) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = readlink(link, path, sizeof path - 1);
  path[n < 0 ? 0 : n] = 0;
  wait_if_dead(path);
  return ((ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread"))(fd, to, bytes, offset);
}
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "iio-disk-"));
  mkdirSync(join(folder, "dead-disk"));
  writeFileSync(join(folder, "dead-disk", "scans"), Buffer.alloc(8000));
  writeFileSync(join(folder, "disk.c"), DISK);
  const compiler = process.env["CC"] ?? "cc";
  execFileSync(compiler, [
    "-shared",
    "-fPIC",
    "-o",
    join(folder, "disk.so"),
    join(folder, "disk.c"),
  ]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(script: string): Promise<string> {
  const options = { timeout: 25_000, killSignal: "SIGKILL" } as const;
  const env = { ...process.env, LD_PRELOAD: join(folder, "disk.so") };
  return new Promise((resolve) => {
    execFile(process.execPath, ["-e", script], { ...options, env }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}

it("neither Stop nor the screen waits for a folder that does not answer", async () => {
  const dead = join(folder, "dead-disk");
  const file = { path: join(dead, "scans"), headerBytes: 0, rateHz: 1000 };
  const script = `
    const addon = require(${JSON.stringify(findAddon())});
    const stream = addon.openStream(${JSON.stringify(counterOptions())});
    const file = ${JSON.stringify({ ...file, layout: counterOptions().layout })};
    const query = { traces: [${JSON.stringify(rawTrace(0))}], range: { kind: "all" }, columns: 100 };
    const none = new Float64Array(0), bytes = new Uint8Array(0), timeNs = new BigInt64Array(0);
    const captures = {
      scan: none, sample: none, lost: none, lostMin: none, lostMax: none,
      grade: bytes, cause: bytes, timeNs,
    };
    const say = (word) => process.stdout.write(word + "\\n");
    (async () => {
      await stream.start();
      while (stream.counters().summarisedToScan === 0) await new Promise((r) => setTimeout(r, 10));
      const opened = await addon.openFile({ ...file, captures, firstTimeNs: -1n });
      for (let i = 0; i < 8; i++) {
        addon.freeBytes(${JSON.stringify(dead)}).then(() => say("the disk answered"));
        opened.query(query).then(() => say("the file answered"));
      }
      await new Promise((r) => setTimeout(r, 200));
      say("frame " + ((await stream.query(query)).toScan > 0));
      await stream.stop();
      await stream.close();
      say("state " + stream.counters().state);
      process.kill(process.pid, "SIGKILL");
    })();
  `;
  expect(await run(script)).toBe("frame true\nstate closed\n");
});
