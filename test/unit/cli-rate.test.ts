/** `record --trigger` of a stream whose rate nobody has set: a trigger's times need one, so it is measured first. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { readArguments } from "../../electron/cli/arguments.js";
import { readPlan, recordOn } from "../../electron/cli/commands/record.js";
import type { Output } from "../../electron/cli/output.js";
import { makeBench, type Bench } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";

let bench: Bench;
let notes: string[];
beforeEach(async () => {
  notes = [];
  bench = await makeBench();
  mkdirSync(join(bench.folder, "recordings"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

const output: Output = {
  answer: () => {},
  failed: () => {},
  note: (line) => notes.push(line),
  progress: () => {},
};

it("runs it until its rate is measured, then records around the trigger", async () => {
  const { counters } = FakeStream.prototype;
  vi.spyOn(FakeStream.prototype, "counters").mockImplementation(function (this: FakeStream) {
    const now = counters.call(this);
    return { ...now, rateHz: now.scans > 100_000 ? 1e6 : 0 };
  });
  const out = join(bench.folder, "recordings", "take");
  const args = readArguments([
    ...["record", "sim:adc", "--out", out, "--rate", "max", "--no-check", "--no-hash"],
    ...["--trigger", "voltage1:0.1", "--after", "1ms", "--captures", "1"],
  ]);
  const result = await recordOn(bench, "sim:adc", readPlan(args), args, output);
  expect(result).toMatchObject({ error: null, captures: { count: 1 } });
  expect(notes).toContain(
    "Running until its rate is measured: none is set, and a trigger needs one.",
  );
});
