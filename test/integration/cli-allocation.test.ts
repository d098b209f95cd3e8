/** `record` with a pool that takes a while to be had, on a terminal: shown as it comes, and cancelled by Ctrl+C. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, rmSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { findAddon } from "../../native/load.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

const MIB = 1 << 20;
/** As much as is there, up to 4 GiB: the studio takes at most half of what is available. */
const BLOCKS = Math.min(4096, Math.floor((freemem() * 0.4) / MIB));

let cli: CliBundle;
beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);
afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

/** Runs it on a terminal of its own; `type` presses keys there. */
function onTerminal(args: string[]) {
  const program = [process.execPath, join(cli.folder, "cli", "cli.mjs"), ...args].join(" ");
  const command = `stty cols 100; exec ${program}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...process.env,
      IIO_STUDIO_ADDON: findAddon() ?? "",
      HOME: cli.folder,
      XDG_CONFIG_HOME: join(cli.folder, "config"),
    },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let shown = "";
  child.stdout.on("data", (data: Buffer) => (shown += data.toString()));
  return {
    shown: () => shown,
    type: (keys: string) => child.stdin.write(keys),
    ended: once(child, "exit").then(([code]) => code as number | null),
  };
}

it("shows how much memory is there, and ends without a file on Ctrl+C", async () => {
  const out = join(cli.folder, "never");
  const terminal = onTerminal([
    ...["record", "sim:adc", "--out", out, "--no-check"],
    ...["--blocks", String(BLOCKS), "--block-size", String(MIB)],
  ]);
  await expect
    .poll(terminal.shown, { timeout: 25_000 })
    .toMatch(/Allocating [█░]{24} +\d+ % .* of/);
  terminal.type("\x03");
  expect(await terminal.ended).toBe(0);
  expect(terminal.shown()).toMatch(/Cancelling; nothing was recorded yet\./);
  expect(terminal.shown()).toMatch(/Cancelled before it began; nothing was recorded\./);
  expect(readdirSync(cli.folder).filter((name) => name.startsWith("never"))).toEqual([]);
});
