/** Journals of small recordings, and what metadata are built of them. */
import { readJournal } from "../../shared/journal-summary.js";
import type { JournalGap } from "../../shared/journal.js";
import { JournalWriter } from "./shared-journal-writer.js";
import { channelsOf } from "./sigmf-fixture.js";

export const estimated: JournalGap = {
  grade: "estimated",
  cause: "dry-queue",
  lost: 100,
  lostMin: 60,
  lostMax: 140,
};
export const adc = channelsOf(["voltage0", "le:s16/16"], ["voltage1", "le:s16/16"]);

export function journal(...gaps: (JournalGap | null)[]): JournalWriter {
  const writer = new JournalWriter().header({}).proof(0, "estimated", "transport");
  let [scan, sample] = [5000, 0];
  // Blocks of 100 scans at 1 kS/s: the first completes 100 ms after the clocks were read.
  [null, ...gaps].forEach((gap, at) => {
    scan += gap?.lost ?? 0;
    writer.segment({
      sequence: at,
      scan,
      sample,
      scanCount: 100,
      timeNs: 1_100_000_000n + BigInt(at) * 100_000_000n,
      gap,
    });
    scan += 100;
    sample += 100;
  });
  return writer;
}

export const complete = (writer: JournalWriter) => ({
  journal: readJournal(writer.bytes()),
  status: "complete" as const,
});
