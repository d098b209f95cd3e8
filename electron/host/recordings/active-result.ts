/** What is said of a recording at its end: how much, what is missing, and how it came to the disk. */
import type { NativeRecordingStatus } from "../../../native/addon.js";
import type { StudioError } from "../../../shared/errors.js";
import { soundCaptures, type JournalSummary } from "../../../shared/journal-summary.js";
import type { RecordingResult } from "../../../shared/recording.js";
import { holeSeconds } from "../../../shared/sigmf/captures.js";
import { continuityOfRecording } from "../../../shared/sigmf/continuity.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";
import { captureResult, shortCaptures } from "./capture-result.js";
import { shortfallOf, type AskedSpan } from "./moment.js";
import { writeWayOf } from "./native-words.js";

export interface RecordedWhole {
  facts: RecordingFacts;
  /** Base name, as the user sees it. */
  name: string;
  last: NativeRecordingStatus;
  journal: JournalSummary;
  span: AskedSpan | undefined;
  /** Where no captures were looked for. */
  blocksNotSearched: number;
  /** Of the recorder and, since the start, of the run. */
  cpuSeconds: number;
  error: StudioError | null;
  files: string[];
}

export function resultOf(whole: RecordedWhole): RecordingResult {
  const { facts, name, last, journal, span, blocksNotSearched, cpuSeconds, error, files } = whole;
  const verdict = continuityOfRecording(facts, journal);
  const captures = captureResult(facts, journal, { name, blocksNotSearched });
  const shortfall =
    span && last.scans > 0 ? shortfallOf(span, last.firstScan) : shortCaptures(facts, captures);
  const unknown = verdict.grade === "unknown";
  return {
    name,
    samples: last.scans,
    bytes: last.bytes,
    seconds: keptSeconds(span, last) ?? last.seconds,
    lostSamples: unknown ? null : verdict.lost,
    continuity: verdict.grade,
    lostMin: verdict.lostMin,
    lostMax: unknown ? null : verdict.lostMax,
    gaps: gapsOf(journal),
    transport: facts.transport.kind,
    heap: facts.transport.heap,
    rateMeasuredHz: journal.rateMeasuredHz,
    cpuSeconds,
    copiesPerByte: last.copiesPerByte,
    ...writeWayOf(last),
    files,
    error,
    ...(shortfall && { shortfall }),
    ...(captures && { captures }),
    ...resumedFields(facts, journal),
  };
}

/** Of what was kept: its last write came when it was kept, not when it happened. null: it was recorded as it came. */
function keptSeconds(span: AskedSpan | undefined, { scans }: NativeRecordingStatus): number | null {
  return span && span.pressScan === undefined && scans > 0 ? scans / span.rateHz : null;
}

function resumedFields(facts: RecordingFacts, journal: JournalSummary): Partial<RecordingResult> {
  const [first] = journal.captures;
  if (!facts.resumed?.hole || !first || !facts.continues) return {};
  return { resumed: [{ from: facts.continues, holeSeconds: holeSeconds(facts, first) }] };
}

function gapsOf(journal: JournalSummary): RecordingResult["gaps"] {
  return soundCaptures(journal).flatMap(({ sample, gap }) =>
    gap && gap.cause !== "not-recorded"
      ? [
          {
            sampleStart: sample,
            lost: gap.grade === "unknown" ? null : gap.lost,
            lostMin: gap.lostMin,
            lostMax: gap.lostMax,
            grade: gap.grade,
          },
        ]
      : [],
  );
}
