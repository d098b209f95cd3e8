/** The metadata of a recording, as they are built and as they come back. */
import { describe, expect, it } from "vitest";
import { cutSummary, readJournal } from "../../shared/journal-summary.js";
import type { JournalEvidence, JournalGap } from "../../shared/journal.js";
import type { Grade } from "../../shared/stream.js";
import { buildCollection, buildMetadata, metadataText } from "../../shared/sigmf/metadata.js";
import { continuityBase, continuityOfRecording } from "../../shared/sigmf/continuity.js";
import { readCollection, readMetadata } from "../../shared/sigmf/read.js";
import type { RecordingEvent } from "../../shared/sigmf/types.js";
import { collectionFaults, metadataFaults } from "../../shared/sigmf/validate.js";
import { channelsOf, factsOf, pair } from "./sigmf-fixture.js";
import { adc, complete, estimated, journal } from "./sigmf-journal.js";
import { JournalWriter } from "./shared-journal-writer.js";

const event = (json: RecordingEvent) => json;

describe("metadata of a recording", () => {
  it("say what was recorded, how, and by what", () => {
    const facts = factsOf(adc);
    const meta = buildMetadata(facts, facts.outputs[0]!, complete(journal(null)));
    expect(meta.global).toMatchObject({
      "core:datatype": "ri16_le",
      "core:version": "1.2.5",
      "core:num_channels": 2,
      "core:sample_rate": 1000,
      "core:recorder": "IIO Studio 0.1.0",
      "core:hw": "ZedBoard, ad7768",
      "core:description": "20 dB pad",
      "core:extensions": [{ name: "iio", version: "1.1.0", optional: true }],
      "iio:state": "complete",
      "iio:samples": 200,
      "iio:kernel": "Linux 6.12.117",
      "iio:transport": { path: "dmabuf", heap: "system", reason: "DMABUF works." },
      "iio:block": { bytes: 4096, count: 16, queued: 8, scan_bytes: 4 },
    });
    expect(meta.global).not.toHaveProperty("core:sha512");
    expect(meta.global).not.toHaveProperty("core:collection");
    expect(meta.global["iio:channels"]).toMatchObject([
      {
        channel: 0,
        component: "real",
        id: "voltage0",
        format: "le:s16/16>>0",
        scale: "0.305175",
        offset: "-2",
        abi_unit: "mV",
        unit: "V",
        unit_factor: 0.001,
      },
      { channel: 1, id: "voltage1" },
    ]);
    expect(metadataFaults(meta, "bench")).toEqual([]);
  });

  it("leave the rate out of core where SigMF does not allow it", () => {
    const facts = factsOf(adc, [], { rateHz: 0.25 });
    const meta = buildMetadata(facts, facts.outputs[0]!, complete(journal()));
    expect(meta.global).not.toHaveProperty("core:sample_rate");
    expect(meta.global["iio:sample_rate"]).toBe(0.25);
    expect(metadataFaults(meta, "slow")).toEqual([]);
    expect(readMetadata(meta).rateHz).toBe(0.25);
  });

  it("begin a capture behind every gap, with its grade and bounds", () => {
    const facts = factsOf(adc);
    const unknown: JournalGap = {
      grade: "unknown",
      cause: "failed-block",
      lost: 0,
      lostMin: 1,
      lostMax: null,
    };
    const meta = buildMetadata(
      facts,
      facts.outputs[0]!,
      complete(journal(estimated, null, unknown)),
    );
    expect(meta.captures).toEqual([
      {
        "core:sample_start": 0,
        "core:global_index": 5000,
        "core:datetime": "2026-11-20T12:41:07Z",
      },
      {
        "core:sample_start": 100,
        "core:global_index": 5200,
        "core:datetime": "2026-11-20T12:41:07.100Z",
        "iio:gap_grade": "estimated",
        "iio:gap_cause": "dry-queue",
        "iio:lost": 100,
        "iio:lost_min": 60,
        "iio:lost_max": 140,
      },
      {
        "core:sample_start": 300,
        "core:global_index": 5400,
        "core:datetime": "2026-11-20T12:41:07.300Z",
        "iio:gap_grade": "unknown",
        "iio:gap_cause": "failed-block",
        "iio:lost": null,
        "iio:lost_min": 1,
        "iio:lost_max": null,
      },
    ]);
    expect(meta.global["iio:continuity"]).toEqual({
      grade: "unknown",
      evidence: "times at which the queue of blocks ran dry",
      gaps: 2,
      lost: null,
      lost_min: 61,
      lost_max: null,
    });
    expect(metadataFaults(meta, "gaps")).toEqual([]);
  });

  it("grade a recording without gaps by what the stream could prove, and say by what", () => {
    const base = (
      kind: "dmabuf" | "read" | "simulator",
      proof: [Grade, JournalEvidence],
      more: Parameters<typeof factsOf>[2] = {},
    ) => {
      const transport = { kind, heap: "", directWrites: false, why: "" };
      const writer = new JournalWriter().header({}).proof(0, ...proof);
      return continuityBase(factsOf(adc, [], { transport, ...more }), readJournal(writer.bytes()));
    };
    expect(base("dmabuf", ["estimated", "transport"])).toEqual({
      grade: "estimated",
      evidence: "times at which the queue of blocks ran dry",
    });
    expect(base("dmabuf", ["unknown", "transport"], { rateHz: null })).toEqual({
      grade: "unknown",
      evidence: "the rate is not known",
    });
    expect(base("read", ["unknown", "transport"]).evidence).toBe("read() does not tell");
    expect(base("read", ["estimated", "transport"]).evidence).toContain("both halves");
    expect(base("simulator", ["exact", "transport"]).grade).toBe("exact");
    expect(base("read", ["exact", "timestamps"]).evidence).toContain("timestamps");
    expect(base("read", ["exact", "counter"], { counter: ["voltage0"] })).toEqual({
      grade: "exact",
      evidence: "counter in voltage0",
    });
    expect(continuityBase(factsOf(adc), { proofs: [] }).grade).toBe("unknown");
  });

  it("claim nothing by a counter that was given up, declared or not", () => {
    const facts = factsOf(adc, [], { counter: ["voltage0"] });
    const counted: JournalGap = {
      grade: "exact",
      cause: "counter",
      lost: 7,
      lostMin: 7,
      lostMax: 7,
    };
    const writer = new JournalWriter()
      .header({})
      .proof(0, "exact", "counter")
      .segment({ scanCount: 100 })
      .segment({ sequence: 1, scan: 107, sample: 100, scanCount: 100, gap: counted })
      .proof(200, "estimated", "transport")
      .segment({ sequence: 2, scan: 207, sample: 200, scanCount: 100 });
    const summary = readJournal(writer.bytes());
    const meta = buildMetadata(facts, facts.outputs[0]!, { journal: summary, status: "complete" });
    expect(meta.global["iio:continuity"]).toMatchObject({
      grade: "unknown",
      gaps: 1,
      lost: null,
      lost_min: 0,
      lost_max: null,
    });
    expect((meta.global["iio:continuity"] as { evidence: string }).evidence).toContain(
      "voltage0 does not count scans",
    );
    expect(meta.captures[1]).toMatchObject({ "iio:gap_grade": "unknown", "iio:lost": null });
    // Killed before it was given up: the counter held for what is in the files.
    const cut = cutSummary(summary, 200);
    expect(continuityOfRecording(facts, cut)).toMatchObject({ grade: "exact", lost: 7 });
  });

  it("tell the attributes at the start, changes as annotations, and the note as it ends", () => {
    const facts = factsOf(adc, [], {
      attributes: [
        {
          device: "local:iio:device0",
          deviceName: "ad7768",
          scope: { kind: "channel", channel: "voltage0" },
          name: "hardwaregain",
          state: "ok",
          raw: "3.0 dB\n",
          unit: "dB",
        },
        {
          device: "local:iio:device1",
          deviceName: "phy",
          scope: { kind: "device" },
          name: "slow",
          state: "failed",
          raw: "",
          unit: "",
          error: "It took longer than 2 s.",
        },
      ],
    });
    const writer = journal(null)
      .event(
        150,
        1_250_000_000n,
        event({
          kind: "attribute",
          device: "local:iio:device0",
          deviceName: "ad7768",
          scope: { kind: "channel", channel: "voltage0" },
          name: "filter_low_pass_3db_frequency",
          raw: "100\n",
        }),
      )
      .event(160, 1n, event({ kind: "note", note: "pad removed" }))
      .event(170, 1n, { kind: "of tomorrow" });
    const meta = buildMetadata(facts, facts.outputs[0]!, complete(writer));
    expect(meta.global["iio:attributes"]).toEqual([
      {
        device: "local:iio:device0",
        device_name: "ad7768",
        name: "voltage0/hardwaregain",
        value: "3.0 dB",
        unit: "dB",
      },
      {
        device: "local:iio:device1",
        device_name: "phy",
        name: "slow",
        not_read: "It took longer than 2 s.",
      },
    ]);
    expect(meta.annotations).toMatchObject([
      {
        "core:sample_start": 150,
        "core:label": "filter_low_pass_3db…",
        "core:comment": "ad7768 voltage0/filter_low_pass_3db_frequency = 100",
        "iio:datetime": "2026-11-20T12:41:07.250Z",
      },
    ]);
    expect(meta.global["core:description"]).toBe("pad removed");
    expect(metadataFaults(meta, "x")).toEqual([]);
  });

  it("begin a capture where the oscillator was tuned, unless one begins there", () => {
    const facts = factsOf(adc, [], { frequencyHz: 2.14e9 });
    const writer = journal(estimated)
      .event(50, 1n, event({ kind: "frequency", hz: 2.2e9 }))
      .event(100, 1n, event({ kind: "frequency", hz: 2.3e9 }))
      .event(200, 1n, event({ kind: "frequency", hz: 2.4e9 }));
    const meta = buildMetadata(facts, facts.outputs[0]!, complete(writer));
    expect(
      meta.captures.map((c) => [
        c["core:sample_start"],
        c["core:global_index"],
        c["core:frequency"],
      ]),
    ).toEqual([
      [0, 5000, 2.14e9],
      [50, 5050, 2.2e9],
      [100, 5200, 2.3e9],
    ]);
    expect(meta.captures[1]!["core:datetime"]).toBe("2026-11-20T12:41:07.050Z");
    expect(metadataFaults(meta, "lo")).toEqual([]);
  });

  it("state jitter, and the rate that the recording's own blocks came at", () => {
    const facts = factsOf(adc);
    const writer = journal(null, null).event(
      300,
      1n,
      event({ kind: "measured", jitterSeconds: 1.1e-5 }),
    );
    const meta = buildMetadata(facts, facts.outputs[0]!, complete(writer));
    expect(meta.global).toMatchObject({
      "iio:sample_rate_measured": 1000,
      "iio:timestamp_jitter": 1.1e-5,
    });
  });

  it("are the same for a killed recording, cut to what is in the files", () => {
    const facts = factsOf(adc);
    const summary = readJournal(journal(null, estimated).bytes());
    const meta = buildMetadata(facts, facts.outputs[0]!, {
      journal: cutSummary(summary, 150),
      status: "recovered",
    });
    expect(meta.captures).toHaveLength(1);
    expect(meta.global).toMatchObject({ "iio:state": "recovered", "iio:samples": 150 });
    expect(meta.global["iio:continuity"]).toMatchObject({ gaps: 0 });
  });

  it("say why a recording ended by itself", () => {
    const facts = factsOf(adc);
    const meta = buildMetadata(facts, facts.outputs[0]!, {
      ...complete(journal()),
      error: { code: "ENOSPC", message: "The disk is full. Free some space." },
      sha512: "ab".repeat(64),
    });
    expect(meta.global["iio:end_reason"]).toBe("The disk is full. Free some space.");
    expect(meta.global["core:sha512"]).toBe("ab".repeat(64));
  });

  it("tie several recordings together in a collection", () => {
    const rx = channelsOf(
      ["voltage0_i", "le:s12/16>>4"],
      ["voltage0_q", "le:s12/16>>4"],
      ["timestamp", "le:s64/64"],
    );
    const facts = factsOf(rx, [pair(rx, "voltage0_i", "voltage0_q")], { frequencyHz: 1e9 });
    const state = { ...complete(journal()), name: "renamed" };
    const metas = facts.outputs.map((output) => buildMetadata(facts, output, state));
    expect(metas.map((meta) => meta.global["core:collection"])).toEqual(["renamed", "renamed"]);
    expect(metas[1]!.captures[0]).not.toHaveProperty("core:frequency");
    const collection = buildCollection(
      facts,
      facts.outputs.map(({ suffix }) => ({ suffix, sha512OfMeta: "0f".repeat(64) })),
      state,
    );
    expect(collectionFaults(collection, "renamed")).toEqual([]);
    expect(readCollection(collection).map((stream) => stream.name)).toEqual([
      "renamed",
      "renamed-timestamp",
    ]);
    for (const meta of metas) expect(metadataFaults(meta, "r")).toEqual([]);
    expect(metadataText(collection).endsWith("}\n")).toBe(true);
  });

  it("come back as channels, pairs, captures and attributes when opened", () => {
    const rx = channelsOf(["voltage0_i", "le:s12/16>>4"], ["voltage0_q", "le:s12/16>>4"]);
    const facts = factsOf(rx, [pair(rx, "voltage0_i", "voltage0_q")], { frequencyHz: 1e9 });
    const meta = buildMetadata(facts, facts.outputs[0]!, complete(journal(estimated)));
    const opened = readMetadata(JSON.parse(metadataText(meta)));
    expect(opened.channels.map(({ id, unit, scaled }) => [id, unit, scaled])).toEqual([
      ["voltage0_i", "V", true],
      ["voltage0_q", "V", true],
    ]);
    expect(opened.layout.elements[0]).toMatchObject({ bits: 12, storageBits: 16, shift: 0 });
    expect(opened.pairs).toMatchObject([{ i: "voltage0_i", q: "voltage0_q", label: "voltage0" }]);
    expect(opened.captures[1]).toEqual({
      sampleStart: 100,
      scan: 5200,
      gap: estimated,
      realtimeNs: 1_795_178_467_100_000_000n,
      frequencyHz: 1e9,
    });
    expect(opened).toMatchObject({ state: "complete", note: "20 dB pad", rateHz: 1000 });
    expect(opened.startedAtMs).toBe(1_795_178_467_000);
    expect(opened.continuity).toMatchObject({ grade: "estimated", gaps: 1, lost: 100 });
  });
});
