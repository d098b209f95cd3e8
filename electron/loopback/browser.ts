/** Opens the window in the system's Chromium or Chrome, in app mode, without a secret on any command line. */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { runtimeFolder } from "./runtime-folder.js";

const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "microsoft-edge",
  "brave-browser",
];

/** First of the known browsers on PATH, or null. */
export function findBrowser(env: NodeJS.ProcessEnv = process.env): string | null {
  for (const name of NAMES) {
    for (const folder of (env["PATH"] ?? "").split(delimiter)) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  return null;
}

/** A page, readable by this user only, that goes on to `url`: so the secret stands in no command line. */
export function writeRedirect(url: string, folder: string = runtimeFolder()): string {
  const file = join(folder, `open-${process.pid}.html`);
  rmSync(file, { force: true });
  writeFileSync(
    file,
    `<!doctype html><meta http-equiv="refresh" content="0;url=${url}"><title>IIO Studio</title>`,
    { mode: 0o600, flag: "wx" },
  );
  return file;
}

/** The studios of one user that are shown at a time, beyond which a profile is shared. */
const PROFILES = 16;

/**
 * A profile that no running browser has: with one of another studio, Chromium would hand the address to the browser that
 * is there, and end at once. Its lock is a link that names machine and process.
 */
export function freeProfile(folder: string, host: string = hostname()): string {
  const names = Array.from({ length: PROFILES }, (_, n) =>
    n === 0 ? "browser" : `browser-${n + 1}`,
  );
  const free = names.find((name) => !isLocked(join(folder, name), host)) ?? "browser";
  return join(folder, free);
}

function isLocked(profile: string, host: string): boolean {
  let holder: string;
  try {
    holder = readlinkSync(join(profile, "SingletonLock"));
  } catch {
    return false;
  }
  const dash = holder.lastIndexOf("-");
  return holder.slice(0, dash) !== host || isAlive(Number(holder.slice(dash + 1)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A browser that has not shown the studio by then will not: one that may not read our file shows a fault instead. */
const SHOWN_WITHIN_MS = 20_000;

/**
 * Resolves when a window that showed the studio was closed. If none came to be, because the browser ended or shows
 * something else, `missing` is told and this never resolves: the studio goes on for whoever opens it by hand.
 */
export async function untilClosed(
  closed: Promise<void>,
  shown: Promise<void>,
  missing: () => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const first = await Promise.race([
    shown.then(() => "shown" as const),
    closed.then(() => "closed" as const),
    new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), SHOWN_WITHIN_MS).unref();
    }),
  ]);
  clearTimeout(timer);
  if (first === "shown") return closed;
  missing();
  return new Promise(() => undefined);
}

export interface OpenWindow {
  /** Resolves when the browser has ended. */
  closed: Promise<void>;
}

/** Starts the browser with a profile of its own; null if there is none on this machine. */
export function openWindow(url: string, env: NodeJS.ProcessEnv = process.env): OpenWindow | null {
  const browser = findBrowser(env);
  if (!browser) return null;
  const cache = env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  const profile = freeProfile(join(cache, "iio-studio"));
  mkdirSync(profile, { recursive: true, mode: 0o700 });
  const redirect = writeRedirect(url);
  const args = [
    `--app=${pathToFileURL(redirect).href}`,
    `--user-data-dir=${profile}`,
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--window-size=1680,1050",
  ];
  // Chromium refuses to run as root with its sandbox.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  const child = spawn(browser, args, { stdio: "ignore" });
  const closed = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("exit", () => resolve());
  });
  // The page is read within seconds; the address is dead after 60 s anyway.
  setTimeout(() => rmSync(redirect, { force: true }), 30_000).unref();
  return { closed };
}
