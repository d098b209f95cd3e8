/** `record --out BASENAME`. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArguments, UsageError } from "../../electron/cli/arguments.js";
import { record } from "../../electron/cli/commands/record.js";
import { recordGroup } from "../../electron/cli/commands/record-group.js";
import { readOut } from "../../electron/cli/out-option.js";
import type { Output } from "../../electron/cli/output.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-out-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const args = (out: string, ...more: string[]) =>
  readArguments(["record", "sim:adc", "--out", out, ...more]);

describe("--out", () => {
  it("without a name is refused, and says how one is written", () => {
    const refused = (out: string) => {
      expect(() => readOut(args(out))).toThrow(UsageError);
      return expect(() => readOut(args(out)));
    };
    refused(`${folder}/`).toThrow(`"${folder}/" has no name. Write it as in ${folder}/take.`);
    refused("..").toThrow("Write it as in ../take.");
    refused("./").toThrow("Write it as in take.");
    refused(`${folder}/.sigmf-data`).toThrow(`Write it as in ${folder}/take.`);
    expect(readOut(args(join(folder, "..one")))).toBe(join(folder, "..one"));
  });

  it("is what the files of a recording have in common, also where the name of one is given", () => {
    for (const end of ["", ".sigmf-data", ".sigmf-meta", ".sigmf-collection", ".iio-journal"]) {
      expect(readOut(args(join(folder, `take${end}`)))).toBe(join(folder, "take"));
    }
    expect(() => readOut(args(join(folder, "none", "take")))).toThrow("There is no folder");
  });

  it("with a name that is taken is refused before anything is done for the recording", async () => {
    const said: string[] = [];
    const output: Output = {
      answer: () => {},
      failed: () => {},
      note: (line) => said.push(line),
      progress: () => {},
    };
    writeFileSync(join(folder, "take.sigmf-meta"), "{}");
    writeFileSync(join(folder, "parted-part0001.sigmf-meta"), "{}");
    // Without a device: what comes later would say so.
    const none = join(folder, "none");
    mkdirSync(none);
    const roots = ["--sysfs", none, "--dev", none];
    const one = record(args(join(folder, "take"), ...roots), output);
    await expect(one).rejects.toMatchObject({ detail: { code: "EEXIST", field: "name" } });
    const parts = args(join(folder, "parted"), ...roots, "--split-time", "1s");
    await expect(record(parts, output)).rejects.toThrow("named “parted-part0001” already");
    const group = recordGroup(args(join(folder, "take"), ...roots), output);
    await expect(group).rejects.toThrow("named “take” already");
    expect(said).toEqual([]);
    expect(existsSync(join(folder, "take.sigmf-data"))).toBe(false);
  });
});
