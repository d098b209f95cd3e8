import { describe, expect, it } from "vitest";
import type { AttributeAvailable, AttributeControl } from "../../shared/device.js";
import {
  attributeText,
  attributeUnit,
  chooseControl,
  parseAttributeName,
  parseAttributeNumber,
  parseAvailable,
} from "../../shared/attributes.js";
import {
  channelUnit,
  physicalPerCount,
  takesPrefix,
  toPhysical,
  toRaw,
} from "../../shared/units.js";
import { formatAttributeName } from "../../shared/device.js";

const any: AttributeAvailable = { kind: "any" };

describe("available values", () => {
  it("reads lists and ranges", () => {
    expect(parseAvailable("1 10 100\n")).toEqual({ kind: "list", values: ["1", "10", "100"] });
    expect(parseAvailable("manual slow_attack")).toEqual({
      kind: "list",
      values: ["manual", "slow_attack"],
    });
    expect(parseAvailable("[1 1 1000000000]\n")).toEqual({
      kind: "range",
      min: "1",
      step: "1",
      max: "1000000000",
    });
    expect(parseAvailable("[-89.750000 0.250000 0.000000]")).toMatchObject({ min: "-89.750000" });
    expect(parseAvailable("")).toEqual(any);
    expect(parseAvailable("[]")).toEqual(any);
  });

  it("leaves out the units that drivers add", () => {
    expect(parseAvailable("0.000000 dB 3.000000 dB")).toEqual({
      kind: "list",
      values: ["0.000000", "3.000000"],
    });
    expect(parseAvailable("[0 dB 1 dB 71 dB]")).toMatchObject({ kind: "range", max: "71" });
    expect(parseAvailable("auto s off")).toMatchObject({ values: ["auto", "s", "off"] });
  });

  it("takes an odd range for a list", () => {
    expect(parseAvailable("[0 5]")).toEqual({ kind: "list", values: ["0", "5"] });
  });
});

describe("attribute controls", () => {
  const cases: [string, string | undefined, string, AttributeControl][] = [
    ["quadrature_tracking_en", "1", "", "boolean"],
    ["powerdown", "0", "", "boolean"],
    ["powerdown", "3", "", "number"],
    ["en", "Y", "", "boolean"],
    ["mode", "0", "0 1", "boolean"],
    ["gain_control_mode", "manual", "manual hybrid", "list"],
    ["hardwaregain", "71.0 dB", "[0 1 71]", "range"],
    ["calibbias", "-12", "", "number"],
    ["hardwaregain", "71.0 dB", "", "number"],
    ["waiting_for", "trigger a", "", "text"],
    ["sampling_frequency", undefined, "", "number"],
    ["store", undefined, "", "text"],
  ];
  it.each(cases)(
    "%s with value %s and available '%s' is edited as %s",
    (name, raw, list, control) => {
      expect(chooseControl(name, raw, parseAvailable(list))).toBe(control);
    },
  );

  it("tells the unit from the name, the channel or what the driver prints", () => {
    const voltage = { type: "voltage", modifier: "" };
    expect(attributeUnit("sampling_frequency", null)).toBe("Hz");
    expect(attributeUnit("filter_low_pass_3db_frequency", voltage)).toBe("Hz");
    expect(attributeUnit("scale", voltage)).toBe("mV");
    expect(attributeUnit("input", { type: "temp", modifier: "" })).toBe("m°C");
    expect(attributeUnit("raw", voltage)).toBe("");
    expect(attributeUnit("anything", null, "2.5 dB")).toBe("dB");
    expect(attributeUnit("integration_time", voltage)).toBe("s");
  });

  it("finds a number in what a driver prints, but not in words", () => {
    expect(parseAttributeNumber("71.000000 dB\n")).toEqual({ text: "71.000000", unit: "dB" });
    expect(parseAttributeNumber("-1e-3")).toEqual({ text: "-1e-3", unit: "" });
    expect(parseAttributeNumber("3 wishes")).toBeNull();
    expect(parseAttributeNumber("0x10")).toBeNull();
  });
});

describe("what is written", () => {
  const make = (control: AttributeControl, list = "", unit = "", raw = "0") => ({
    control,
    available: parseAvailable(list),
    unit,
    access: "read-write" as const,
    value: { state: "ok" as const, raw, readAtMs: 0 },
  });
  const refused = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };

  it("turns prefixes into digits", () => {
    expect(attributeText(make("number", "", "Hz"), "61.44 MHz")).toBe("61440000");
    expect(attributeText(make("number", "", "Hz"), "61.44M")).toBe("61440000");
    expect(attributeText(make("number"), "-0.5")).toBe("-0.5");
    expect(attributeText(make("text"), " as it is ")).toBe(" as it is ");
  });

  it("leaves bounds to the driver", () => {
    const gain = make("range", "[-3 1 71]", "dB");
    expect(attributeText(gain, "71")).toBe("71");
    expect(attributeText(gain, "72 dB")).toBe("72");
    expect(refused(() => attributeText(gain, "much"))).toContain('"much" is not a number');
  });

  it("writes list values as the driver spells them, and others as typed", () => {
    const rates = make("list", "1000 2000.000000", "Hz");
    expect(attributeText(rates, "2k")).toBe("2000.000000");
    expect(attributeText(rates, "1000")).toBe("1000");
    expect(attributeText(rates, "3k")).toBe("3000");
    expect(attributeText(make("list", "manual hybrid"), " slow ")).toBe("slow");
  });

  it("writes booleans the way they read", () => {
    expect(attributeText(make("boolean"), "on")).toBe("1");
    expect(attributeText(make("boolean", "", "", "Y\n"), "0")).toBe("N");
    expect(refused(() => attributeText(make("boolean"), "2"))).toContain("neither on nor off");
  });

  it("does not write what can only be read", () => {
    expect(refused(() => attributeText({ ...make("text"), access: "read" }, "x"))).toContain(
      "only be read",
    );
  });
});

describe("attribute names of the command line", () => {
  it("go both ways", () => {
    for (const text of [
      "sampling_frequency",
      "voltage0/scale",
      "buffer1/length",
      "trigger:my trigger/sampling_frequency",
    ]) {
      const parsed = parseAttributeName(text)!;
      expect(formatAttributeName(parsed.scope, parsed.name)).toBe(text);
    }
    expect(parseAttributeName("buffer12/length")?.scope).toEqual({ kind: "buffer", buffer: 12 });
    expect(parseAttributeName("/x")).toBeNull();
    expect(parseAttributeName("x/")).toBeNull();
    expect(parseAttributeName("")).toBeNull();
  });
});

describe("units", () => {
  it("go from the ABI's unit to the one people read", () => {
    expect(channelUnit("voltage")).toEqual({ abi: "mV", display: "V", factor: 1e-3 });
    expect(channelUnit("rot", "quaternion").display).toBe("");
    expect(channelUnit("rot", "from_north_true").display).toBe("°");
    expect(channelUnit("never heard of")).toEqual({ abi: "", display: "", factor: 1 });
    expect(takesPrefix("V")).toBe(true);
    expect(takesPrefix("°C")).toBe(false);
  });

  it("apply offset before scale", () => {
    const scaling = { scale: "0.5", offset: "-10", unitFactor: 1e-3 };
    expect(toPhysical(110, scaling)).toBeCloseTo(0.05, 12);
    expect(toRaw(0.05, scaling)).toBeCloseTo(110, 9);
    expect(physicalPerCount(scaling)).toBeCloseTo(0.0005, 12);
    expect(toPhysical(3, { scale: "", offset: "none", unitFactor: 1 })).toBe(3);
  });
});
