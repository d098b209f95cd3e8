/** Opens the window in the system's Chromium or Chrome, in app mode, without a secret on any command line. */
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
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

export interface OpenWindow {
  /** Resolves when the browser has ended. */
  closed: Promise<void>;
}

/** Starts the browser with a profile of its own; null if there is none on this machine. */
export function openWindow(url: string, env: NodeJS.ProcessEnv = process.env): OpenWindow | null {
  const browser = findBrowser(env);
  if (!browser) return null;
  const profile = join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "iio-studio", "browser");
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
