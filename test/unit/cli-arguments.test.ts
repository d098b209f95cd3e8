/** How the command line is read. */
import { describe, expect, it } from "vitest";
import { readArguments, numberOption, UsageError } from "../../electron/cli/arguments.js";

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
    expect(() => numberOption(args, "seconds")).toThrow(
      '--seconds takes a number above 0, not "-5".',
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
