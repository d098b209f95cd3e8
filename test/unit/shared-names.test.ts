import { describe, expect, it } from "vitest";
import {
  channelIds,
  parseAttributeFile,
  parseScanFile,
  parseStem,
  sortAttributeFiles,
} from "../../shared/names.js";
import { findPairs, makePair, pairId, splitPairId } from "../../shared/pairs.js";
import { familyOf, proposeLinks } from "../../shared/links.js";
import { parseScanFormat } from "../../shared/parse-format.js";

describe("channel names", () => {
  it("splits type, number, modifier and extended name", () => {
    expect(parseStem("voltage0_i")).toMatchObject({ type: "voltage", index: 0, modifier: "i" });
    expect(parseStem("accel_x")).toMatchObject({ type: "accel", index: null, modifier: "x" });
    expect(parseStem("timestamp")).toMatchObject({ type: "timestamp", modifier: "" });
    expect(parseStem("voltage0-voltage1")).toMatchObject({ type: "voltage", index: 0, index2: 1 });
    expect(parseStem("voltage3_vcc")).toMatchObject({ modifier: "", extended: "vcc" });
    expect(parseStem("rot_from_north_magnetic_tilt_comp")).toMatchObject({
      type: "rot",
      modifier: "from_north_magnetic_tilt_comp",
    });
    expect(parseStem("accel_x&y&z").modifier).toBe("x&y&z");
    expect(parseStem("accel_linear_x").modifier).toBe("linear_x");
    expect(parseStem("Weird-Thing").stem).toBe("Weird-Thing");
  });

  it("reads scan element files", () => {
    expect(parseScanFile("in_accel_x_en")).toEqual({
      direction: "in",
      stem: "accel_x",
      part: "en",
    });
    expect(parseScanFile("out_voltage0_type")).toMatchObject({ direction: "out", part: "type" });
    expect(parseScanFile("length")).toBeNull();
    expect(parseScanFile("in_voltage0_raw")).toBeNull();
  });

  it("reads attribute files by grammar", () => {
    expect(parseAttributeFile("in_voltage0_i_raw")).toMatchObject({
      certain: true,
      name: { stem: { stem: "voltage0_i" }, attribute: "raw" },
    });
    expect(parseAttributeFile("out_altvoltage0_RX_LO_frequency")).toMatchObject({
      certain: true,
      name: { stem: { stem: "altvoltage0_RX_LO", extended: "RX_LO" }, attribute: "frequency" },
    });
    expect(parseAttributeFile("in_voltage_bb_dc_offset_tracking_en")).toMatchObject({
      certain: false,
      name: { stem: { stem: "voltage" }, attribute: "bb_dc_offset_tracking_en" },
    });
    expect(parseAttributeFile("in_sampling_frequency")).toBeNull();
    expect(parseAttributeFile("sampling_frequency")).toBeNull();
    expect(parseAttributeFile("in_novelty4_raw")?.name.stem.type).toBe("novelty");
  });
});

