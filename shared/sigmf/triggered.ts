/** Captures of a recording around the scope trigger: as journal events, as annotations, and read back. */
import type { CaptureInfo, CaptureTrigger } from "../capture.js";
import { formatDuration, formatSi, formatSignificant } from "../figures.js";
import type { JournalSummary } from "../journal-summary.js";
import { takesPrefix } from "../units.js";
import { eventsOf } from "./captures.js";
import { count, isObject, number, text } from "./fields.js";
import { sampleOfScan } from "./marks.js";
import { formatDatetime, toRealtimeNs } from "./time.js";
import type { CaptureEvent, RecordingFacts, SigmfObject } from "./types.js";

type Told = Pick<JournalSummary, "captures" | "events" | "samples">;

/** Of what the files hold: a span that was cut off ends with them, and one that lies beyond is no capture. */
export function capturesIn(journal: Told): CaptureEvent[] {
  const last = journal.captures.at(-1);
  if (!last) return [];
  const end = last.scan + (journal.samples - last.sample);
  return eventsOf(journal, "capture")
    .map(({ event }) => event)
    .filter(({ fromScan }) => fromScan < end)
    .map((event) => (event.toScan > end ? { ...event, toScan: end } : event))
    .sort((a, b) => a.number - b.number);
}

export function missedIn(journal: Pick<JournalSummary, "events">): number {
  return eventsOf(journal, "missed").at(-1)?.event.count ?? 0;
}

export function unlistedIn(journal: Pick<JournalSummary, "events">): number {
  return eventsOf(journal, "unlisted").at(-1)?.event.count ?? 0;
}

/** As it stands in the files. */
export function captureInfo(
  facts: RecordingFacts,
  event: CaptureEvent,
  recording: string,
  journal?: Told,
): CaptureInfo {
  const { number: index, scan, fraction, fromScan, toScan, peak, widthScans, cut } = event;
  const { rateHz } = facts;
  return {
    ...{ number: index, recording, scan, fraction, fromScan, toScan, peak, widthScans, cut },
    ...(journal && { sample: sampleOfScan(journal, event.scan) }),
    widthSeconds: rateHz && rateHz > 0 ? event.widthScans / rateHz : null,
    datetime: formatDatetime(toRealtimeNs(facts.clocks, BigInt(event.timeNs))),
  };
}

/** One per capture, where its span begins. */
export function makeTriggered(facts: RecordingFacts, journal: Told): SigmfObject[] {
  if (!facts.captures) return [];
  const { unit } = facts.captures.trigger;
  return capturesIn(journal).map((event) => {
    const info = captureInfo(facts, event, "", journal);
    const start = sampleOfScan(journal, event.fromScan);
    return {
      "core:sample_start": start,
      "core:sample_count": Math.max(1, sampleOfScan(journal, event.toScan) - start),
      "core:label": `Capture ${event.number}`.slice(0, 20),
      "core:comment": commentOf(info, unit),
      "core:generator": `${facts.recorder.name} ${facts.recorder.version}`,
      "iio:capture": event.number,
      "iio:from_scan": event.fromScan,
      "iio:to_scan": event.toScan,
      "iio:trigger_scan": event.scan,
      "iio:trigger_fraction": event.fraction,
      "iio:trigger_sample": info.sample ?? start,
      "iio:peak": event.peak,
      "iio:width": info.widthSeconds,
      "iio:width_samples": event.widthScans,
      "iio:cut": event.cut,
      "iio:datetime": info.datetime,
    };
  });
}

/** `1.234 V`; counts have no unit. */
export function formatPeak(peak: number | null, unit: string, digits = 4): string {
  if (unit !== "" && takesPrefix(unit)) return formatSi(peak, unit, digits);
  const figure = formatSignificant(peak, digits);
  return peak === null || unit === "" ? figure : `${figure} ${unit}`;
}

/** `12 µs`, or scans where no rate is known; `at least …` of one that was cut off. */
export function formatWidth(
  { widthSeconds, widthScans, cut }: Pick<CaptureInfo, "widthSeconds" | "widthScans" | "cut">,
  digits = 4,
): string {
  const width =
    widthSeconds === null
      ? `${formatSignificant(widthScans)} scans`
      : formatDuration(widthSeconds, digits);
  return cut ? `≥ ${width}` : width;
}

function commentOf(info: CaptureInfo, unit: string): string {
  const peak = info.peak === null ? "no peak" : `peak ${formatPeak(info.peak, unit)}`;
  return `Trigger ${info.number}: ${peak}, ${formatWidth(info)} wide`;
}

/** `iio:captures` of a recording of captures. */
export function captureFields(facts: RecordingFacts, journal: Told): SigmfObject {
  if (!facts.captures) return {};
  const { preScans, postScans, limit, trigger } = facts.captures;
  return {
    "iio:captures": {
      count: capturesIn(journal).length + unlistedIn(journal),
      missed: missedIn(journal),
      limit,
      before_samples: preScans,
      after_samples: postScans,
      trigger: {
        channel: trigger.trace.channel,
        part: trigger.trace.part,
        edge: trigger.edge,
        level: trigger.level,
        hysteresis: trigger.hysteresis,
        unit: trigger.unit,
      },
    },
  };
}

/** What an opened recording says of its captures. */
export interface ReadTriggered {
  trigger: CaptureTrigger;
  /** Also of those that are not listed. */
  count: number;
  missed: number;
  limit: number | null;
  captures: Omit<CaptureInfo, "recording">[];
}

/** null: it is none of captures. */
export function readTriggered(
  global: SigmfObject,
  annotations: readonly SigmfObject[],
): ReadTriggered | null {
  const fields = global["iio:captures"];
  if (!isObject(fields)) return null;
  const trigger = isObject(fields["trigger"]) ? fields["trigger"] : {};
  const part = (["magnitude", "phase"] as const).find((one) => one === trigger["part"]) ?? "value";
  const captures = annotations
    .flatMap((annotation) => captureOf(annotation) ?? [])
    .sort((a, b) => a.number - b.number);
  return {
    trigger: {
      trace: { channel: text(trigger["channel"]), part },
      edge: trigger["edge"] === "falling" ? "falling" : "rising",
      level: number(trigger["level"]) ?? 0,
      hysteresis: number(trigger["hysteresis"]) ?? 0,
      unit: text(trigger["unit"]),
    },
    count: count(fields["count"]) ?? captures.length,
    missed: count(fields["missed"]) ?? 0,
    limit: count(fields["limit"]),
    captures,
  };
}

function captureOf(annotation: SigmfObject): Omit<CaptureInfo, "recording"> | null {
  const index = count(annotation["iio:capture"]);
  const scan = number(annotation["iio:trigger_scan"]);
  const fromScan = number(annotation["iio:from_scan"]);
  const toScan = number(annotation["iio:to_scan"]);
  if (index === null || scan === null || fromScan === null || toScan === null) return null;
  const sample = count(annotation["iio:trigger_sample"]);
  return {
    number: index,
    scan,
    fraction: number(annotation["iio:trigger_fraction"]) ?? 0,
    fromScan,
    toScan,
    ...(sample !== null && { sample }),
    peak: number(annotation["iio:peak"]),
    widthSeconds: number(annotation["iio:width"]),
    widthScans: number(annotation["iio:width_samples"]) ?? 0,
    cut: annotation["iio:cut"] === true,
    datetime: text(annotation["iio:datetime"]),
  };
}
