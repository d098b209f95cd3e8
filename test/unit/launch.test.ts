/** What `npm start` and `npm test` decide before anything is built. */
import { EventEmitter } from "node:events";
import { existsSync, mkdtempSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript without types, so that it runs before anything is installed
import { distStatus, readTargets } from "../../electron/launch/choose-targets.mjs";
// @ts-expect-error see above
import { rememberedFailure, rememberFailure } from "../../electron/launch/electron-runtime.mjs";
// @ts-expect-error see above
import { hand, terminalSignalsGroup } from "../../electron/launch/hand.mjs";
// @ts-expect-error see above
import { missingTools, nodeIsNewEnough } from "../../electron/launch/prerequisites.mjs";
// @ts-expect-error see above
import { fingerprint } from "../../electron/launch/setup.mjs";
// @ts-expect-error see above
import { countDoctest, countVitest } from "../../electron/launch/suites.mjs";

describe("the tools that must be there", () => {
  it("are each named with the line that installs them", () => {
    const missing = missingTools(() => false, "18.0.0", {}) as { name: string; fix: string }[];
    expect(missing.map(({ name }) => name).join()).toMatch(/Node 20.19.*compiler.*make/);
    for (const { fix } of missing) expect(fix).not.toBe("");
    expect(missingTools(() => true, "20.19.0", {})).toEqual([]);
  });

  it("take the compiler that CXX names", () => {
    const asked: string[] = [];
    missingTools((name: string) => asked.push(name) > 0, "22.0.0", { CXX: "clang++" });
    expect(asked).toContain("clang++");
  });

  it("compare Node's version by numbers", () => {
    expect(nodeIsNewEnough("20.19.0")).toBe(true);
    expect(nodeIsNewEnough("20.9.9")).toBe(false);
    expect(nodeIsNewEnough("100.0.0")).toBe(true);
  });
});

describe("a runtime that could not be fetched", () => {
  it("is not tried again for a day", () => {
    const file = join(mkdtempSync(join(tmpdir(), "studio-launch-")), "cache", "failed");
    expect(rememberedFailure(Date.now(), file)).toBeNull();
    rememberFailure("connect ECONNREFUSED", file);
    expect(rememberedFailure(Date.now() + 1000, file)).toBe("connect ECONNREFUSED");
    expect(rememberedFailure(Date.now() + 25 * 3600 * 1000, file)).toBeNull();
  });
});

describe("a signal", () => {
  /** Runs a program that ends with the number of signals it got, once it is told to. */
  async function deliver(reached: boolean, signal: string): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), "studio-launch-"));
    const program = `
      let got = 0;
      for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => (got += name === "SIGINT" ? 1 : 10));
      const { existsSync, writeFileSync } = require("node:fs");
      writeFileSync("${folder}/ready", "");
      setInterval(() => existsSync("${folder}/end") && setTimeout(() => process.exit(got), 100), 20);
    `;
    const source = new EventEmitter();
    const options = { source, reached: () => reached };
    const ended = hand(process.execPath, ["-e", program], options) as Promise<number>;
    await expect.poll(() => existsSync(join(folder, "ready")), { timeout: 20_000 }).toBe(true);
    source.emit(signal);
    writeFileSync(join(folder, "end"), "");
    return ended;
  }

  it("of the terminal is not sent to the studio a second time", async () => {
    expect(await deliver(true, "SIGINT")).toBe(0);
    expect(await deliver(false, "SIGINT")).toBe(1);
  });

  it("of another program is handed on", async () => {
    expect(await deliver(true, "SIGTERM")).toBe(10);
  });

  it("that ended the studio though nobody asked is no good end, and is named", async () => {
    const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const end = (signal: string) =>
      hand(
        process.execPath,
        ["-e", `process.kill(process.pid, "${signal}"); setInterval(() => {}, 1000)`],
        {
          source: new EventEmitter(),
        },
      ) as Promise<number>;
    expect(await end("SIGKILL")).toBe(137);
    expect(String(written.mock.calls[0])).toContain("SIGKILL");
    expect(await end("SIGTERM")).toBe(0);
    expect(await hand(join(tmpdir(), "no-such-program"), [])).toBe(127);
    expect(String(written.mock.calls.at(-1))).toContain("ENOENT");
    written.mockRestore();
  });

  it("of the terminal reaches all of the group in front", () => {
    const stat = (pgrp: number, tpgid: number) =>
      `9 (a ) name) S 1 ${pgrp} 7 34816 ${tpgid} 4194304 0`;
    expect(terminalSignalsGroup(stat(9, 9))).toBe(true);
    expect(terminalSignalsGroup(stat(9, 11))).toBe(false);
    expect(terminalSignalsGroup(stat(9, -1))).toBe(false);
  });
});