describe("sorting attribute files", () => {
  const of = (found: ReturnType<typeof sortAttributeFiles>, stem: string, direction = "in") =>
    found.channels
      .find((channel) => channel.stem.stem === stem && channel.direction === direction)
      ?.attributes.map((a) => a.attribute + (a.shared ? "*" : ""))
      .sort();

  it("gives what is shared by type to every channel of that type and direction", () => {
    const found = sortAttributeFiles(
      [
        "in_accel_x_raw",
        "in_accel_y_raw",
        "in_accel_scale",
        "in_accel_x_calibbias",
        "in_temp_raw",
        "in_temp_scale",
        "out_accel_gain",
        "sampling_frequency",
        "in_power_mode",
      ],
      [{ direction: "in", stem: "timestamp" }],
    );
    expect(of(found, "accel_x")).toEqual(["calibbias", "raw", "scale*"]);
    expect(of(found, "accel_y")).toEqual(["raw", "scale*"]);
    expect(of(found, "temp")).toEqual(["raw", "scale"]);
    expect(of(found, "timestamp")).toEqual([]);
    expect(found.device.sort()).toEqual(["in_power_mode", "out_accel_gain", "sampling_frequency"]);
  });

  it("keeps single-ended and differential scales apart", () => {
    const found = sortAttributeFiles(
      [
        "in_voltage0_raw",
        "in_voltage0-voltage1_raw",
        "in_voltage_scale",
        "in_voltage-voltage_scale",
      ],
      [],
    );
    expect(of(found, "voltage0")).toEqual(["raw", "scale*"]);
    expect(of(found, "voltage0-voltage1")).toEqual(["raw", "scale*"]);
    const files = found.channels.flatMap((channel) => channel.attributes.map((a) => a.file));
    expect(files).toContain("in_voltage-voltage_scale");
  });

  it("sorts a transceiver: extended names, tracking switches, both directions", () => {
    const found = sortAttributeFiles(
      [
        "out_altvoltage0_RX_LO_frequency",
        "out_altvoltage0_RX_LO_powerdown",
        "out_altvoltage0_RX_LO_fastlock_store",
        "out_altvoltage1_TX_LO_frequency",
        "in_voltage0_hardwaregain",
        "in_voltage0_gain_control_mode",
        "in_voltage_quadrature_tracking_en",
        "in_voltage_rf_bandwidth",
        "in_temp0_input",
        "out_voltage0_hardwaregain",
        "ensm_mode",
      ],
      [],
    );
    expect(of(found, "altvoltage0_RX_LO", "out")).toEqual([
      "fastlock_store",
      "frequency",
      "powerdown",
    ]);
    expect(of(found, "voltage0")).toEqual([
      "gain_control_mode",
      "hardwaregain",
      "quadrature_tracking_en*",
      "rf_bandwidth*",
    ]);
    expect(of(found, "voltage0", "out")).toEqual(["hardwaregain"]);
    expect(found.device).toContain("ensm_mode");
    expect(channelIds(found.channels)).toContain("out_voltage0");
    expect(channelIds(found.channels)).toContain("voltage0");
    expect(channelIds(found.channels)).toContain("altvoltage0_RX_LO");
  });

  it("gives what I and Q share by number to both", () => {
    const found = sortAttributeFiles(
      ["in_voltage0_hardwaregain", "in_voltage0_i_calibbias"],
      [
        { direction: "in", stem: "voltage0_i" },
        { direction: "in", stem: "voltage0_q" },
      ],
    );
    expect(of(found, "voltage0_i")).toEqual(["calibbias", "hardwaregain*"]);
    expect(of(found, "voltage0_q")).toEqual(["hardwaregain*"]);
  });

  it("takes a name for an attribute where the plain value stands beside it", () => {
    const found = sortAttributeFiles(
      ["out_altvoltage0_frequency", "out_altvoltage0_refin_frequency", "in_voltage0_mean_raw"],
      [],
    );
    expect(of(found, "altvoltage0", "out")).toEqual(["frequency", "refin_frequency"]);
    expect(of(found, "voltage0")).toEqual(["mean_raw"]);
  });

  it("matches the longest channel name", () => {
    const found = sortAttributeFiles(
      ["in_voltage1_raw", "in_voltage1_supply_raw2", "in_voltage12_offset_x"],
      [
        { direction: "in", stem: "voltage1_supply" },
        { direction: "in", stem: "voltage12" },
      ],
    );
    expect(of(found, "voltage1_supply")).toEqual(["raw2"]);
    expect(of(found, "voltage12")).toEqual(["offset_x"]);
    expect(of(found, "voltage1")).toEqual(["raw"]);
  });
});

const scan = (buffer: number) => [
  { buffer, index: 0, format: parseScanFormat("le:s16/16"), enabled: false },
];
const channel = (id: string, modifier: string, buffer = 0, label = "") => ({
  id,
  direction: "in" as const,
  modifier,
  label,
  scan: scan(buffer),
});

