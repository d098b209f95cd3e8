/** `record --trigger` as its user has it: what it answers, what it refuses, and what is left when it is killed. */
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import type { RecordingResult } from "../../shared/recording.js";
import { readMetadata } from "../../shared/sigmf/read.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;

beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);

afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

/** A glitch each 0.1 s, three times as high as the pulses between. */
const GLITCHES = [
  ...["--channels", "voltage3", "--set", "voltage3/glitch_every=500"],
  ...["--trigger", "voltage3:0.6V:rising", "--no-hash", "--no-check"],
];
const triggered = (base: string) =>
  readMetadata(JSON.parse(readFileSync(`${base}.sigmf-meta`, "utf8"))).triggered!;

describe("record --trigger", () => {
  it("answers with time, peak and width of each capture, and how many were missed", async () => {
    const base = join(cli.folder, "glitches");
    const { code, stdout } = await cli.run([
      ...["record", "sim:adc", "--out", base, ...GLITCHES, "--json"],
      ...["--before", "2ms", "--after", "1ms", "--captures", "3"],
    ]);
    expect(code).toBe(0);
    const { captures, samples } = JSON.parse(stdout) as RecordingResult;
    expect(captures).toMatchObject({
      ...{ count: 3, missed: 0 },
      trigger: { trace: { channel: "voltage3" }, edge: "rising", level: 0.6, unit: "V" },
    });
    expect(captures!.trigger.hysteresis).toBeGreaterThan(0);
    for (const one of captures!.list) {
      expect(one.peak).toBeGreaterThan(0.85);
      expect(one.widthSeconds! * 1e6).toBeGreaterThan(1);
      expect(one.widthSeconds! * 1e6).toBeLessThan(5);
      expect(Date.parse(one.datetime)).toBeGreaterThan(Date.now() - 3_600_000);
    }
    expect(samples).toBeLessThan(300_000);
    expect(triggered(base).captures.map(({ scan }) => scan)).toEqual(
      captures!.list.map(({ scan }) => scan),
    );
    expect((await cli.run(["verify", base])).code).toBe(0);
  });

  it("prints them for people, and fails with a sentence if none came", async () => {
    const base = join(cli.folder, "printed");
    const { stdout } = await cli.run([
      ...["record", "sim:adc", "--out", base, ...GLITCHES, "--after", "1ms", "--captures", "2"],
    ]);
    expect(stdout).toContain("2 captures");
    expect(stdout).toMatch(/ 2 {2}20.*Z {2}peak \d+(\.\d+)? mV {2}\d+(\.\d+)? µs wide/);
    const none = await cli.run([
      ...["record", "sim:adc", "--out", join(cli.folder, "none"), "--trigger", "voltage0:99"],
      ...["--after", "1ms", "--seconds", "0.2", "--no-check"],
    ]);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain("the trigger did not fire");
    expect(existsSync(join(cli.folder, "none.sigmf-data"))).toBe(false);
  });

  it("refuses what it does not understand, before anything is recorded", async () => {
    const base = join(cli.folder, "odd");
    for (const [options, sentence] of [
      [["--trigger", "voltage3"], "CHANNEL:LEVEL"],
      [["--trigger", "voltage9:1", "--after", "1"], '"voltage9" is not recorded'],
      [["--trigger", "voltage0:1"], "needs --before T, --after T or both"],
      [["--captures", "3"], "needs --trigger"],
      [["--trigger", "voltage0:1", "--after", "1", "--samples", "5"], "exclude each other"],
    ] as const) {
      const { code, stderr } = await cli.run(["record", "sim:adc", "--out", base, ...options]);
      expect(stderr).toContain(sentence);
      expect(code).toBe(2);
    }
    expect(readdirSync(cli.folder).some((name) => name.startsWith("odd"))).toBe(false);
  });
});

describe("captures whose program was killed", () => {
  it("are there, with time, peak and width, when the recording is completed", async () => {
    const where = join(cli.folder, "killed");
    mkdirSync(where);
    const base = join(where, "cut");
    const child = cli.start([
      ...["record", "sim:adc", "--out", base, ...GLITCHES, "--before", "1ms", "--after", "1ms"],
    ]);
    const ended = once(child, "close");
    await expect
      .poll(() => (existsSync(`${base}.sigmf-meta`) ? triggered(base).captures.length : 0), {
        timeout: 60_000,
      })
      .toBeGreaterThanOrEqual(3);
    const before = triggered(base).captures;
    child.kill("SIGKILL");
    await ended;
    const next = join(where, "next");
    const { stderr } = await cli.run(["record", "sim:adc", "--out", next, "--samples", "1000"]);
    expect(stderr).toContain("“cut” was cut off");
    const { captures, trigger } = triggered(base);
    expect(captures.slice(0, before.length)).toEqual(before);
    expect(trigger).toMatchObject({ level: 0.6, unit: "V" });
    for (const one of captures) expect(one.peak).toBeGreaterThan(0.85);
    expect((await verifyRecording(base)).faults).toEqual([]);
  });
});
