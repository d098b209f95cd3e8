/** The command line as one built program, for tests that run, signal and kill it. */
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "vite";
import { findAddon } from "../../native/load.js";

const root = resolve(import.meta.dirname, "../..");

export interface CliBundle {
  /** Of the test's own: with `config`, and room for recordings. */
  folder: string;
  start(args: string[], options?: SpawnOptions): ChildProcess;
  /** Runs it to its end. */
  run(args: string[], env?: NodeJS.ProcessEnv): Promise<CliEnd>;
}

export interface CliEnd {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Builds it into a new folder, with a window beside it that is empty. */
export async function bundleCli(): Promise<CliBundle> {
  const folder = mkdtempSync(join(tmpdir(), "studio-cli-"));
  await build({
    root,
    configFile: false,
    logLevel: "silent",
    define: { __STUDIO_VERSION__: '"test"' },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: "node20",
      outDir: join(folder, "cli"),
      minify: false,
      rolldownOptions: {
        input: { cli: join(root, "electron", "cli", "cli.ts") },
        external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`), "electron"],
        output: { format: "es", entryFileNames: "[name].mjs" },
      },
    },
  });
  mkdirSync(join(folder, "renderer"));
  writeFileSync(join(folder, "renderer", "index.html"), "<!doctype html><title>studio</title>");
  const env = {
    ...process.env,
    IIO_STUDIO_ADDON: findAddon() ?? "",
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_RUNTIME_DIR: folder,
  };
  const start: CliBundle["start"] = (args, options = {}) =>
    spawn(process.execPath, [join(folder, "cli", "cli.mjs"), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      ...options,
      env: { ...env, ...options.env },
    });
  const run: CliBundle["run"] = async (args, more = {}) => {
    const child = start(args, { env: more });
    let [stdout, stderr] = ["", ""];
    child.stdout!.on("data", (chunk) => (stdout += chunk));
    child.stderr!.on("data", (chunk) => (stderr += chunk));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  };
  return { folder, start, run };
}
