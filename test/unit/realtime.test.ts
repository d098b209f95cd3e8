import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArguments, UsageError } from "../../electron/cli/arguments.js";
import { readStreamPlan } from "../../electron/cli/stream-setup.js";
import { checkRealtime } from "../../electron/host/doctor/realtime.js";
import type { Patient } from "../../electron/host/doctor/checks.js";
import { formatCpus, parseCpus } from "../../shared/cpus.js";
import { ADC, makeBench, refusal, type Bench } from "./fake/host.js";
import { FakeStream } from "./fake/stream.js";

describe("a list of CPUs", () => {
  it("is read as people and the kernel write it, and written back", () => {
    for (const [text, cpus, back] of [
      ["2,3", [2, 3], "2-3"],
      ["0-3", [0, 1, 2, 3], "0-3"],
      [" 7 , 0 - 2,1", [0, 1, 2, 7], "0-2,7"],
      ["1023", [1023], "1023"],
      ["", [], ""],
    ] as const) {
      expect(parseCpus(text)).toEqual(cpus);
      expect(formatCpus(cpus)).toBe(back);
    }
  });

  it("is refused where it is none", () => {
    for (const text of ["a", "1,", ",", "3-1", "1024", "-1", "1.5", "0-99999"]) {
      expect(parseCpus(text), text).toBeNull();
    }
  });
});

describe("--realtime and --cpus", () => {
  const plan = (line: string) =>
    readStreamPlan(readArguments(`record sim:adc ${line}`.trim().split(" ")));

  it("set the acquisition thread, each by itself or both", () => {
    expect(plan("--realtime 40 --cpus 2,3").patch).toEqual({
      realtime: { priority: 40, cpus: [2, 3] },
    });
    expect(plan("--realtime 1").patch).toEqual({ realtime: { priority: 1, cpus: [] } });
    expect(plan("--cpus 0").patch).toEqual({ realtime: { priority: 0, cpus: [0] } });
    expect(plan("").patch).toEqual({});
  });

  it("are refused with a sentence where they make no sense", () => {
    for (const line of ["--realtime 100", "--realtime 0", "--realtime x", "--cpus x", "--cpus=,"]) {
      expect(() => plan(line), line).toThrow(UsageError);
    }
  });
});

describe("the doctor on real-time priority", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "studio-doctor-"));
    mkdirSync(join(root, "proc/self"), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const examine = (limit: string, capabilities: string) => {
    writeFileSync(
      join(root, "proc/self/limits"),
      `Limit                     Soft Limit           Hard Limit           Units\nMax realtime priority     ${limit.padEnd(21)}${limit.padEnd(21)}\n`,
    );
    writeFileSync(join(root, "proc/self/status"), `Name:\tnode\nCapEff:\t${capabilities}\n`);
    return checkRealtime({ systemRoot: root } as Patient);
  };

  it("finds it permitted by the limit, or by the capability", async () => {
    expect(await examine("40", "0000000000000000")).toMatchObject({
      state: "good",
      detail: "Up to 40 is permitted to this user.",
    });
    expect(await examine("0", "0000000000800000")).toMatchObject({ state: "good" });
    expect(await examine("unlimited", "0000000000000000")).toMatchObject({
      detail: expect.stringContaining("Up to 99"),
    });
  });

  it("shows the line that permits it where it is not", async () => {
    const check = await examine("0", "00000000a80425fb");
    expect(check.state).toBe("warning");
    expect(check.fix.join("\n")).toMatch(
      /@iio - rtprio \d+' \| sudo tee \/etc\/security\/limits\.d/,
    );
    rmSync(join(root, "proc"), { recursive: true });
    expect((await checkRealtime({ systemRoot: root } as Patient)).state).toBe("warning");
  });
});

describe("a stream with a priority", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.close());
  const configure = (priority: number, cpus: number[]) =>
    bench.client.request("stream.configure", {
      stream: ADC,
      patch: { realtime: { priority, cpus } },
    });

  it("hands it to the core, CPUs in order and once each; nothing asked for is nothing", async () => {
    expect((await configure(40, [3, 1, 3])).settings.realtime).toEqual({
      priority: 40,
      cpus: [1, 3],
    });
    await bench.client.request("stream.start", { stream: ADC });
    expect(bench.addon.streams.at(-1)!.options.realtime).toEqual({ priority: 40, cpus: [1, 3] });
    expect((await configure(0, [])).settings.realtime).toBeNull();
    expect(bench.addon.streams.at(-1)!.options.realtime).toBeNull();
  });

  it("says what the system refused as long as it runs", async () => {
    const told = FakeStream.prototype as { notes?: () => string[] };
    told.notes = () => ["Real-time priority 40 is not in force."];
    try {
      await configure(40, []);
      const running = await bench.client.request("stream.start", { stream: ADC });
      expect(running.notes).toEqual(["Real-time priority 40 is not in force."]);
      expect((await bench.client.request("stream.stop", { stream: ADC })).notes).toEqual([]);
    } finally {
      delete told.notes;
    }
  });

  it("refuses a priority that there is none of", async () => {
    expect(await refusal(configure(100, []))).toMatchObject({ code: "BAD_REQUEST" });
    expect(await refusal(configure(1, [5000]))).toMatchObject({ code: "BAD_REQUEST" });
  });
});
