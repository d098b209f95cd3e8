/** Captures and annotations of a recording, from its journal. Nothing is inherited between captures: each says it all. */
import { formatAttributeName } from "../device.js";
import { soundCaptures } from "../journal-summary.js";
import type { JournalCapture, JournalEvent, JournalSummary } from "../journal-summary.js";
import { formatDatetime, scansToNs, toRealtimeNs } from "./time.js";
import type { PlannedOutput, RecordingEvent, RecordingFacts, SigmfObject } from "./types.js";

/** The first capture, one behind each gap, and one where the local oscillator was tuned. Sorted, one per sample. */
export function makeCaptures(
  facts: RecordingFacts,
  output: PlannedOutput,
  journal: JournalSummary,
): SigmfObject[] {
  const tunings = eventsOf(journal, "frequency");
  const starts = [
    ...soundCaptures(journal).map((capture) => ({
      sample: capture.sample,
      capture,
      gap: capture.gap,
    })),
    ...tunings.flatMap(({ sample }) => {
      const within = journal.captures.findLast((capture) => capture.sample <= sample);
      const known = !within || within.sample === sample || sample >= journal.samples;
      return known ? [] : [{ sample, capture: within, gap: null }];
    }),
  ].sort((a, b) => a.sample - b.sample);
  const once = starts.filter((start, at) => starts[at - 1]?.sample !== start.sample);
  return once.map(({ sample, capture, gap }) => ({
    "core:sample_start": sample,
    "core:global_index": capture.scan + (sample - capture.sample),
    "core:datetime": datetimeOf(facts, capture, sample - capture.sample),
    ...frequencyAt(facts, output, tunings, sample),
    ...(gap
      ? {
          "iio:gap_grade": gap.grade,
          "iio:gap_cause": gap.cause,
          "iio:lost": gap.grade === "unknown" ? null : gap.lost,
          "iio:lost_min": gap.lostMin,
          "iio:lost_max": gap.lostMax,
          ...(gap.cause === "resumed" ? { "iio:gap_seconds": holeSeconds(facts, capture) } : {}),
        }
      : {}),
  }));
}

/** From the last sample of the part before to the first of this one; null: the clocks don't tell. */
export function holeSeconds(facts: RecordingFacts, first: JournalCapture): number | null {
  const { endedMonotonicNs, endedRealtimeNs } = facts.resumed?.hole ?? {};
  const begunNs = takenNs(facts, first, 0);
  const ns = endedMonotonicNs
    ? begunNs - BigInt(endedMonotonicNs)
    : endedRealtimeNs
      ? toRealtimeNs(facts.clocks, begunNs) - BigInt(endedRealtimeNs)
      : -1n;
  // Below 0: the clock was set back meanwhile.
  return ns < 0n ? null : Number(ns) / 1e9;
}

/**
 * When the scan was taken: its block's completion less what came after it in the block, by the rate as set. Without a
 * rate it is the completion itself.
 */
function datetimeOf(facts: RecordingFacts, capture: JournalCapture, offset: number): string {
  return formatDatetime(toRealtimeNs(facts.clocks, takenNs(facts, capture, offset)));
}

/** CLOCK_MONOTONIC. */
function takenNs(facts: RecordingFacts, capture: JournalCapture, offset: number): bigint {
  return capture.blockTimeNs - scansToNs(capture.scansToBlockEnd - offset, facts.rateHz);
}

function frequencyAt(
  facts: RecordingFacts,
  output: PlannedOutput,
  tunings: readonly TypedEvent<"frequency">[],
  sample: number,
): SigmfObject {
  if (output.role !== "samples") return {};
  const hz = tunings.findLast((tuning) => tuning.sample <= sample)?.event.hz ?? facts.frequencyHz;
  return hz !== null && Math.abs(hz) <= 1e12 ? { "core:frequency": hz } : {};
}

/** Changes of attributes while it ran, each at the sample where it was made. */
export function makeAnnotations(facts: RecordingFacts, journal: JournalSummary): SigmfObject[] {
  return eventsOf(journal, "attribute")
    .map(({ sample, timeNs, event }) => ({
      "core:sample_start": sample,
      "core:label": shortLabel(event.name),
      "core:comment": `${event.deviceName} ${formatAttributeName(event.scope, event.name)} = ${event.raw.trim()}`,
      "core:generator": `${facts.recorder.name} ${facts.recorder.version}`,
      "iio:device": event.device,
      "iio:attribute": formatAttributeName(event.scope, event.name),
      "iio:value": event.raw.trim(),
      "iio:datetime": formatDatetime(toRealtimeNs(facts.clocks, timeNs)),
    }))
    .sort((a, b) => a["core:sample_start"] - b["core:sample_start"]);
}

/** The specification asks for at most 20 characters. */
function shortLabel(name: string): string {
  return name.length <= 20 ? name : `${name.slice(0, 19)}…`;
}

export interface TypedEvent<K extends RecordingEvent["kind"]> {
  sample: number;
  timeNs: bigint;
  event: Extract<RecordingEvent, { kind: K }>;
}

/** Events of one kind, in the order of the journal. What does not look like one is passed over. */
export function eventsOf<K extends RecordingEvent["kind"]>(
  journal: Pick<JournalSummary, "events">,
  kind: K,
): TypedEvent<K>[] {
  return journal.events
    .filter((event: JournalEvent) => (event.json as { kind?: unknown } | null)?.kind === kind)
    .map(({ sample, timeNs, json }) => ({
      sample,
      timeNs,
      event: json as TypedEvent<K>["event"],
    }));
}
