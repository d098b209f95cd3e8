/** Starts the built studio with a home of its own, and a Chromium that looks at it. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const ENDING = ["SIGTERM", "SIGKILL"] as const;

export interface Studio {
  /** The user's home: recordings are in `Recordings` below it. */
  home: string;
  /** A window of the given size, let in by a fresh address. */
  open(size?: { width: number; height: number }): Promise<Page>;
  /** What the page complained of: errors, refused content, failed loads. */
  complaints: string[];
  close(): Promise<void>;
}

export async function startStudio(
  options: { extra?: string[]; home?: string } = {},
): Promise<Studio> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), "studio-e2e-"));
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_RUNTIME_DIR: home,
  };
  const cli = join(ROOT, "dist", "cli", "cli.js");
  const server = spawn(
    process.execPath,
    [
      cli,
      "serve",
      "--json",
      "--sysfs",
      join(home, "sys"),
      "--dev",
      join(home, "dev"),
      ...(options.extra ?? []),
    ],
    { env, stdio: ["ignore", "pipe", "inherit"] },
  );
  const first = await firstLine(server);
  const { port } = JSON.parse(first) as { port: number };
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  const complaints: string[] = [];
  return {
    home,
    complaints,
    open: async (size = { width: 1680, height: 1050 }) => {
      const url = await newUrl(cli, port, env);
      return openPage(browser, url, size, complaints);
    },
    close: async () => {
      await browser.close();
      await end(server);
      if (!options.home) rmSync(home, { recursive: true, force: true });
    },
  };
}

async function openPage(
  browser: Browser,
  url: string,
  viewport: { width: number; height: number },
  complaints: string[],
): Promise<Page> {
  const page = await browser.newPage({ viewport });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(url);
  await page.waitForSelector('[role="tree"]');
  return page;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf("\n");
      if (end >= 0) done(text.slice(0, end));
    });
    child.once("exit", (code) =>
      reject(new Error(`The studio ended with ${code} before it served.`)),
    );
  });
}

function newUrl(cli: string, port: number, env: NodeJS.ProcessEnv): Promise<string> {
  const asked = spawn(process.execPath, [cli, "serve", "--url", "--port", String(port)], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return firstLine(asked);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  for (const signal of ENDING) {
    child.kill(signal);
    const ended = await Promise.race([
      gone.then(() => true),
      new Promise<boolean>((done) => setTimeout(() => done(false), 10_000)),
    ]);
    if (ended) return;
  }
}
