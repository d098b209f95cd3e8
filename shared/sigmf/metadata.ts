/**
 * `.sigmf-meta` and `.sigmf-collection` from the facts of the start and the journal. One function for a recording that
 * runs, one that ended and one that is recovered after a crash. The `iio:` fields are described in
 * docs/iio.sigmf-ext.md.
 */
import { formatAttributeName } from "../device.js";
import type { ChannelInfo } from "../device.js";
import type { StudioError } from "../errors.js";
import type { JournalSummary } from "../journal-summary.js";
import { formatScanFormat } from "../parse-format.js";
import type { ScanFormat } from "../scan-format.js";
import { channelUnit } from "../units.js";
import { eventsOf, makeAnnotations, makeCaptures } from "./captures.js";
import { continuityFields } from "./continuity.js";
import { makeMarks } from "./marks.js";
import { secondsFields } from "./seconds.js";
import { captureFields, makeTriggered } from "./triggered.js";
import { IIO_EXTENSION_VERSION, SIGMF_VERSION, outputBaseName } from "./types.js";
import type {
  PlannedOutput,
  RecordingFacts,
  SigmfCollection,
  SigmfMetadata,
  SigmfObject,
} from "./types.js";

export interface MetadataState {
  /** Of what the output's file holds (`cutSummary`, `fitSummary`). */
  journal: JournalSummary;
  status: "recording" | "complete" | "recovered";
  /** Why it ended, if not because the user said so. */
  error?: StudioError | null;
  /** Of the data file, 128 hexadecimal digits, once it is known. */
  sha512?: string;
  /** Base name now, if it was changed since the start. */
  name?: string;
}

/** Says that the SHA-512 of the data was asked for and is still to be worked out. */
export const HASH_PENDING = "iio:hash_pending";

/** Of a collection: its recordings are parts, one behind the other. */
export const PARTS = "iio:parts";

const EXTENSIONS = [{ name: "iio", version: IIO_EXTENSION_VERSION, optional: true }];

export function buildMetadata(
  facts: RecordingFacts,
  output: PlannedOutput,
  state: MetadataState,
): SigmfMetadata {
  return {
    global: {
      ...coreGlobal(facts, output, state),
      ...iioGlobal(facts, output, state),
    },
    captures: makeCaptures(facts, output, state.journal),
    annotations: output.role === "samples" ? annotationsOf(facts, state.journal) : [],
  };
}

/** SigMF wants them in the order of their samples. */
function annotationsOf(facts: RecordingFacts, journal: JournalSummary): SigmfObject[] {
  const start = (one: SigmfObject): number => one["core:sample_start"] as number;
  return [
    ...makeMarks(facts, journal),
    ...makeTriggered(facts, journal),
    ...makeAnnotations(facts, journal),
  ].sort((a, b) => start(a) - start(b));
}

function coreGlobal(
  facts: RecordingFacts,
  output: PlannedOutput,
  state: MetadataState,
): SigmfObject {
  const rate = facts.rateHz;
  const description = noteOf(facts, state.journal);
  return {
    "core:datatype": output.datatype,
    "core:version": SIGMF_VERSION,
    "core:num_channels": output.numChannels,
    // The schema allows 1 to 1e12; iio:sample_rate holds any.
    ...(rate !== null && rate >= 1 && rate <= 1e12 ? { "core:sample_rate": rate } : {}),
    "core:recorder": `${facts.recorder.name} ${facts.recorder.version}`,
    ...textFields({ "core:hw": hardwareText(facts), "core:description": description }),
    ...(facts.outputs.length > 1 ? { "core:collection": state.name ?? facts.name } : {}),
    ...(state.sha512 ? { "core:sha512": state.sha512 } : {}),
    "core:extensions": EXTENSIONS,
  };
}

function iioGlobal(
  facts: RecordingFacts,
  output: PlannedOutput,
  state: MetadataState,
): SigmfObject {
  const measured = eventsOf(state.journal, "measured").at(-1)?.event;
  return {
    "iio:state": state.status,
    ...(state.error ? { "iio:end_reason": state.error.message } : {}),
    ...(isHashPending(facts, state) ? { [HASH_PENDING]: true } : {}),
    "iio:samples": state.journal.samples,
    ...secondsFields(facts, state.journal.samples, {
      clockSeconds: measured?.clockSeconds ?? null,
      rateMeasuredHz: state.journal.rateMeasuredHz,
    }),
    ...textFields({
      "iio:kernel": facts.facts.kernel,
      "iio:driver": facts.facts.driver,
      "iio:context": facts.facts.uri,
      "iio:timestamp_clock": facts.facts.timestampClock,
      "iio:sample_rate_source": facts.rateSource,
      "iio:continues": continuesOf(facts, state.journal),
      "iio:group": facts.group ?? "",
    }),
    ...(facts.part ? { "iio:part": facts.part } : {}),
    "iio:device": facts.device,
    "iio:linked_devices": facts.linked,
    "iio:buffer": facts.buffer,
    "iio:sample_rate": facts.rateHz,
    "iio:sample_rate_measured": state.journal.rateMeasuredHz,
    "iio:timestamp_jitter": measured?.jitterSeconds ?? null,
    "iio:device_trigger": facts.deviceTrigger,
    "iio:transport": {
      path: facts.transport.kind,
      heap: facts.transport.heap,
      reason: facts.transport.why,
    },
    "iio:block": {
      bytes: facts.geometry.payloadBytes,
      count: facts.geometry.blockCount,
      queued: facts.geometry.queueDepth,
      scan_bytes: facts.layout.scanBytes,
    },
    "iio:clocks": {
      monotonic_ns: facts.clocks.monotonicNs,
      realtime_ns: facts.clocks.realtimeNs,
    },
    "iio:continuity": continuityFields(facts, state.journal),
    ...captureFields(facts, state.journal),
    "iio:channels": channelFields(facts, output),
    "iio:attributes": output.role === "samples" ? attributeFields(facts) : [],
  };
}

