/** What was asked of a recording of whole blocks, as annotations at the samples it means. */
import { formatCount } from "../figures.js";
import type { JournalSummary } from "../journal-summary.js";
import { formatDatetime } from "./time.js";
import type { RecordingFacts, RecordingMark, SigmfObject } from "./types.js";

const LABELS: Record<RecordingMark["kind"], string> = {
  kept: "Asked to keep",
  pressed: "Record pressed",
  scheduled: "Set to begin",
};

/**
 * One per mark, in the order of the facts. Those that lie beyond the recording stand at its edge. A recording that goes on
 * from another has none.
 */
export function makeMarks(facts: RecordingFacts, journal: JournalSummary): SigmfObject[] {
  if (journal.samples === 0) return [];
  return (facts.marks ?? []).map((mark) => {
    const start = Math.min(sampleOfScan(journal, mark.fromScan), journal.samples - 1);
    const end = mark.toScan === null ? null : sampleOfScan(journal, mark.toScan);
    const missing = (journal.captures[0]?.scan ?? 0) - mark.fromScan;
    const beganLate = mark.late || (mark.kind === "scheduled" && missing > 0);
    return {
      "core:sample_start": start,
      ...(end !== null && end > start ? { "core:sample_count": end - start } : {}),
      "core:label": beganLate ? "Began late" : LABELS[mark.kind],
      "core:comment": commentOf(mark, missing),
      "core:generator": `${facts.recorder.name} ${facts.recorder.version}`,
      "iio:mark": mark.kind,
      "iio:from_scan": mark.fromScan,
      ...(mark.toScan === null ? {} : { "iio:to_scan": mark.toScan }),
      "iio:datetime": formatDatetime(BigInt(mark.timeNs)),
    };
  });
}

/** Where a scan of the stream stands in the files: of one that was lost, where the next one does; 0 … samples. */
export function sampleOfScan(
  { captures, samples }: Pick<JournalSummary, "captures" | "samples">,
  scan: number,
): number {
  let at = -1;
  for (let past = captures.length; at + 1 < past;) {
    const middle = (at + 1 + past) >> 1;
    if (captures[middle]!.scan <= scan) at = middle;
    else past = middle;
  }
  if (at < 0) return 0;
  const { sample, scan: first } = captures[at]!;
  return Math.min(sample + Math.floor(scan - first), captures[at + 1]?.sample ?? samples);
}

function commentOf({ kind, late }: RecordingMark, missing: number): string {
  const less =
    missing > 0
      ? ` The first ${formatCount(Math.ceil(missing))} scans asked for were not there any more.`
      : "";
  if (kind === "kept") return `This span was asked for; whole blocks around it were kept.${less}`;
  if (kind === "pressed") {
    return "The recording was started here. What stands before comes from the history.";
  }
  if (late) {
    return "The recording was set for an earlier time, which the clock went over: the clock was set, or the computer slept. It was begun here instead.";
  }
  return missing > 0
    ? "The recording was set to begin before this sample, by the clock: nothing is there from that moment until here."
    : "The recording was set to begin here, by the clock. Whole blocks from the one that holds it are recorded.";
}
