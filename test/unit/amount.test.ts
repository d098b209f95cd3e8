/** Sizes and times of parts and rings, as people type them. */
import { expect, it } from "vitest";
import {
  amountText,
  lengthText,
  parseAmount,
  parseLength,
  restoreAmount,
} from "../../renderer/lib/amount.js";
import {
  parseRecordOptions,
  RECORD_DEFAULTS,
  recordParams,
  ringFault,
} from "../../renderer/lib/record-options.js";

it("takes a size, a time, or nothing", () => {
  expect(parseAmount("10 GB")).toEqual({ kind: "bytes", bytes: 1e10 });
  expect(parseAmount("4GiB")).toEqual({ kind: "bytes", bytes: 4 * 2 ** 30 });
  expect(parseAmount("5 min")).toEqual({ kind: "seconds", seconds: 300 });
  expect(parseAmount("1:30")).toEqual({ kind: "seconds", seconds: 90 });
  for (const none of ["", "off", " Off ", "0"]) expect(parseAmount(none)).toBe(null);
  for (const odd of ["10", "5 m", "-3 GB", "much"]) expect(() => parseAmount(odd)).toThrow("10 GB");
  expect(amountText(parseAmount("10 GB"))).toBe("10 GB");
  expect(amountText(parseAmount("5 min"))).toBe("5 min");
  expect(parseAmount(amountText({ kind: "seconds", seconds: 2 }))).toEqual({
    kind: "seconds",
    seconds: 2,
  });
});

it("takes a length, or none", () => {
  expect(parseLength("10 min")).toBe(600);
  expect(parseLength("90")).toBe(90);
  for (const none of ["", "off", "0"]) expect(parseLength(none)).toBe(null);
  expect(() => parseLength("10m")).toThrow("Type 10 min or 10 ms.");
  expect(() => parseLength("-5 s")).toThrow("above 0");
  expect(parseLength(lengthText(7200))).toBe(7200);
});

it("knows which parts do not go into a ring", () => {
  const [gigabyte, minute] = [parseAmount("1 GB"), parseAmount("1 min")];
  expect(ringFault(gigabyte, gigabyte, null)).toContain("at least two parts");
  expect(ringFault(parseAmount("500 MB"), gigabyte, null)).toBe(null);
  expect(ringFault(minute, minute, null)).toContain("at least two parts");
  expect(ringFault(minute, gigabyte, 1e6)).toBe(null);
  expect(ringFault(minute, gigabyte, 1e7)).toContain("at least two parts");
  expect(ringFault(minute, gigabyte, null)).toBe(null);
  expect(ringFault(gigabyte, null, 1e6)).toBe(null);
});

it("comes back as it was left, and falls back where it is broken", () => {
  const options = {
    ...{ keepSeconds: 2, preSeconds: 1, split: parseAmount("1 GB"), ring: null, raw: true },
  };
  expect(parseRecordOptions(JSON.parse(JSON.stringify(options)))).toMatchObject(options);
  expect(recordParams(parseRecordOptions(options))).toMatchObject({ raw: true });
  expect(recordParams(RECORD_DEFAULTS)).toEqual({});
  expect(parseRecordOptions(null)).toEqual(RECORD_DEFAULTS);
  expect(restoreAmount({ kind: "bytes", bytes: -1 })).toBe(null);
  expect(parseRecordOptions({ keepSeconds: "x", ring: 7 })).toEqual(RECORD_DEFAULTS);
});
