/** Captures around a scope trigger in the metadata: written from the journal, and read back. */
import { describe, expect, it } from "vitest";
import { fitSummary, readJournal, type JournalSummary } from "../../shared/journal-summary.js";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import { readMetadata } from "../../shared/sigmf/read.js";
import { formatPeak, formatWidth } from "../../shared/sigmf/triggered.js";
import type { CaptureEvent, RecordingFacts } from "../../shared/sigmf/types.js";
import { metadataFaults } from "../../shared/sigmf/validate.js";
import { channelsOf, factsOf } from "./sigmf-fixture.js";

const channels = channelsOf(["voltage0", "le:s16/16"]);
const captures: RecordingFacts["captures"] = {
  preScans: 10,
  postScans: 20,
  limit: null,
  trigger: {
    trace: { channel: "voltage0", part: "value" },
    edge: "falling",
    level: 0.5,
    hysteresis: 0.1,
    unit: "V",
  },
};
const facts = factsOf(channels, [], { captures });

const event = (number: number, scan: number, more: Partial<CaptureEvent> = {}) => ({
  sample: 0,
  timeNs: 0n,
  json: {
    kind: "capture",
    number,
    scan,
    fraction: 0.25,
    fromScan: scan - 10,
    toScan: scan + 21,
    peak: 1.5,
    widthScans: 4,
    cut: false,
    timeNs: String(2_000_000_000 + number),
    ...more,
  } satisfies CaptureEvent,
});

/** Two runs of scans: 100 … 149 and 1,000 … 1,049. */
const journal = (events: JournalSummary["events"]): JournalSummary => ({
  ...readJournal(new Uint8Array()),
  faults: [],
  header: facts,
  samples: 100,
  segments: 2,
  captures: [
    { sample: 0, scan: 100, blockTimeNs: 1n, scansToBlockEnd: 50, gap: null },
    {
      ...{ sample: 50, scan: 1000, blockTimeNs: 2n, scansToBlockEnd: 50 },
      gap: { grade: "exact", cause: "not-recorded", lost: 0, lostMin: 0, lostMax: 0 },
    },
  ],
  proofs: [{ sample: 0, grade: "exact", evidence: "transport" }],
  events,
});

const built = (summary: JournalSummary) =>
  buildMetadata(facts, facts.outputs[0]!, { journal: summary, status: "complete" });

describe("captures around a trigger", () => {
  const missed = { sample: 0, timeNs: 0n, json: { kind: "missed", count: 7 } };
  const two = journal([event(1, 120), missed, event(2, 1015, { peak: null, cut: true })]);

  it("are annotations of a recording that any tool can read", () => {
    const metadata = built(two);
    expect(metadataFaults(metadata, "bench")).toEqual([]);
    expect(metadata.global["iio:continuity"]).toMatchObject({ grade: "exact", gaps: 0, lost: 0 });
    expect(metadata.annotations).toMatchObject([
      {
        "core:sample_start": 10,
        "core:sample_count": 31,
        "core:label": "Capture 1",
        "core:comment": "Trigger 1: peak 1.5 V, 4 ms wide",
        "iio:trigger_sample": 20,
        "iio:width": 0.004,
        "iio:datetime": "2026-11-20T12:41:08.000000001Z",
      },
      {
        "core:sample_start": 55,
        "core:sample_count": 31,
        "core:comment": "Trigger 2: no peak, ≥ 4 ms wide",
        "iio:trigger_sample": 65,
        "iio:peak": null,
        "iio:cut": true,
      },
    ]);
  });

  it("come back as they were", () => {
    const { triggered } = readMetadata(JSON.parse(JSON.stringify(built(two))));
    expect(triggered).toMatchObject({ trigger: captures!.trigger, missed: 7, limit: null });
    expect(triggered!.captures).toMatchObject([
      { number: 1, scan: 120, fraction: 0.25, fromScan: 110, toScan: 141, sample: 20, peak: 1.5 },
      { number: 2, scan: 1015, peak: null, widthSeconds: 0.004, widthScans: 4, cut: true },
    ]);
    expect(readMetadata({ global: { "core:datatype": "ri16_le" } }).triggered).toBeNull();
  });

  it("end where a recording that was cut off ends, and are none beyond", () => {
    const cut = built(fitSummary(two, 60));
    expect(cut.annotations).toMatchObject([
      { "iio:capture": 1 },
      { "iio:capture": 2, "core:sample_start": 55, "core:sample_count": 5, "iio:to_scan": 1010 },
    ]);
    expect(metadataFaults(cut, "bench")).toEqual([]);
    const one = built(fitSummary(two, 55));
    expect(one.annotations).toHaveLength(1);
    expect(one.global["iio:captures"]).toMatchObject({ count: 1, missed: 7 });
  });

  it("are found among many", () => {
    const many = journal(
      Array.from({ length: 20_000 }, (_, at) => event(at + 1, 1000 + (at % 50), {})),
    );
    expect(built(many).annotations).toHaveLength(20_000);
  });
});

describe("figures of a capture", () => {
  it("have the unit of the trace, and say what was cut off", () => {
    expect(formatPeak(0.0125, "V")).toBe("12.5 mV");
    expect(formatPeak(-1200, "")).toBe("−1,200");
    expect(formatPeak(21.5, "°C")).toBe("21.5 °C");
    expect(formatPeak(null, "V")).toBe("–");
    const width = { widthSeconds: 12.5e-6, widthScans: 12.5, cut: false };
    expect(formatWidth(width)).toBe("12.5 µs");
    expect(formatWidth({ ...width, widthSeconds: null, cut: true })).toBe("≥ 12.5 scans");
  });
});
