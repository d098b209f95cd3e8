/** A part that a later run recorded: its journal counts anew, its metadata go on, and say how long nobody recorded. */
import { describe, expect, it } from "vitest";
import { fitSummary, readJournal } from "../../shared/journal-summary.js";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import type { RecordingFacts } from "../../shared/sigmf/types.js";
import { metadataFaults } from "../../shared/sigmf/validate.js";
import { channelsOf, factsOf } from "./sigmf-fixture.js";
import { JournalWriter } from "./shared-journal-writer.js";

const adc = channelsOf(["voltage0", "le:s16/16"]);
type Hole = NonNullable<NonNullable<RecordingFacts["resumed"]>["hole"]>;
const unknown: Hole = { endedRealtimeNs: null, endedMonotonicNs: null };
const factsWith = (hole: Hole | null): RecordingFacts =>
  factsOf(adc, [], {
    continues: "take-part0001",
    part: { of: "take", number: 2 },
    resumed: { scanOffset: 70_000, ...(hole && { hole }) },
  });

/** A block of 100 scans at 1 kS/s, which ends 100 ms after the clocks were read, and one that came after a loss. */
function metaOf(facts: RecordingFacts, samples = 200) {
  const bytes = new JournalWriter()
    .header(facts)
    .proof(0, "exact", "transport")
    .segment({ scanCount: 100, timeNs: 1_100_000_000n })
    .event(100, 1_150_000_000n, {
      ...{ kind: "capture", number: 1, scan: 50, fraction: 0.5, fromScan: 0, toScan: 100 },
      ...{ peak: 1, widthScans: 3, cut: false, timeNs: "1050000000" },
    })
    .segment({
      ...{ sequence: 1, scan: 107, sample: 100, scanCount: 100, timeNs: 1_207_000_000n },
      gap: { grade: "exact", cause: "simulator", lost: 7, lostMin: 7, lostMax: 7 },
    })
    .bytes();
  const journal = fitSummary(readJournal(bytes), samples);
  const meta = buildMetadata(facts, facts.outputs[0]!, { journal, status: "complete" });
  expect(metadataFaults(meta, "take-part0002")).toEqual([]);
  return { journal, ...meta };
}

describe("a part behind a hole", () => {
  it("goes on counting where the part before ended, with a gap of unknown length at its head", () => {
    const { captures, global, journal } = metaOf(factsWith(unknown));
    expect(captures.map((one) => one["core:global_index"])).toEqual([70_000, 70_107]);
    expect(captures[0]).toMatchObject({
      "iio:gap_grade": "unknown",
      "iio:gap_cause": "resumed",
      "iio:lost": null,
      "iio:gap_seconds": null,
    });
    expect(captures[1]).toMatchObject({ "iio:gap_cause": "simulator", "iio:lost": 7 });
    expect(captures[1]).not.toHaveProperty("iio:gap_seconds");
    expect(global["iio:continuity"]).toMatchObject({ grade: "unknown", gaps: 2, lost: null });
    expect(global["iio:continues"]).toBe("take-part0001");
    expect(journal.events[0]!.json).toMatchObject({
      ...{ scan: 70_050, fromScan: 70_000, toScan: 70_100, fraction: 0.5 },
    });
  });

  it("says how long nobody recorded: by the clock that only goes forward, else by that on the wall", () => {
    const holeOf = (hole: Partial<Hole>) =>
      metaOf(factsWith({ ...unknown, ...hole })).captures[0]!["iio:gap_seconds"];
    // Its first sample was taken when the clocks were read: 1 s, and 1795178467 s.
    expect(holeOf({ endedMonotonicNs: "400000000" })).toBe(0.6);
    expect(holeOf({ endedMonotonicNs: "400000000", endedRealtimeNs: "1795178467900000000" })).toBe(
      0.6,
    );
    expect(holeOf({ endedRealtimeNs: "1795178400000000000" })).toBe(67);
    // Set back meanwhile.
    expect(holeOf({ endedRealtimeNs: "1795178468000000000" })).toBe(null);
  });

  it("has the hole before samples that no journal record tells of, too", () => {
    const facts = factsWith(unknown);
    const bytes = new JournalWriter().header(facts).proof(0, "exact", "transport").bytes();
    const { captures } = fitSummary(readJournal(bytes), 50);
    expect(captures).toMatchObject([{ sample: 0, scan: 70_000, gap: { cause: "resumed" } }]);
  });
});

describe("the next part of the same run", () => {
  it("counts on, and has no hole", () => {
    const { captures, global } = metaOf(factsWith(null));
    expect(captures[0]!["core:global_index"]).toBe(70_000);
    expect(captures[0]).not.toHaveProperty("iio:gap_grade");
    expect(global["iio:continuity"]).toMatchObject({ grade: "exact", gaps: 1, lost: 7 });
  });
});
