/** `record --pre`: the stream runs before the recording is started. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArguments } from "../../electron/cli/arguments.js";
import { readPlan, recordOn } from "../../electron/cli/commands/record.js";
import type { Output } from "../../electron/cli/output.js";
import { makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
let notes: string[];
let noted: (line: string) => void;
beforeEach(async () => {
  notes = [];
  noted = () => {};
  bench = await makeBench();
  mkdirSync(join(bench.folder, "recordings"));
});
afterEach(() => bench.close());

const output: Output = {
  answer: () => {},
  failed: () => {},
  note: (line) => {
    notes.push(line);
    noted(line);
  },
  progress: () => {},
};

const record = (...more: string[]) => {
  const out = join(bench.folder, "recordings", "take");
  const args = readArguments([
    ...["record", "sim:adc", "--out", out, "--no-check", "--no-hash", ...more],
  ]);
  return recordOn(bench, "sim:adc", readPlan(args), args, output);
};

describe("record --pre", () => {
  it("records nothing if it is asked to end before the recording is started", async () => {
    noted = (line) => {
      if (line.startsWith("Running")) setTimeout(() => process.emit("SIGTERM", "SIGTERM"), 20);
    };
    expect(await record("--pre", "5s")).toBe(null);
    expect(notes.at(-1)).toBe("Cancelling; nothing was recorded yet.");
    expect(readdirSync(join(bench.folder, "recordings"))).toEqual([]);
  });

  it("that no history holds is refused by its own name, with what to change", async () => {
    await expect(record("--pre", "1h")).rejects.toThrow(
      /^--pre of 1 h 0 min takes [\d,]+ blocks of 64 KiB, and .* at most 65,536\. Take a shorter time/,
    );
    await expect(
      record("--trigger", "voltage0:0.1", "--before", "2h", "--captures", "1"),
    ).rejects.toThrow(/^--before of 2 h 0 min takes/);
    await expect(record("--pre", "1h", "--block-size", "16Mi")).rejects.toThrow(
      /^--pre: .* more than half of .* memory available\. Ask for less\.$/,
    );
  });
});
