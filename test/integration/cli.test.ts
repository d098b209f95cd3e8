/** The command line as its user has it: a program with arguments, signals and an exit status. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;

beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);

afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

/** Resolves once what it printed matches. */
function prints(child: ChildProcess, stream: "stdout" | "stderr", what: RegExp): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    child[stream]!.on("data", (chunk) => {
      text += chunk;
      if (what.test(text)) resolve();
    });
    child.once("close", () => reject(new Error(`ended with: ${text}`)));
  });
}

describe("one press of Ctrl+C, which the terminal and npm deliver one after the other", () => {
  it("closes the server in order", async () => {
    const child = cli.start(["serve"]);
    const ended = once(child, "close");
    await prints(child, "stdout", /http:/);
    child.kill("SIGINT");
    await prints(child, "stderr", /Closing/);
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("ends a recording as a whole one", async () => {
    const base = join(cli.folder, "pressed");
    const child = cli.start(["record", "sim:adc", "--out", base]);
    const ended = once(child, "close");
    const data = `${base}.sigmf-data`;
    await expect
      .poll(() => existsSync(data) && statSync(data).size, { timeout: 30_000 })
      .toBeGreaterThan(100_000);
    child.kill("SIGINT");
    await prints(child, "stderr", /Stopping/);
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    expect((await cli.run(["verify", base])).code).toBe(0);
  });
});
