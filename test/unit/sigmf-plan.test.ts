import { describe, expect, it } from "vitest";
import { formatDatatype, parseDatatype } from "../../shared/sigmf/datatype.js";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import { writtenAs } from "../../shared/sigmf/plan.js";
import { readMetadata } from "../../shared/sigmf/read.js";
import { parseScanFormat } from "../../shared/parse-format.js";
import { readJournal } from "../../shared/journal-summary.js";
import type { ChannelInfo, ChannelPair } from "../../shared/device.js";
import {
  brief,
  channelsOf,
  decodeElement,
  encodeScan,
  factsOf,
  pair,
  planOf,
  writeScan,
} from "./sigmf-fixture.js";
import { JournalWriter } from "./shared-journal-writer.js";

describe("SigMF datatypes", () => {
  it("follow the grammar, not the schema's open pattern", () => {
    for (const text of ["ri16_le", "cf32_be", "ru8", "ci8", "rf64_le"])
      expect(formatDatatype(parseDatatype(text)!)).toBe(text);
    for (const text of ["ri16", "ri16_lexx", "ri24_le", "ri64_le", "i16_le", "ri8_le", ""])
      expect(parseDatatype(text)).toBeNull();
  });
});

describe("the plan of a recording", () => {
  it("writes scans of one type without padding as they are", () => {
    const four = channelsOf(
      ["voltage0", "le:s16/16"],
      ["voltage1", "le:s16/16"],
      ["voltage2", "le:s16/16"],
      ["voltage3", "le:s16/16"],
    );
    expect(brief(four)).toEqual([". ri16_le 4 as it is"]);
    expect(planOf(four)).toMatchObject({ collection: false, notes: [] });
    expect(planOf(four).outputs[0]!.elements).toEqual([]);
    expect(planOf(four).outputs[0]!.scanBytes).toBe(8);
    expect(brief(channelsOf(["voltage0", "be:u32/32"]))).toEqual([". ru32_be 1 as it is"]);
    expect(brief(channelsOf(["voltage0", "be:u8/8"]))).toEqual([". ru8 1 as it is"]);
    expect(brief(channelsOf(["voltage0", "le:f32/32"]))).toEqual([". rf32_le 1 as it is"]);
    expect(brief(channelsOf(["rot_quaternion", "le:s32/32X4"]))).toEqual([". ri32_le 4 as it is"]);
  });

  it("writes a lone I/Q pair as complex samples", () => {
    const iq = channelsOf(["voltage0_i", "le:s16/16"], ["voltage0_q", "le:s16/16"]);
    expect(brief(iq, [pair(iq, "voltage0_i", "voltage0_q")])).toEqual([". ci16_le 1 as it is"]);
    expect(planOf(iq, [pair(iq, "voltage0_i", "voltage0_q")]).outputs[0]!.channels).toEqual([
      { id: "voltage0_i", element: 0, repeat: 0, channel: 0, component: "i" },
      { id: "voltage0_q", element: 1, repeat: 0, channel: 0, component: "q" },
    ]);
  });

  it("puts a swapped pair in order", () => {
    const iq = channelsOf(["voltage0", "le:s16/16"], ["voltage1", "le:s16/16"]);
    const swapped = planOf(iq, [pair(iq, "voltage1", "voltage0")]);
    expect(swapped.outputs[0]).toMatchObject({
      verbatim: false,
      elements: [
        { element: 1, as: "i16" },
        { element: 0, as: "i16" },
      ],
    });
    expect(swapped.notes).toEqual(["I and Q are put in order."]);
  });

  it("gives every pair a recording of its own, in a collection", () => {
    const rx = channelsOf(
      ["voltage0_i", "le:s12/16>>4"],
      ["voltage0_q", "le:s12/16>>4"],
      ["voltage1_i", "le:s12/16>>4"],
      ["voltage1_q", "le:s12/16>>4"],
    );
    const pairs = [pair(rx, "voltage0_i", "voltage0_q"), pair(rx, "voltage1_i", "voltage1_q")];
    expect(brief(rx, pairs)).toEqual(["-voltage0 ci16_le 1", "-voltage1 ci16_le 1"]);
    expect(planOf(rx, pairs).collection).toBe(true);
    expect(planOf(rx, pairs).notes[0]).toContain("I/Q pair");
  });

  it("widens shifted, narrow, packed and odd values", () => {
    expect(brief(channelsOf(["voltage0", "le:s12/16>>4"]))).toEqual([". ri16_le 1"]);
    expect(brief(channelsOf(["voltage0", "be:u12/16>>0"]))).toEqual([". ru16_le 1"]);
    expect(brief(channelsOf(["voltage0", "be:s24/24>>0"]))).toEqual([". ri32_le 1"]);
    expect(brief(channelsOf(["voltage0", "le:u24/32>>8"]))).toEqual([". ru32_le 1"]);
    expect(brief(channelsOf(["voltage0", "le:s24/64>>0"]))).toEqual([". ri32_le 1"]);
    expect(brief(channelsOf(["voltage0", "be:s64/64>>0"]))).toEqual([". ru32_le 2"]);
    expect(writtenAs(parseScanFormat("le:f16/16X3"))).toBe("f32");
    expect(planOf(channelsOf(["voltage0", "le:s12/16>>4"])).notes).toEqual([
      "SigMF has no type for 12-bit in 16 values; they are widened.",
    ]);
  });

  it("splits mixed widths and timestamps", () => {
    const imu = channelsOf(
      ["accel_x", "be:s16/16"],
      ["accel_y", "le:s16/16"],
      ["temp", "le:s32/32"],
      ["timestamp", "le:s64/64"],
    );
    expect(brief(imu)).toEqual(["-i16 ri16_le 2", "-temp ri32_le 1", "-timestamp ru32_le 2"]);
    expect(planOf(imu).outputs[2]).toMatchObject({ role: "timestamps", scanBytes: 8 });
    expect(planOf(imu).outputs[2]!.channels.map((c) => c.component)).toEqual(["low", "high"]);
  });

  it("keeps the plain name for the samples when only timestamps stand beside them", () => {
    const adc = channelsOf(["voltage0", "le:s16/16"], ["timestamp", "le:s64/64"]);
    expect(brief(adc)).toEqual([". ri16_le 1", "-timestamp ru32_le 2"]);
    expect(brief(channelsOf(["timestamp", "le:s64/64"]))).toEqual([". ru32_le 2"]);
  });

  it("leaves padding and mixed byte order out, and says so", () => {
    const padded = channelsOf(["rot_quaternion", "le:f16/16X3"]);
    expect(planOf(padded).outputs[0]).toMatchObject({ datatype: "rf32_le", numChannels: 3 });
    const mixed = channelsOf(["accel_x", "le:s16/16"], ["accel_y", "be:s16/16"]);
    expect(planOf(mixed)).toMatchObject({
      outputs: [{ datatype: "ri16_le", verbatim: false }],
      notes: ["Values of different byte order are written little-endian."],
    });
  });

  it("names files safely and uniquely", () => {
    const rx = channelsOf(
      ["voltage0_i", "le:s16/16"],
      ["voltage0_q", "le:s16/16"],
      ["voltage1_i", "le:s16/16"],
      ["voltage1_q", "le:s16/16"],
    );
    const named = [
      { ...pair(rx, "voltage0_i", "voltage0_q"), label: "../Ant 1" },
      { ...pair(rx, "voltage1_i", "voltage1_q"), label: "Ant/1" },
    ];
    const suffixes = planOf(rx, named).outputs.map((output) => output.suffix);
    expect(suffixes).toEqual(["-Ant-1", "-Ant-1-2"]);
  });

  it("ignores pairs that are not enabled or cannot be complex", () => {
    const odd = channelsOf(["voltage0_i", "le:s16/16"], ["voltage0_q", "le:s32/32"]);
    const both = [pair(odd, "voltage0_i", "voltage0_q")];
    expect(brief(odd, both)).toEqual(["-voltage0_i ri16_le 1", "-voltage0_q ri32_le 1"]);
    expect(brief(odd.slice(0, 1), both)).toEqual([". ri16_le 1 as it is"]);
  });
});

