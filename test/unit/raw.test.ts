/** Recordings that keep words as the device stores them: the plan, what the metadata say, and the same values read back. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../shared/journal-summary.js";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import { readMetadata } from "../../shared/sigmf/read.js";
import { metadataFaults } from "../../shared/sigmf/validate.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { RX } from "./fake/host.js";
import { ended, file, meta, sound } from "./fake/recordings-bench.js";
import {
  brief,
  channelsOf,
  decodeElement,
  encodeScan,
  factsOf,
  layoutOf,
  pair,
  planOf,
  writeScan,
} from "./sigmf-fixture.js";

const briefOf = (...types: [string, string][]) => brief(channelsOf(...types), [], true);

describe("the plan of a raw recording", () => {
  it("takes shifted and narrow words without a pass, in the device's byte order", () => {
    expect(briefOf(["voltage0", "le:s12/16>>4"], ["voltage1", "le:s12/16>>4"])).toEqual([
      ". ri16_le 2 as it is stored",
    ]);
    expect(briefOf(["voltage0", "be:u12/16>>0"])).toEqual([". ru16_be 1 as it is stored"]);
    expect(briefOf(["voltage0", "be:s24/32>>8"])).toEqual([". ri32_be 1 as it is stored"]);
    // Different bits of words of one kind lie together.
    expect(briefOf(["voltage0", "le:s12/16>>4"], ["voltage1", "le:s14/16>>0"])).toEqual([
      ". ri16_le 2 as it is stored",
    ]);
  });

  it("is that of any recording where every bit belongs to a value", () => {
    expect(briefOf(["voltage0", "le:s16/16"])).toEqual([". ri16_le 1 as it is"]);
    expect(briefOf(["voltage0", "be:f32/32"])).toEqual([". rf32_be 1 as it is"]);
  });

  it("parts words that SigMF can't hold together, and converts those it has no type for", () => {
    expect(
      briefOf(
        ["accel_x", "be:s12/16>>4"],
        ["accel_y", "le:s12/16>>4"],
        ["voltage0", "be:s20/24>>4"],
        ["timestamp", "le:s64/64"],
      ),
    ).toEqual([
      "-accel_x ri16_be 1 stored",
      "-accel_y ri16_le 1 stored",
      "-voltage0 ri32_le 1",
      "-timestamp ru32_le 2",
    ]);
    const channels = channelsOf(["accel_x", "be:s12/16>>4"], ["timestamp", "le:s64/64"]);
    expect(planOf(channels, [], true).notes).toContain("Words are kept as the device stores them.");
  });
});

describe("what the metadata of a raw recording say", () => {
  const channels = channelsOf(
    ["voltage0", "be:s12/16>>4"],
    ["voltage1", "be:s10/16>>2"],
    ["voltage2", "le:u20/32>>5"],
    ["timestamp", "le:s64/64"],
  );
  const layout = layoutOf(channels);
  const { outputs } = planOf(channels, [], true);
  const facts = factsOf(channels, [], { outputs });
  const metaOf = (at: number) =>
    buildMetadata(facts, outputs[at]!, {
      journal: readJournal(new Uint8Array()),
      status: "complete",
    });

  it("reads every value back from the words alone", () => {
    const values = [-5n, 300n, 0xabcden, 7n];
    const scan = encodeScan(layout, (element) => values[element]!);
    for (const [at, output] of outputs.entries()) {
      if (output.role === "timestamps") continue;
      const words = writeScan(layout, output, scan);
      const opened = readMetadata(metaOf(at));
      expect(opened.layout.scanBytes).toBe(words.length);
      opened.layout.elements.forEach((element, index) => {
        const { element: source } = output.channels[index]!;
        expect(decodeElement(words, element, 0)).toBe(values[source]);
      });
    }
  });

  it("describe where the bits are, and only where they are not the whole word", () => {
    const { global } = metaOf(0);
    expect(global["core:datatype"]).toBe("ri16_be");
    expect((global["iio:channels"] as { stored: unknown }[])[0]!.stored).toEqual({
      ...{ storage_bits: 16, bits: 12, shift: 4 },
      ...{ signed: true, big_endian: true },
    });
    const times = metaOf(outputs.length - 1).global["iio:channels"] as object[];
    expect(times.every((one) => !("stored" in one))).toBe(true);
    expect(metadataFaults(metaOf(0), "take")).toEqual([]);
  });

  it("are refused, with the field, where the bits do not fit the datatype", () => {
    const meta = metaOf(0);
    const [first] = meta.global["iio:channels"] as { stored: { shift: number } }[];
    first!.stored.shift = 9;
    expect(() => readMetadata(meta)).toThrow(/voltage0 has 12 bits shifted by 9/);
    expect(metadataFaults(meta, "take").join()).toContain("does not fit a datatype of 16 bits");
  });

  it("keep a pair complex", () => {
    const iq = channelsOf(["voltage0_i", "le:s12/16>>4"], ["voltage0_q", "le:s12/16>>4"]);
    const { outputs } = planOf(iq, [pair(iq, "voltage0_i", "voltage0_q")], true);
    expect(outputs).toMatchObject([{ datatype: "ci16_le", verbatim: true, stored: true }]);
  });
});

describe("recording raw", () => {
  benchForEach();

  async function record(name: string, more: object): Promise<void> {
    const end = ended();
    await request("recording.start", { stream: RX, name, scans: 5000, hash: false, ...more });
    expect((await end).result.error).toBe(null);
    await request("stream.stop", { stream: RX });
  }

  async function valuesOf(name: string): Promise<number[]> {
    const { id } = await request("recording.open", { name });
    const ask = { stream: id, channel: "voltage0_q", fromScan: 0, count: 5000 };
    const { values } = await request("view.samples", ask);
    await request("recording.close", { name });
    return [...values].map(Number);
  }

  it("keeps the words, proves them, and opens with the values of a converted one", async () => {
    await record("stored", { raw: true });
    await record("plain", {});
    const words = readFileSync(file("stored.sigmf-data"));
    const plain = readFileSync(file("plain.sigmf-data"));
    expect(words.length).toBe(plain.length);
    for (let at = 0; at < words.length; at += 2) {
      expect(words.readInt16LE(at) >> 4).toBe(plain.readInt16LE(at));
    }
    await sound("stored");
    const values = await valuesOf("stored");
    expect(values.some((value) => value !== 0)).toBe(true);
    expect(values).toEqual(await valuesOf("plain"));
  });

  it("keeps what just happened raw as well", async () => {
    await request("stream.start", { stream: RX });
    await bench.next("stream.progress", ({ counters }) => counters.historyToScan > 10_000);
    const { name } = await request("recording.keep", { stream: RX, seconds: 0.001, raw: true });
    const [first] = meta(name).global["iio:channels"] as { stored?: object }[];
    expect(first!.stored).toMatchObject({ bits: 12, shift: 4 });
  });
});