describe("I/Q pairs", () => {
  it("are found by modifier, within one buffer", () => {
    const pairs = findPairs([
      channel("voltage0_i", "i"),
      channel("voltage0_q", "q"),
      channel("voltage1_i", "i"),
      channel("voltage2_i", "i", 0),
      channel("voltage2_q", "q", 1),
      channel("accel_x", "x"),
    ]);
    expect(pairs).toEqual([
      {
        id: "voltage0_i+voltage0_q",
        i: "voltage0_i",
        q: "voltage0_q",
        label: "voltage0",
        origin: "modifier",
      },
    ]);
  });

  it("are named by what both names share", () => {
    expect(
      makePair(channel("voltage0", "", 0, "rx I"), channel("voltage1", "", 0, "rx Q"), "user"),
    ).toMatchObject({ label: "rx", id: "voltage0+voltage1" });
    expect(makePair(channel("voltage0", ""), channel("voltage1", ""), "user").label).toBe(
      "voltage0 + j voltage1",
    );
  });

  it("have ids that can be split, unlike modifiers with a plus", () => {
    expect(splitPairId(pairId("voltage0", "voltage1"))).toEqual({ i: "voltage0", q: "voltage1" });
    expect(splitPairId("voltage0")).toBeNull();
    expect(splitPairId("accel_sqrt(x^2+y^2)")).toBeNull();
  });
});

describe("links between devices", () => {
  const device = (id: string, name: string, parent = "", kind = "") => ({
    id,
    name,
    parent,
    hasInput: kind === "in",
    hasOutput: kind === "out",
  });

  it("knows the families of transceivers by name", () => {
    expect(familyOf("ad9361-phy")).toEqual({ family: "ad9361", role: "control" });
    expect(familyOf("cf-ad9361-lpc")).toEqual({ family: "ad9361", role: "receiver" });
    expect(familyOf("cf-ad9361-dds-core-lpc")).toEqual({ family: "ad9361", role: "transmitter" });
    expect(familyOf("cf-ad9361-A")).toEqual({ family: "ad9361", role: "receiver" });
    expect(familyOf("cf-ad9361-B")).toEqual({ family: "ad9361-b", role: "receiver" });
    expect(familyOf("cf-ad9361-dds-core-B")?.family).toBe("ad9361-b");
    expect(familyOf("ad9361-phy-B")).toEqual({ family: "ad9361-b", role: "control" });
    expect(familyOf("axi-adrv9009-rx-obs-hpc")).toEqual({ family: "adrv9009", role: "receiver" });
    expect(familyOf("axi-adrv9002-rx2-lpc")?.role).toBe("receiver");
    expect(familyOf("axi-adrv9002-tx2-lpc")?.role).toBe("transmitter");
    expect(familyOf("transceiver-rx")).toEqual({ family: "transceiver", role: "receiver" });
    expect(familyOf("adxl345")).toBeNull();
    expect(familyOf("xadc")).toBeNull();
  });

  it("links a family to its control device, but not two receivers alone", () => {
    const links = proposeLinks([
      device("a", "ad9361-phy"),
      device("b", "cf-ad9361-lpc"),
      device("c", "cf-ad9361-dds-core-lpc"),
      device("d", "axi-ad7768-rx"),
      device("e", "axi-ad7768-adc"),
    ]);
    expect(links.get("b")).toEqual([
      { device: "a", role: "control", origin: "name" },
      { device: "c", role: "transmitter", origin: "name" },
    ]);
    expect(links.get("a")!.map((link) => link.device)).toEqual(["b", "c"]);
    expect(links.get("d")).toEqual([]);
  });

  it("links devices with the same parent", () => {
    const links = proposeLinks([
      device("a", "lsm6dsx_accel", "spi0.0", "in"),
      device("b", "lsm6dsx_gyro", "spi0.0", "in"),
      device("c", "other", "", "in"),
      device("d", "lsm6dsx_hub", "spi0.0"),
    ]);
    expect(links.get("a")).toEqual([
      { device: "b", role: "receiver", origin: "parent" },
      { device: "d", role: "control", origin: "parent" },
    ]);
    expect(links.get("c")).toEqual([]);
  });
});
