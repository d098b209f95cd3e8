import { describe, expect, it } from "vitest";
import { parseDuration, parseSi } from "../../shared/si.js";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatFixed,
  formatMemory,
  formatSi,
  formatSignificant,
  siFigure,
} from "../../shared/figures.js";

const text = (input: string, units?: string[]) => {
  const parsed = parseSi(input, units);
  return parsed.ok ? parsed.text : parsed.message;
};

describe("numbers as they are typed", () => {
  it("takes prefixes, exponents and thousands without rounding", () => {
    expect(text("1M")).toBe("1000000");
    expect(text("61.44M")).toBe("61440000");
    expect(text("4Mi")).toBe("4194304");
    expect(text("1.5Ki")).toBe("1536");
    expect(text("1e6")).toBe("1000000");
    expect(text("1e-3k")).toBe("1");
    expect(text("5,920")).toBe("5920");
    expect(text("2\u202f400\u202f000")).toBe("2400000");
    expect(text("0.1")).toBe("0.1");
    expect(text(".5m")).toBe("0.0005");
    expect(text("12345678901234567.5k")).toBe("12345678901234567500");
    expect(text("20u")).toBe("0.00002");
    expect(text("20 µ")).toBe("0.00002");
    expect(text("007")).toBe("7");
  });

  it("takes a typed or a true minus, and has no negative zero", () => {
    expect(text("-12")).toBe("-12");
    expect(text("\u22123k")).toBe("-3000");
    expect(text("-0.0")).toBe("0");
    expect(text("+4")).toBe("4");
  });

  it("tells milli from mega, and a unit from a prefix", () => {
    expect(text("20 ms", ["s"])).toBe("0.02");
    expect(text("1 m", ["m"])).toBe("1");
    expect(text("1 mm", ["m"])).toBe("0.001");
    expect(text("100 MHz", ["Hz"])).toBe("100000000");
    expect(text("4 MiB", ["B"])).toBe("4194304");
    expect(text("3 min", ["s", "min"])).toBe("3");
    const parsed = parseSi("20 ms", ["s"]);
    expect(parsed).toMatchObject({ ok: true, value: 0.02, unit: "s" });
  });

  it("says what is wrong", () => {
    expect(text("")).toBe("Type a number.");
    expect(text("abc")).toContain('"abc" is not a number');
    expect(text(".")).toContain("is not a number");
    expect(text("1,5")).toContain("Use a point for decimals");
    expect(text("1 X")).toContain('"X" is not understood');
    expect(text("1 Hz")).toContain("not understood");
    expect(text("1 V", ["s"])).toContain("or a unit (s)");
    expect(text("1e999")).toContain("too large");
  });

  it("reads durations in the units of a clock", () => {
    const seconds = (input: string) => {
      const parsed = parseDuration(input);
      return parsed.ok ? parsed.value : parsed.message;
    };
    expect(seconds("20 ms")).toBe(0.02);
    expect(seconds("2")).toBe(2);
    expect(seconds("1.5 min")).toBe(90);
    expect(seconds("2h")).toBe(7200);
    expect(seconds("1:30")).toBe(90);
    expect(seconds("1:00:00")).toBe(3600);
    expect(seconds("3 V")).toContain("not understood");
    expect(seconds("5 m")).toBe('"5 m" could be minutes or milliseconds. Type 5 min or 5 ms.');
    expect(seconds("10m")).toContain("Type 10 min or 10 ms.");
    expect(seconds("10 min")).toBe(600);
  });
});

describe("figures as they are printed", () => {
  it("chooses the prefix that leaves 1 to 999 before the point", () => {
    expect(formatSi(61_440_000, "Hz")).toBe("61.44 MHz");
    expect(formatSi(0.00427, "s", 3)).toBe("4.27 ms");
    expect(formatSi(999.96, "Hz", 4)).toBe("1 kHz");
    expect(formatSi(999.96, "Hz", 5)).toBe("999.96 Hz");
    expect(formatSi(0.9999999, "V", 3)).toBe("1 V");
    expect(formatSi(0, "V")).toBe("0 V");
    expect(formatSi(-0.0005, "V")).toBe("\u2212500 µV");
    expect(formatSi(1e-18, "V")).toBe("0.001 fV");
    expect(formatSi(250, "")).toBe("250");
    expect(siFigure(1000, "S/s", 4, { keepZeros: true })).toEqual({ text: "1.000", unit: "kS/s" });
  });

  it("prints a dash where there is no figure", () => {
    expect(formatSi(null, "V")).toBe("–");
    expect(formatSi(NaN, "V")).toBe("–");
    expect(formatCount(undefined)).toBe("–");
    expect(formatDuration(null)).toBe("–");
    expect(formatMemory(null)).toBe("–");
  });

  it("uses a true minus and commas, and never minus zero", () => {
    expect(formatFixed(-12345.6, 2)).toBe("\u221212,345.60");
    expect(formatFixed(-0.001, 2)).toBe("0.00");
    expect(formatCount(737_148_928)).toBe("737,148,928");
    expect(formatCount(-(2n ** 63n))).toBe("\u22129,223,372,036,854,775,808");
    expect(formatFixed(0.1234567, 7)).toBe("0.1234567");
  });

  it("keeps significant digits across rounding", () => {
    expect(formatSignificant(9.9999, 3)).toBe("10");
    expect(formatSignificant(9.9999, 3, { keepZeros: true })).toBe("10.0");
    expect(formatSignificant(0.0012345, 3)).toBe("0.00123");
    expect(formatSignificant(123456, 3)).toBe("123,456");
  });

  it("prints files decimal and memory binary", () => {
    expect(formatBytes(246_000_000)).toBe("246 MB");
    expect(formatBytes(1_900_000_000_000)).toBe("1.9 TB");
    expect(formatMemory(1_048_576)).toBe("1 MiB");
    expect(formatMemory(192)).toBe("192 B");
    expect(formatMemory(12_288)).toBe("12 KiB");
    expect(formatMemory(1023)).toBe("1,023 B");
  });

  it("prints how long something lasts and runs", () => {
    expect(formatDuration(0.00427)).toBe("4.27 ms");
    expect(formatDuration(75)).toBe("1 min 15 s");
    expect(formatDuration(11_400)).toBe("3 h 10 min");
    expect(formatDuration(187_200)).toBe("2 d 4 h");
    expect(formatClock(12.9)).toBe("00:12");
    expect(formatClock(3723)).toBe("1:02:03");
  });
});
