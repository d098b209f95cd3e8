// Finds Electron's runtime, or fetches it: tried once, given up after 10 s without progress, a failure remembered a day.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { at, userCache } from "./paths.mjs";
import { step } from "./say.mjs";

const DAY_MS = 24 * 3600 * 1000;
const STALL_MS = 10_000;
const failureFile = () => join(userCache(), "electron-fetch-failed");

/** Path of the runtime's program, or null. path.txt is written last: without it an unpacking was cut off. */
export function findElectron(env = process.env, home = at("node_modules", "electron")) {
  const override = env.ELECTRON_OVERRIDE_DIST_PATH;
  const program = join(override || join(home, "dist"), "electron");
  const whole = override || existsSync(join(home, "path.txt"));
  return whole && existsSync(program) ? program : null;
}

/** Why the last try failed, if that was less than a day ago. */
export function rememberedFailure(now = Date.now(), file = failureFile()) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat || now - stat.mtimeMs > DAY_MS || now < stat.mtimeMs) return null;
  return readFileSync(file, "utf8").trim();
}

export function rememberFailure(reason, file = failureFile()) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${reason}\n`);
}

/** Bytes a process has written so far: the download's progress as the kernel counts it. */
function bytesWritten(pid) {
  try {
    return Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const install = () =>
  spawn(process.execPath, [at("node_modules", "electron", "install.js")], {
    stdio: ["ignore", "ignore", "pipe"],
  });

/** Answers null, or why the fetch failed. `start` and `written` are replaced in tests. */
export function fetchOnce(stallMs, { start = install, written: bytes = bytesWritten } = {}) {
  return new Promise((resolve) => {
    const child = start();
    let complaint = "";
    child.stderr.on("data", (chunk) => (complaint += chunk));
    let written = 0;
    let movedAt = Date.now();
    let stalled = false;
    const watch = setInterval(() => {
      const now = bytes(child.pid);
      if (now > written + 4096) {
        written = now;
        movedAt = Date.now();
      } else if (Date.now() - movedAt > stallMs) {
        stalled = true;
        child.kill("SIGKILL");
      }
    }, 500);
    child.on("error", (error) => (complaint += error.message));
    child.on("close", (code) => {
      clearInterval(watch);
      if (code === 0) return resolve(null);
      resolve(stalled ? `nothing came for ${stallMs / 1000} s` : firstSentence(complaint));
    });
  });
}

function firstSentence(complaint) {
  const line =
    complaint.split("\n").find((text) => /error/i.test(text)) ?? complaint.split("\n")[0];
  return line.replace(/^.*?Error:\s*/, "").trim() || "the download failed";
}

/**
 * The runtime's program, or the reason why there is none. `force` tries again although a failure is remembered.
 */
export async function obtainElectron({
  force = false,
  find = findElectron,
  file = failureFile(),
  ...fetching
} = {}) {
  const found = find();
  if (found) return { program: found };
  const before = force ? null : rememberedFailure(Date.now(), file);
  if (before) return { reason: `${before}; tried less than a day ago, --electron tries again` };
  step("fetching Electron's runtime (once; stops after 10 s without progress)");
  const failure = await fetchOnce(STALL_MS, fetching);
  const program = find();
  if (program) {
    rmSync(file, { force: true });
    return { program };
  }
  const reason = failure ?? "the runtime is not where it should be";
  rememberFailure(reason, file);
  return { reason };
}
