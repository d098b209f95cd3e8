import { describe, expect, it } from "vitest";
import { fileRows } from "../../renderer/lib/recorded-file.js";
import { readJournal } from "../../shared/journal-summary.js";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import { readMetadata } from "../../shared/sigmf/read.js";
import { metadataFaults } from "../../shared/sigmf/validate.js";
import type { RecordedAttribute } from "../../shared/sigmf/types.js";
import { channelsOf, factsOf } from "./sigmf-fixture.js";
import { JournalWriter } from "./shared-journal-writer.js";

const adc = channelsOf(["voltage0", "le:s16/16"], ["voltage1", "le:s16/16"]);
const attribute = (more: Partial<RecordedAttribute>): RecordedAttribute => ({
  device: "local:iio:device0",
  deviceName: "ad7768",
  scope: { kind: "device" },
  name: "sampling_frequency",
  state: "ok",
  raw: "1000",
  unit: "Hz",
  ...more,
});
const channel = { kind: "channel", channel: "voltage0" } as const;
const attributes = [
  attribute({}),
  attribute({ scope: channel, name: "amplitude", raw: "0.8", unit: "V" }),
  attribute({ scope: channel, name: "scale", raw: "0.3", unit: "mV" }),
  attribute({ scope: channel, name: "raw", state: "failed", raw: "", unit: "", error: "Busy." }),
  attribute({ scope: { kind: "trigger", trigger: "t0" }, raw: "50" }),
  attribute({ scope: channel, name: "hardwaregain", raw: "42.000000 dB", unit: "dB" }),
];
const written = () => {
  const facts = factsOf(adc, [], { attributes });
  const journal = readJournal(new JournalWriter().header({}).bytes());
  return JSON.parse(
    JSON.stringify(buildMetadata(facts, facts.outputs[0]!, { journal, status: "complete" })),
  ) as { global: Record<string, unknown> };
};

describe("attributes of a recording", () => {
  it("come back with the unit that was written, and with why one was not read", () => {
    const { attributes: read } = readMetadata(written());
    expect(read.map(({ name, value, unit }) => [name, value, unit])).toEqual([
      ["sampling_frequency", "1000", "Hz"],
      ["voltage0/amplitude", "0.8", "V"],
      ["voltage0/scale", "0.3", "mV"],
      ["voltage0/raw", null, ""],
      ["trigger:t0/sampling_frequency", "50", "Hz"],
      ["voltage0/hardwaregain", "42.000000 dB", "dB"],
    ]);
    expect(read[3]?.notRead).toBe("Busy.");
  });

  it("get the unit of their name where an older file states none", () => {
    const old = written();
    for (const entry of old.global["iio:attributes"] as Record<string, unknown>[])
      delete entry["unit"];
    const units = readMetadata(old).attributes.map(({ unit }) => unit);
    // What only the device could tell is not made up.
    expect(units).toEqual(["Hz", "", "mV", "", "Hz", "dB"]);
  });
});

describe("how a recording was made", () => {
  it("is read back as it was written", () => {
    expect(readMetadata(written()).how).toEqual({
      transport: "dmabuf",
      heap: "system",
      why: "DMABUF works.",
      blockBytes: 4096,
      blockCount: 16,
      queuedBlocks: 8,
      rateMeasuredHz: null,
      continues: "",
    });
  });

  it("tells which recording it goes on from, by the name that one has now", () => {
    const facts = factsOf(adc, [], { continues: "first" });
    const [output] = facts.outputs;
    const state = (journal: JournalWriter) => ({
      journal: readJournal(journal.bytes()),
      status: "complete" as const,
    });
    const meta = buildMetadata(facts, output!, state(new JournalWriter().header({})));
    expect(meta.global["iio:continues"]).toBe("first");
    expect(metadataFaults(meta, "second")).toEqual([]);
    const { how } = readMetadata(meta);
    expect(how.continues).toBe("first");
    const file = { scans: 1, seconds: null, bytes: 2, continuity: null, how };
    expect(fileRows(file, null).at(-1)).toEqual({ name: "Continues", text: "first" });

    const renamed = new JournalWriter()
      .header({})
      .event(0, 0n, { kind: "continues", name: "warm-up" });
    expect(buildMetadata(facts, output!, state(renamed)).global["iio:continues"]).toBe("warm-up");
    const lone = state(new JournalWriter().header({}));
    expect(buildMetadata(factsOf(adc), output!, lone).global).not.toHaveProperty(["iio:continues"]);
  });

  it.each([
    ["", /not the base name/],
    [7, /not the base name/],
    ["../first", /not the base name/],
    ["second", /names the recording itself/],
  ])("is refused where it can't be the name of another (%j)", (continues, fault) => {
    const meta = written();
    meta.global["iio:continues"] = continues;
    expect(metadataFaults(meta, "second").join(" ")).toMatch(fault);
  });

  it("is left out where another program says nothing of it", () => {
    const foreign = { global: { "core:datatype": "ri16_le", "core:version": "1.2.5" } };
    const { how } = readMetadata({ ...foreign, captures: [{ "core:sample_start": 0 }] });
    const file = { scans: 10, seconds: null, bytes: 20, continuity: null, how };
    expect(fileRows(file, null)).toEqual([
      { name: "Scans", text: "10" },
      { name: "Size", text: "20 B" },
    ]);
  });

  it("is said in rows that fit a file: no field, nothing of a buffer that is not there", () => {
    const { how } = readMetadata(written());
    const continuity = { grade: "exact", gaps: 1, lost: 40, lostMin: 40, lostMax: 40 } as const;
    const file = { scans: 1_441_792, seconds: 1.44, bytes: 5_767_168, continuity, how };
    const rows = fileRows(file, 1e6).map(({ name, text }) => `${name}: ${text}`);
    expect(rows).toEqual([
      "Scans: 1,441,792",
      "Duration: 1.44 s",
      "Size: 5.77 MB",
      "Rate: 1 MS/s",
      "Loss: 1 gap, 40 scans lost",
      "Recorded over: DMABUF, system",
      "Blocks: 16 of 4 KiB",
    ]);
  });
});
