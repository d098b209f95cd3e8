/** `record --trigger`: how it is read, and what is refused with a sentence. */
import { describe, expect, it } from "vitest";
import { readArguments, UsageError } from "../../electron/cli/arguments.js";
import { readTriggerPlan, scopeTrigger } from "../../electron/cli/trigger-options.js";
import type { DeviceInfo } from "../../shared/device.js";
import { makePair } from "../../shared/pairs.js";
import { channelsOf } from "./sigmf-fixture.js";

const channels = channelsOf(
  ["voltage0", "le:s16/16"],
  ["voltage1_i", "le:s16/16"],
  ["voltage1_q", "le:s16/16"],
  ["timestamp", "le:s64/64"],
);
// 305.175 µV a count, as the fixture has it.
const pairs = [makePair(channels[1]!, channels[2]!, "modifier")];
const device = { channels, pairs } as unknown as DeviceInfo;
const enabled = channels.map(({ id }) => id);

const plan = (line: string) => readTriggerPlan(readArguments(`record sim:adc ${line}`.split(" ")));
const trigger = (line: string) => scopeTrigger(plan(`${line} --after 1`)!, device, enabled);

describe("--trigger", () => {
  it("takes a level in the channel's unit, with a prefix, or in counts, and an edge", () => {
    expect(trigger("--trigger voltage0:0.5")).toMatchObject({
      ...{ trace: { channel: "voltage0", part: "value" }, edge: "rising" },
      ...{ level: 0.5, physical: true },
    });
    expect(trigger("--trigger voltage0:-20mV:falling")).toMatchObject({
      ...{ edge: "falling", level: -0.02, physical: true },
    });
    expect(trigger("--trigger voltage0:1200counts")).toMatchObject({
      ...{ level: 1200, physical: false, hysteresis: 120 },
    });
    expect(trigger("--trigger timestamp:5")).toMatchObject({ level: 5, physical: false });
    expect(trigger("--trigger voltage1_i+voltage1_q:1").trace.part).toBe("magnitude");
  });

  it("has a hysteresis that noise does not cross, or the one given", () => {
    expect(trigger("--trigger voltage0:5").hysteresis).toBeCloseTo(256 * 305.175e-6, 9);
    expect(trigger("--trigger voltage0:0.1").hysteresis).toBeCloseTo(0.01, 9);
    expect(trigger("--trigger voltage0:0.1 --hysteresis 2mV").hysteresis).toBeCloseTo(0.002, 9);
  });

  it("refuses what it can't be, and says what can", () => {
    const refused = (line: string) => {
      try {
        trigger(line);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return (error as Error).message;
      }
      throw new Error("was not refused");
    };
    expect(refused("--trigger voltage0")).toContain("CHANNEL:LEVEL, as in voltage0:0.5");
    expect(refused("--trigger voltage0:1:up")).toContain('not "voltage0:1:up"');
    expect(refused("--trigger voltage9:1")).toContain('"voltage9" is not recorded');
    expect(refused("--trigger voltage9:1")).toContain("voltage0");
    expect(refused("--trigger voltage0:high")).toContain("V or counts");
    expect(refused("--trigger voltage0:1 --hysteresis 5counts")).toContain("unit of the level");
  });
});

describe("what belongs to it", () => {
  it("is read with it", () => {
    expect(plan("--trigger a:1 --before 2ms --after 0.5s --captures 10 --each")).toMatchObject({
      captures: { beforeSeconds: 0.002, afterSeconds: 0.5, count: 10, each: true },
    });
    expect(plan("--trigger a:1 --before 0 --after 1")).toMatchObject({
      captures: { beforeSeconds: 0, afterSeconds: 1 },
    });
    expect(plan("--seconds 5")).toBeUndefined();
  });

  it("is refused without it, and beside what records all", () => {
    for (const line of ["--before 1", "--after 1", "--captures 3", "--each", "--hysteresis 1"]) {
      expect(() => plan(line)).toThrow(/needs --trigger/);
    }
    expect(() => plan("--trigger a:1")).toThrow(/needs --before T, --after T or both/);
    for (const other of ["--samples 5", "--pre 1", "--ring-time 5", "--ring-size 5M"]) {
      expect(() => plan(`--trigger a:1 --after 1 ${other}`)).toThrow(/exclude each other/);
    }
    expect(() => plan("--trigger a:1 --after 1 --each --split-time 5")).toThrow(
      "--each and --split-time exclude each other.",
    );
    expect(() => plan("--trigger a:1 --after 1 --captures 0")).toThrow(UsageError);
  });
});
