import { describe, expect, it } from "vitest";
import {
  describeScanFormat,
  formatRange,
  formatScanFormat,
  parseScanFormat,
  sameFormat,
} from "../../shared/parse-format.js";
import {
  computeLayout,
  elementAlignment,
  isUnpadded,
  toNumericLayout,
} from "../../shared/layout.js";

describe("scan formats", () => {
  it("reads what kernels print, with and without repeat and shift", () => {
    expect(parseScanFormat("le:s12/16>>4\n")).toEqual({
      endianness: "le",
      kind: "s",
      bits: 12,
      storageBits: 16,
      repeat: 1,
      shift: 4,
    });
    expect(parseScanFormat("be:u24/32X4>>8")).toMatchObject({ repeat: 4, shift: 8, kind: "u" });
    expect(parseScanFormat("le:s64/64")).toMatchObject({ bits: 64, shift: 0 });
    expect(parseScanFormat("le:f16/16X3>>0")).toMatchObject({ kind: "f", bits: 16, repeat: 3 });
    expect(parseScanFormat("le:s32/32X0>>0").repeat).toBe(1);
  });

  it("prints back the kernel's own text", () => {
    for (const text of ["le:s12/16>>4", "be:u24/32X4>>8", "le:f64/64>>0", "be:s20/24>>4"])
      expect(formatScanFormat(parseScanFormat(text))).toBe(text);
    expect(sameFormat(parseScanFormat("le:s16/16"), parseScanFormat("le:s16/16>>0"))).toBe(true);
  });

  it("refuses formats nobody could execute, naming text and fault", () => {
    const refuse = (text: string) => {
      try {
        parseScanFormat(text);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(refuse("s16/16")).toContain('"s16/16"');
    expect(refuse("le:s12/16>>5")).toContain("12 bits shifted by 5 do not fit into 16");
    expect(refuse("le:s0/16>>0")).toContain("no meaningful bits");
    expect(refuse("le:s16/48>>0")).toContain("48 bits are not supported");
    expect(refuse("le:f24/24>>0")).toContain("no floating-point number of 24 bits");
    expect(refuse("le:f32/64>>0")).toContain("fills its storage");
    expect(refuse("me:s16/16")).not.toBe("");
    expect(refuse("")).not.toBe("");
  });

  it("tells people the width and the range", () => {
    expect(describeScanFormat(parseScanFormat("le:s12/16>>4"))).toBe("12-bit in 16");
    expect(describeScanFormat(parseScanFormat("le:f32/32X3"))).toBe("3 × 32-bit float");
    expect(formatRange(parseScanFormat("le:s12/16"))).toEqual({ min: -2048, max: 2047 });
    expect(formatRange(parseScanFormat("le:u8/8"))).toEqual({ min: 0, max: 255 });
    expect(formatRange(parseScanFormat("le:f32/32")).max).toBe(Infinity);
  });
});

const input = (channel: string, index: number, type: string) => ({
  channel,
  index,
  format: parseScanFormat(type),
});
const offsets = (...inputs: ReturnType<typeof input>[]) => {
  const layout = computeLayout(inputs);
  return [...layout.elements.map((element) => element.offsetBytes), layout.scanBytes];
};

describe("scan layout", () => {
  it("aligns each element to its own size and pads the scan to the largest", () => {
    expect(offsets(input("a", 0, "le:s16/16"), input("b", 1, "le:s32/32"))).toEqual([0, 4, 8]);
    expect(offsets(input("a", 0, "le:s32/32"), input("b", 1, "le:s16/16"))).toEqual([0, 4, 8]);
    expect(
      offsets(input("a", 0, "le:u8/8"), input("b", 1, "le:u16/16"), input("c", 2, "le:u8/8")),
    ).toEqual([0, 2, 4, 6]);
  });

  it("orders by index, with the timestamp last and 8-aligned", () => {
    const layout = computeLayout([
      input("timestamp", 0, "le:s64/64"),
      input("accel_z", 5, "be:s16/16"),
      input("accel_x", 3, "le:s16/16"),
    ]);
    expect(layout.elements.map((element) => element.channel)).toEqual([
      "accel_x",
      "accel_z",
      "timestamp",
    ]);
    expect(layout.elements[2]!.offsetBytes).toBe(8);
    expect(layout.scanBytes).toBe(16);
    expect(layout.timestamp).toBe(2);
  });

  it("puts a timestamp behind a quaternion at the next multiple of 8, padded to 16", () => {
    expect(offsets(input("q", 0, "le:s32/32X4"), input("timestamp", 1, "le:s64/64"))).toEqual([
      0, 16, 32,
    ]);
  });

  it("rounds the alignment of odd sizes up to a power of two", () => {
    expect(elementAlignment(parseScanFormat("le:f16/16X3"))).toBe(8);
    expect(offsets(input("a", 0, "le:u8/8"), input("v", 1, "le:f16/16X3"))).toEqual([0, 8, 16]);
    expect(offsets(input("a", 0, "le:s24/24"), input("b", 1, "le:s24/24"))).toEqual([0, 4, 8]);
  });

  it("gives channels that share an index one element", () => {
    const layout = computeLayout([
      input("voltage0_i", 0, "le:s16/16"),
      input("voltage0_q", 0, "le:s16/16"),
      input("voltage1", 1, "le:s16/16"),
    ]);
    expect(layout.elements.map((element) => element.offsetBytes)).toEqual([0, 0, 2]);
    expect(layout.scanBytes).toBe(4);
    expect(isUnpadded(layout)).toBe(false);
    expect(() => computeLayout([input("a", 0, "le:s16/16"), input("b", 0, "le:s32/32")])).toThrow(
      /share scan index 0/,
    );
  });

  it("has no bytes without elements", () => {
    expect(computeLayout([])).toEqual({ scanBytes: 0, elements: [], timestamp: -1 });
  });

  it("is handed to the core as numbers only", () => {
    const layout = computeLayout([
      input("voltage0", 0, "be:s12/16>>4"),
      input("timestamp", 1, "le:s64/64"),
    ]);
    expect(toNumericLayout(layout)).toEqual({
      scanBytes: 16,
      timestamp: 1,
      elements: [
        {
          offsetBytes: 0,
          storageBits: 16,
          bits: 12,
          shift: 4,
          repeat: 1,
          kind: "s",
          bigEndian: true,
        },
        {
          offsetBytes: 8,
          storageBits: 64,
          bits: 64,
          shift: 0,
          repeat: 1,
          kind: "s",
          bigEndian: false,
        },
      ],
    });
  });

  it("knows whether padding lies between or after the elements", () => {
    expect(
      isUnpadded(computeLayout([input("a", 0, "le:s16/16"), input("b", 1, "le:s16/16")])),
    ).toBe(true);
    expect(
      isUnpadded(computeLayout([input("a", 0, "le:s32/32"), input("b", 1, "le:s16/16")])),
    ).toBe(false);
  });
});
