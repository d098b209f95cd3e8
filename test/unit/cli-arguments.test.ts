/** How the command line is read, and what is found for what was named. */
import { describe, expect, it } from "vitest";
import { readPlan } from "../../electron/cli/commands/record.js";
import { findAttribute } from "../../electron/cli/device-name.js";
import type { DeviceInfo, Inventory } from "../../shared/device.js";
import { durationOption, readArguments, UsageError } from "../../electron/cli/arguments.js";

const read = (line: string) => readArguments(line.split(" "));

describe("a value that is a negative number", () => {
  it("is an operand, not an option", () => {
    for (const value of ["-10", "-1.5k", "-.5", "-3e-3"]) {
      const args = read(`attr sim:adc voltage0/offset ${value} --json`);
      expect(args.operands).toEqual(["sim:adc", "voltage0/offset", value]);
      expect(args.json).toBe(true);
    }
  });

  it("is the value of the option before it, and judged as such", () => {
    const args = read("record sim:adc --seconds -5");
    expect(() => durationOption(args, "seconds")).toThrow(
      '--seconds takes a time above 0, as in 90s, 10min or 2h, not "-5".',
    );
    expect(read("record sim:adc --note -5").values["note"]).toBe("-5");
    expect(read("record sim:adc --set -5").values["set"]).toEqual(["-5"]);
  });

  it("leaves real options and their faults as they were", () => {
    expect(() => read("attr sim:adc name -x")).toThrow("There is no option -x.");
    expect(() => read("record sim:adc --out --json")).toThrow(UsageError);
    expect(read("attr sim:adc name -- -inf").operands.at(-1)).toBe("-inf");
  });
});

describe("a time", () => {
  const plan = (...words: string[]) =>
    readPlan(readArguments(["record", "sim:adc", "--out", "take", ...words]));

  it("has its unit in every option that takes one, or is in seconds", () => {
    expect(plan("--seconds", "10min").seconds).toBe(600);
    expect(plan("--seconds", "1:30").seconds).toBe(90);
    expect(plan("--seconds", "2").seconds).toBe(2);
    expect(plan("--pre", "20 ms").pre).toBeCloseTo(0.02, 12);
    expect(plan("--split-time", "5min").split).toEqual({ kind: "seconds", seconds: 300 });
  });

  it("is refused where it could be minutes or milliseconds", () => {
    for (const option of ["seconds", "pre", "split-time", "ring-time"]) {
      expect(() => plan(`--${option}`, "5m")).toThrow(
        `--${option}: "5m" could be minutes or milliseconds. Type 5 min or 5 ms.`,
      );
    }
  });
});

describe("an attribute to set before a recording", () => {
  const device = (id: string, name: string, attribute: string, links: string[] = []) =>
    ({
      id,
      context: "local",
      name,
      label: name,
      channels: [],
      links: links.map((other) => ({ device: other, role: "control", origin: "name" })),
      attributes: [{ scope: { kind: "device" }, name: attribute }],
    }) as unknown as DeviceInfo;
  const phys = ["local:iio:device1", "local:iio:device2"];
  const rx = device("local:iio:device0", "rx", "gain", phys);
  const inventory: Inventory = {
    contexts: [],
    devices: [rx, ...phys.map((id) => device(id, "phy", "bandwidth"))],
  };
  const find = (text: string) => findAttribute(inventory, rx, text).device;

  it("is the device's own before it is another's", () => {
    expect(find("gain")).toBe("local:iio:device0");
    expect(find("local:iio:device2:bandwidth")).toBe("local:iio:device2");
  });

  it("has to be named with its device where several have it", () => {
    expect(() => find("bandwidth")).toThrow(
      "Several linked devices have bandwidth. Name one of them: local:iio:device1:bandwidth, local:iio:device2:bandwidth.",
    );
    expect(() => find("local:phy:bandwidth")).toThrow('Several devices are called "local:phy".');
  });
});