describe("what is written", () => {
  /** Scans with rubbish around the values, through the plan, into files, and back through their metadata. */
  const roundTrip = (channels: ChannelInfo[], pairs: ChannelPair[] = []) => {
    const facts = factsOf(channels, pairs);
    const journal = readJournal(new JournalWriter().header({}).segment({ scanCount: 4 }).bytes());
    const value = (scan: number) => (element: number, repeat: number) =>
      BigInt.asUintN(64, BigInt(scan + 1) * 0x9e3779b97f4a7c15n + BigInt(element * 7 + repeat));
    for (let scan = 0; scan < 50; scan++) {
      const raw = encodeScan(facts.layout, value(scan));
      const expected = new Map(
        facts.layout.elements.map((element) => [
          element.channel,
          Array.from({ length: element.repeat }, (_, r) => decodeElement(raw, element, r)),
        ]),
      );
      for (const output of facts.outputs) {
        const file = writeScan(facts.layout, output, raw);
        expect(file.length).toBe(output.scanBytes);
        const opened = readMetadata(buildMetadata(facts, output, { journal, status: "complete" }));
        expect(opened.layout.scanBytes).toBe(output.scanBytes);
        for (const element of opened.layout.elements) {
          const back = Array.from({ length: element.repeat }, (_, r) =>
            decodeElement(file, element, r),
          );
          expect(back).toEqual(expected.get(element.channel));
          expected.delete(element.channel);
        }
      }
      expect([...expected.keys()]).toEqual([]);
    }
  };

  it("reads back to the same values for every kind of integer", () => {
    roundTrip(
      channelsOf(
        ["voltage0_i", "be:s12/16>>4"],
        ["voltage0_q", "be:s12/16>>4"],
        ["voltage1", "be:u8/8"],
        ["voltage2", "le:u24/32>>8"],
        ["voltage3", "be:s20/32>>4"],
        ["voltage4", "be:s64/64>>0"],
        ["rot_quaternion", "le:s32/32X4>>0"],
        ["voltage5", "le:u12/16>>0"],
        ["voltage6", "be:s20/24>>4"],
        ["voltage7", "le:u40/64>>3"],
        ["timestamp", "le:s64/64>>0"],
      ),
    );
  });

  it("reads back to the same values as complex pairs and as they are", () => {
    const rx = channelsOf(["voltage0_i", "be:s12/16>>4"], ["voltage0_q", "be:s12/16>>4"]);
    roundTrip(rx, [pair(rx, "voltage0_i", "voltage0_q")]);
    roundTrip(channelsOf(["voltage0", "be:s16/16"], ["voltage1", "be:s16/16"]));
    roundTrip(channelsOf(["voltage0", "le:s64/64X2>>0"]));
  });
});
