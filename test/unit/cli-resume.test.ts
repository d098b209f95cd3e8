/** `record --resume` on a device that goes and comes back. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArguments, UsageError } from "../../electron/cli/arguments.js";
import { readPlan, recordOn } from "../../electron/cli/commands/record.js";
import type { Output } from "../../electron/cli/output.js";
import { resumedLines } from "../../electron/cli/resume.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { formatMoment } from "../../shared/wall-time.js";
import { ADC, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
let notes: string[];
beforeEach(async () => {
  notes = [];
  bench = await makeBench();
  mkdirSync(join(bench.folder, "recordings"));
});
afterEach(() => bench.close());

const output: Output = {
  answer: () => {},
  failed: () => {},
  progress: () => {},
  note: (line) => notes.push(line),
};
const base = (name = "take") => join(bench.folder, "recordings", name);
const begin = (device: string, ...more: string[]) => {
  const args = readArguments([
    "record",
    device,
    "--out",
    base(),
    "--no-hash",
    "--no-check",
    ...more,
  ]);
  return recordOn(bench, device, readPlan(args), args, output);
};
const fault = (kind: "vanish" | "none") =>
  bench.client.request("stream.fault", { stream: ADC, fault: kind });
const says = (what: RegExp) =>
  expect.poll(() => notes.some((line) => what.test(line)), { timeout: 10_000 }).toBe(true);
const recorded = () => bench.next("recording", ({ status }) => status.scans > 5000);

describe("record --resume", () => {
  it("waits for a device that went, and goes on in the next part", async () => {
    const ended = begin("sim:adc", "--resume", "--samples", "600000");
    await recorded();
    await fault("vanish");
    await says(/Waiting for sim:adc to come back.*Ctrl\+C ends it here/);
    await fault("none");
    const result = await ended;
    if (result === null || result === "complete") throw new Error("nothing was recorded");
    expect(result).toMatchObject({ name: "take", samples: 600_000, error: null });
    expect(result.parts).toEqual(["take-part0001", "take-part0002"]);
    expect(resumedLines(result)[0]).toMatch(/^Goes on from take-part0001, after .* in which/);
    expect((await verifyRecording(base())).faults).toEqual([]);
    expect(await begin("sim:adc", "--resume", "--samples", "600000")).toBe("complete");
    expect(notes.at(-1)).toContain("holds the 600,000 samples");
  });

  it("waits for one that is not there yet, and says so", async () => {
    await fault("vanish");
    const ended = begin("sim:adc", "--resume", "--samples", "20000");
    await says(/Waiting for sim:adc, which is not there \(known: sim:transceiver/);
    await fault("none");
    expect(await ended).toMatchObject({ samples: 20_000, error: null });
  });

  it("fails where its time is over before the device came, and was cancelled where it was asked to end", async () => {
    const until = (seconds: number) => formatMoment(Date.now() + seconds * 1000);
    const late = begin("sim:nosuch", "--resume", "--until", until(1.5));
    await expect(late).rejects.toThrow(/^sim:nosuch was not there until .* Connect it/);
    const ended = begin("sim:nosuch", "--resume", "--until", until(600));
    await says(/Waiting for sim:nosuch/);
    process.emit("SIGTERM", "SIGTERM");
    expect(await ended).toBe(null);
  });

  it("ends in order while it waits: what came is the result", async () => {
    const ended = begin("sim:adc", "--resume");
    await recorded();
    await fault("vanish");
    await says(/to come back/);
    process.emit("SIGTERM", "SIGTERM");
    expect(await ended).toMatchObject({ parts: ["take-part0001"], error: null });
    expect((await verifyRecording(base())).faults).toEqual([]);
  });

  it("says what came, and why it does not go on, where the device is another one when it is back", async () => {
    const ended = begin("sim:adc", "--resume");
    await recorded();
    await fault("vanish");
    await says(/to come back/);
    const scope = { kind: "device" as const };
    const rate = { device: "sim:adc", scope, name: "sampling_frequency", value: "500000" };
    await fault("none");
    await bench.client.request("attribute.write", rate);
    const result = await ended;
    expect(result).toMatchObject({ parts: ["take-part0001"], error: { code: "MISMATCH" } });
    expect((result as { samples: number }).samples).toBeGreaterThan(5000);
    expect((await verifyRecording(base())).faults).toEqual([]);
  });

  it("ends without it where the device went, and without waiting where something else is wrong", async () => {
    const ended = begin("sim:adc");
    await recorded();
    await fault("vanish");
    expect(await ended).toMatchObject({ error: { code: "ENODEV" } });
    await fault("none");
    await expect(begin("sim:adc", "--resume", "--set", "nosuch=1")).rejects.toThrow(/nosuch/);
  });

  it("refuses what does not go with it", () => {
    for (const [more, what] of [
      [["--pre", "1"], "--pre"],
      [["--start-at", "18:30"], "--start-at"],
    ] as const) {
      const args = readArguments(["record", "sim:adc", "--out", "x", "--resume", ...more]);
      expect(() => readPlan(args)).toThrow(UsageError);
      expect(() => readPlan(args)).toThrow(`--resume and ${what} exclude each other.`);
    }
  });
});
