/** What a recording of captures answers at its end. Pure. */
import { CAPTURES_LISTED, type CaptureResult } from "../../../shared/capture.js";
import { formatCount } from "../../../shared/figures.js";
import type { JournalSummary } from "../../../shared/journal-summary.js";
import { captureInfo, capturesIn, missedIn, unlistedIn } from "../../../shared/sigmf/triggered.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";

/** null: it is none of captures. `name`: base name now. */
export function captureResult(
  facts: RecordingFacts,
  journal: JournalSummary,
  { name, blocksNotSearched }: { name: string; blocksNotSearched: number },
): CaptureResult | null {
  if (!facts.captures) return null;
  const all = capturesIn(journal);
  return {
    count: all.length + unlistedIn(journal),
    missed: missedIn(journal),
    trigger: facts.captures.trigger,
    blocksNotSearched,
    list: all.slice(0, CAPTURES_LISTED).map((event) => captureInfo(facts, event, name, journal)),
  };
}

/** What the user reads if captures begin later than asked; null: none does. Before the stream ran there was nothing. */
export function shortCaptures(
  facts: RecordingFacts,
  captures: CaptureResult | null,
): string | null {
  const before = facts.captures?.preScans ?? 0;
  const short = (captures?.list ?? []).filter(({ scan, fraction, fromScan }) => {
    const asked = Math.floor(scan + fraction - before);
    return fromScan > Math.max(0, asked);
  }).length;
  if (short === 0) return null;
  const which = short === 1 ? "One capture begins" : `${formatCount(short)} of the captures begin`;
  return `${which} later than asked: that was not in the history any more. Give the stream more memory, or take less time before the trigger.`;
}

/** Of parts, in their order; null: of none. */
export function joinCaptures(parts: readonly (CaptureResult | undefined)[]): CaptureResult | null {
  const known = parts.flatMap((one) => one ?? []);
  const [first] = known;
  if (!first) return null;
  return {
    trigger: first.trigger,
    count: known.reduce((sum, { count }) => sum + count, 0),
    missed: known.reduce((sum, { missed }) => sum + missed, 0),
    // Of the stream, since the first of them began.
    blocksNotSearched: known.reduce((most, one) => Math.max(most, one.blocksNotSearched), 0),
    list: known.flatMap(({ list }) => list).slice(0, CAPTURES_LISTED),
  };
}
