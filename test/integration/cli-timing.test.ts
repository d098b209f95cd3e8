/** What the command line does with time: finding settings, and recording devices together. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GroupResult } from "../../shared/group.js";
import type { TuneStatus } from "../../shared/tune.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;

beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);

afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

describe("tune", () => {
  it("finds settings that record can use, and sets the rate back", async () => {
    const { code, stdout, stderr } = await cli.run([
      ...["tune", "sim:adc", "--seconds", "0.2", "--margin", "0", "--rate", "100k", "--json"],
    ]);
    const status = JSON.parse(stdout) as TuneStatus & { hint: string | null };
    expect(stderr).toContain("sampling_frequency = 100000");
    expect(status).toMatchObject({ rateHz: 100_000, seconds: 0.2, marginPercent: 0 });
    expect(status.tries.length).toBeLessThanOrEqual(status.triesAtMost);
    // A machine that is busy with other tests may keep up with nothing.
    expect(code).toBe(status.hint === null ? 1 : 0);
    if (status.hint !== null) {
      const { blocks, size } = /--blocks (?<blocks>\d+) --block-size (?<size>\d+)/.exec(
        status.hint,
      )!.groups as { blocks: string; size: string };
      expect(status.state).toMatchObject({
        found: { blockCount: Number(blocks), blockBytes: Number(size) },
      });
    }
  });

  it("says where there is nothing to find, and what it does not take", async () => {
    const slow = await cli.run(["tune", "sim:nothing"]);
    expect(slow).toMatchObject({ code: 1 });
    expect((await cli.run(["tune", "sim:adc", "--margin", "95"])).code).toBe(2);
    expect((await cli.run(["tune", "sim:adc", "--blocks", "3"])).code).toBe(2);
  });
});

describe("record of several devices", () => {
  it("makes a recording of each and a collection with their timing, and verifies", async () => {
    const base = join(cli.folder, "together");
    const { code, stdout } = await cli.run([
      ...["record", "sim:adc", "sim:transceiver/buffer0", "--out", base],
      ...["--seconds", "0.5", "--json"],
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as GroupResult;
    expect(result.recordings.map(({ name }) => name)).toEqual([
      "together-adc",
      "together-transceiver",
    ]);
    expect(result.members[1]!.startSkewSeconds).not.toBeNull();
    expect(existsSync(result.file)).toBe(true);
    const { collection } = JSON.parse(readFileSync(result.file, "utf8")) as {
      collection: Record<string, object>;
    };
    expect(collection["iio:group"]).toMatchObject({ state: "complete", shared_clock: false });
    const verified = await cli.run(["verify", base]);
    expect(verified.stderr + verified.stdout).toContain("is sound");
    expect(verified.code).toBe(0);
  });

  it("refuses what says something about one device only", async () => {
    const base = join(cli.folder, "odd");
    for (const option of [
      ["--channels", "voltage0"],
      ["--buffer", "0"],
      ["--pre", "1"],
      ["--set", "counter_mode=1"],
    ]) {
      const { code, stderr } = await cli.run([
        ...["record", "sim:adc", "sim:transceiver", "--out", base, ...option],
      ]);
      expect(code, stderr).toBe(2);
    }
    expect(existsSync(`${base}.sigmf-collection`)).toBe(false);
  });
});
