// Counts beyond 31 and 32 bits in a journal, as a recording leaves them that goes on for long.
import { expect, it } from "vitest";
import { JournalReader } from "../../shared/journal.js";
import { JournalSummaryBuilder } from "../../shared/journal-summary.js";
import { JournalWriter } from "./shared-journal-writer.js";

const limits = [2 ** 31, 2 ** 32, 2 ** 33 + 1];
const MOST_SCANS = 2 ** 32 - 1;

it("reads samples, scans, gaps and ends on either side of 2^31 and 2^32 as they were written", () => {
  for (const limit of limits) {
    const lost = limit + 5;
    const gap = { grade: "exact", cause: "counter", lost, lostMin: lost, lostMax: lost } as const;
    const writer = new JournalWriter().header({ name: "a" });
    for (let at = 0; at < limit - 100;) {
      const scanCount = Math.min(MOST_SCANS, limit - 100 - at);
      writer.segment({ sequence: at, scan: at, sample: at, scanCount });
      at += scanCount;
    }
    writer
      .segment({ sequence: limit - 1, scan: limit - 100, sample: limit - 100, scanCount: 200 })
      .segment({ sequence: limit, scan: 2 * limit + 105, sample: limit + 100, scanCount: 50, gap })
      .event(limit + 120, 1n, { kind: "note", text: "" })
      .end(limit + 150, 2n);
    const reader = new JournalReader();
    const builder = new JournalSummaryBuilder();
    const records = reader.push(writer.bytes());
    for (const record of records) builder.add(record);
    expect(reader.fault).toBeNull();
    const segments = records.flatMap((one) => (one.kind === "segment" ? [one.segment] : []));
    const [first, second] = segments.slice(-2);
    expect([first?.sample, first?.scan, first?.sequence]).toEqual([
      limit - 100,
      limit - 100,
      limit - 1,
    ]);
    expect([second?.sample, second?.scan, second?.gap?.lost]).toEqual([
      limit + 100,
      2 * limit + 105,
      lost,
    ]);
    const { faults, samples } = builder.summary();
    expect(samples).toBe(limit + 150);
    expect(faults).toEqual([]);
  }
});
