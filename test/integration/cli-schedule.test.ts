/** Recordings that begin and end by the clock, from the command line. */
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, type CliBundle } from "./cli-bundle.js";
import { checkCounted } from "./counted.js";

let cli: CliBundle;
beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);
afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

const quick = ["--no-hash", "--no-check", "--block-size", "32Ki"];
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

describe("record --start-at --until", () => {
  it("has the whole block of the moment, marked, and so much from there", async () => {
    const base = join(cli.folder, "at");
    const at = inSeconds(4);
    const { code, stdout, stderr } = await cli.run([
      ...["record", "sim:adc", "--out", base, "--start-at", at, "--seconds", "1", "--json"],
      ...["--channels", "voltage0", "--set", "counter_mode=1", ...quick],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/Waiting .* s, until 20/);
    const result = JSON.parse(stdout) as { samples: number; lostSamples: number };
    expect(result.lostSamples).toBe(0);
    const { annotations, captures, global } = JSON.parse(
      readFileSync(`${base}.sigmf-meta`, "utf8"),
    ) as {
      annotations: Record<string, number>[];
      captures: { "core:global_index": number; "core:datetime": string }[];
      global: { "core:sample_rate": number };
    };
    const mark = annotations.find((one) => "iio:mark" in one)!;
    expect(mark).toMatchObject({ "iio:mark": "scheduled" });
    expect(Date.parse(String(mark["iio:datetime"]))).toBe(Date.parse(at));
    const first = captures[0]!["core:global_index"];
    expect(mark["core:sample_start"]).toBe(mark["iio:from_scan"]! - first);
    const blockScans = (32 * 1024) / 2;
    expect(first % blockScans).toBe(0);
    expect(mark["core:sample_start"]).toBeLessThan(blockScans);
    expect(checkCounted(base)).toMatchObject({ first, samples: result.samples, lost: 0 });
    const rate = global["core:sample_rate"];
    const { ["core:datetime"]: begun } = captures[0]!;
    const markedMs = Date.parse(begun) + (mark["core:sample_start"]! / rate) * 1000;
    expect(Math.abs(markedMs - Date.parse(at))).toBeLessThan(500);
    // The length counts from the moment, up to a block's end.
    expect(result.samples - mark["core:sample_start"]!).toBeGreaterThanOrEqual(rate);
    expect((await cli.run(["verify", base])).code).toBe(0);
  }, 60_000);

  it("ends by the clock", async () => {
    const base = join(cli.folder, "until");
    const until = inSeconds(5);
    const { code } = await cli.run([
      ...["record", "sim:adc", "--out", base, "--until", until, ...quick],
    ]);
    expect(code).toBe(0);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
    expect((await cli.run(["verify", base])).code).toBe(0);
  }, 60_000);

  it("is cancelled by Ctrl+C while it waits, and leaves nothing", async () => {
    const base = join(cli.folder, "cancelled");
    const child = cli.start([
      ...["record", "sim:adc", "--out", base, "--start-at", inSeconds(600), ...quick],
    ]);
    const ended = once(child, "close");
    let said = "";
    child.stderr!.on("data", (chunk) => (said += chunk));
    await expect.poll(() => said, { timeout: 30_000 }).toContain("Waiting");
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    expect(existsSync(`${base}.sigmf-meta`)).toBe(false);
  }, 60_000);

  it("refuses what is no time, what is past, and an end before the start", async () => {
    const refused = async (...times: string[]) =>
      await cli.run(["record", "sim:adc", "--out", join(cli.folder, "never"), ...times]);
    for (const [times, why] of [
      [["--start-at", "soon"], "is no time"],
      [["--start-at", "2020-01-01 12:00"], "is past"],
      [["--until", "2020-01-01 12:00"], "is past"],
      [["--start-at", inSeconds(60), "--until", inSeconds(30)], "an end after the start"],
    ] as const) {
      const { code, stderr } = await refused(...times);
      expect({ code, why: stderr.includes(why) }).toEqual({ code: 2, why: true });
    }
  }, 60_000);
});