describe("staleness", () => {
  it("is seen by any edit of what counts, and by nothing else", () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-launch-"));
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(join(folder, "a.ts"), "1");
    const of = () => fingerprint([folder], (path: string) => path.endsWith(".ts")) as string;
    const before = of();
    writeFileSync(join(folder, "notes.txt"), "x");
    writeFileSync(join(folder, "node_modules", "b.ts"), "x");
    expect(of()).toBe(before);
    utimesSync(join(folder, "a.ts"), 1, 1);
    expect(of()).not.toBe(before);
  });
});

describe("counting", () => {
  it("reads doctest's summary, with colours or without", () => {
    const line = "[doctest] test cases: 12 | \x1b[32m11 passed\x1b[0m | 1 failed | 2 skipped";
    expect(countDoctest(line)).toMatchObject({ passed: 11, failed: 1, skipped: 2 });
    expect(countDoctest("Segmentation fault")).toBeNull();
  });

  it("names the tests that failed, with what they said", () => {
    const output =
      "TEST CASE:  one\n\n/a/b.test.cc:7: ERROR: CHECK( x == 1 ) is NOT correct!\n  values: CHECK( 2 == 1 )\n" +
      "===\nTEST CASE:  two\n\n/a/b.test.cc:9: MESSAGE: only a word\n" +
      "[doctest] test cases: 2 | 1 passed | 1 failed | 0 skipped\n";
    expect(countDoctest(output)?.failures).toEqual([
      "one: b.test.cc:7: ERROR: CHECK( x == 1 ) is NOT correct!",
    ]);
    const counted = countVitest({
      numPassedTests: 0,
      numFailedTests: 1,
      testResults: [
        {
          name: "bad.test.ts",
          status: "failed",
          message: "",
          assertionResults: [
            { status: "failed", fullName: "a trace stands", failureMessages: ["Error: no\n  at"] },
          ],
        },
      ],
    });
    expect(counted.failures).toEqual(["a trace stands: Error: no"]);
  });

  it("counts a test file that could not be loaded as a failure, and says which test was skipped", () => {
    const counted = countVitest({
      numPassedTests: 3,
      numFailedTests: 0,
      testResults: [
        { name: "broken.test.ts", status: "failed", message: "SyntaxError", assertionResults: [] },
        {
          name: "good.test.ts",
          status: "passed",
          message: "",
          assertionResults: [{ status: "skipped", fullName: "needs octave" }],
        },
      ],
    });
    expect(counted).toMatchObject({ passed: 3, failed: 1, skipped: 1 });
    expect(counted.reasons.join()).toMatch(/broken.*SyntaxError.*needs octave/);
  });
});

describe("packages", () => {
  it("are all those that were asked for; unasked, what this machine's tools can make, and not none", () => {
    const status = (argv: string[], ...failed: string[]) =>
      distStatus(argv, readTargets(argv), failed) as number;
    expect(status([])).toBe(0);
    expect(status([], "deb: no fpm", "AppImage: no tools")).toBe(0);
    expect(status([], "dir: full", "deb: full", "AppImage: full")).toBe(1);
    expect(status(["dir", "deb"])).toBe(0);
    expect(status(["dir", "deb"], "deb: no fpm")).toBe(1);
    expect(() => readTargets(["rpm"])).toThrow(
      'There is no target "rpm". Known: dir, deb, AppImage.',
    );
  });
});