function channelFields(facts: RecordingFacts, output: PlannedOutput): SigmfObject[] {
  return output.channels.map((planned) => {
    const element = facts.layout.elements[planned.element]!;
    const channel = facts.channels.find((candidate) => candidate.id === planned.id);
    return {
      channel: planned.channel,
      component: planned.component,
      id: planned.id,
      label: channel?.label ?? "",
      type: channel?.type ?? "",
      modifier: channel?.modifier ?? "",
      index: element.index,
      repeat: planned.repeat,
      format: formatScanFormat(element),
      ...(output.stored ? { stored: storedFields(element) } : {}),
      ...scalingFields(channel),
    };
  });
}

/** Where a value lies in the words of the file. */
function storedFields({ storageBits, bits, shift, kind, endianness }: ScanFormat): SigmfObject {
  return {
    ...{ storage_bits: storageBits, bits, shift },
    signed: kind !== "u",
    big_endian: storageBits > 8 && endianness === "be",
  };
}

function scalingFields(channel: ChannelInfo | undefined): SigmfObject {
  if (!channel) return {};
  const abi = channelUnit(channel.type, channel.modifier).abi;
  if (!channel.scaled) return { scaled: false };
  return {
    scaled: true,
    scale: channel.scale,
    offset: channel.offset,
    abi_unit: abi,
    unit_factor: channel.unitFactor,
    unit: channel.unit,
  };
}

function attributeFields(facts: RecordingFacts): SigmfObject[] {
  return facts.attributes.map((attribute) => ({
    device: attribute.device,
    device_name: attribute.deviceName,
    name: formatAttributeName(attribute.scope, attribute.name),
    ...(attribute.state === "ok"
      ? { value: attribute.raw.trim(), ...(attribute.unit ? { unit: attribute.unit } : {}) }
      : { not_read: attribute.error ?? "not read in time" }),
  }));
}

function hardwareText(facts: RecordingFacts): string {
  const { hardware, driver } = facts.facts;
  const device = facts.device.label || facts.device.name;
  const parts = [hardware, driver && driver !== device ? `${device} (${driver})` : device];
  return parts.filter((part) => part !== "").join(", ");
}

/** The note as it stands now: written at the start or changed while it ran. */
export function noteOf(facts: RecordingFacts, journal: Pick<JournalSummary, "events">): string {
  return eventsOf(journal, "note").at(-1)?.event.note ?? facts.note;
}

/** While it runs there is nothing to hash yet. */
function isHashPending(facts: RecordingFacts, state: MetadataState): boolean {
  return facts.hash && state.sha512 === undefined && state.status !== "recording";
}

/** Base name, as it is now, of the recording that this one continues; "" if none. */
export function continuesOf(
  facts: RecordingFacts,
  journal: Pick<JournalSummary, "events">,
): string {
  return eventsOf(journal, "continues").at(-1)?.event.name ?? facts.continues ?? "";
}

function textFields(fields: Record<string, string>): SigmfObject {
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ""));
}

/** `hashes`: SHA-512 of each output's finished `.sigmf-meta`, in the order of the facts' outputs. */
export function buildCollection(
  facts: RecordingFacts,
  hashes: readonly { suffix: string; sha512OfMeta: string }[],
  state: Pick<MetadataState, "journal" | "name">,
): SigmfCollection {
  const name = state.name ?? facts.name;
  return {
    collection: {
      "core:version": SIGMF_VERSION,
      ...textFields({ "core:description": noteOf(facts, state.journal) }),
      "core:extensions": EXTENSIONS,
      "core:streams": hashes.map(({ suffix, sha512OfMeta }) => ({
        name: outputBaseName(name, { suffix }),
        hash: sha512OfMeta,
      })),
    },
  };
}

/** Of the parts of a recording. `hash`: SHA-512 of the finished `.sigmf-meta`. */
export function buildPartsCollection(
  members: readonly { name: string; hash: string }[],
  { note, kept, deleted }: { note: string; kept: readonly string[]; deleted: object | null },
): SigmfCollection {
  return {
    collection: {
      "core:version": SIGMF_VERSION,
      ...textFields({ "core:description": note }),
      "core:extensions": EXTENSIONS,
      [PARTS]: true,
      ...(kept.length > 0 ? { "iio:kept": kept } : {}),
      ...(deleted ? { "iio:deleted": deleted } : {}),
      "core:streams": members,
    },
  };
}

/** Metadata files are for people too: indented, with a newline at the end. */
export function metadataText(json: SigmfMetadata | SigmfCollection): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}
