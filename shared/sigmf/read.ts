/**
 * Opening a recording, ours or any other program's: metadata → the layout of the data file, channels, captures.
 * Ours come back as they were on the device (ids, labels, scale, unit, pairs); of others each channel is `ch0`, `ch1`, ….
 */
import type { ChannelInfo, ChannelPair } from "../device.js";
import { fail } from "../errors.js";
import { formatCount } from "../figures.js";
import { JOURNAL_GRADES } from "../journal.js";
import { parseScanFormat } from "../parse-format.js";
import { makePair } from "../pairs.js";
import type { RecordedHow } from "../recording.js";
import type { LayoutElement, ScanFormat, ScanLayout } from "../scan-format.js";
import type { Continuity } from "../stream.js";
import { datatypeFormat, requireDatatype } from "./datatype.js";
import type { Datatype } from "./datatype.js";
import { count, isObject, objects, positive, text } from "./fields.js";
import { headerBytes, readCaptures } from "./read-captures.js";
import type { OpenedCapture } from "./read-captures.js";
import { HASH_PENDING } from "./metadata.js";
import { readAttributes, readHow } from "./read-how.js";
import type { ReadAttribute } from "./read-how.js";
import { parseDatetime } from "./time.js";
import { readTriggered } from "./triggered.js";
import type { ReadTriggered } from "./triggered.js";
import type { SigmfObject } from "./types.js";

/** Of one sample, in all channels: more the core does not take. */
const MOST_VALUES = 1024;
/** Of one channel that repeats its value. */
const MOST_REPEATS = 4096;

export interface OpenedRecording {
  datatype: string;
  /** Of the data file: elements without padding, as wide as the datatype; 64-bit values in one piece again. */
  layout: ScanLayout;
  channels: ChannelInfo[];
  pairs: ChannelPair[];
  rateHz: number | null;
  /** Bytes before the first sample (files of programs that put a header there). */
  headerBytes: number;
  captures: OpenedCapture[];
  /** What was recorded around a scope trigger; null: it is none of captures. */
  triggered: ReadTriggered | null;
  startedAtMs: number | null;
  note: string;
  recorder: string;
  hardware: string;
  /** At the start. */
  attributes: ReadAttribute[];
  how: RecordedHow;
  /** null: not one of ours. */
  state: "recording" | "complete" | "recovered" | null;
  continuity: Continuity | null;
  /** Base name of the collection it belongs to, or null. */
  collection: string | null;
  sha512: string | null;
  /** It was asked for and is still to be worked out. */
  hashPending: boolean;
}

/** Throws BAD_RECORDING with a sentence where the file can't be opened. */
export function readMetadata(json: unknown): OpenedRecording {
  if (!isObject(json) || !isObject(json["global"])) {
    throw fail(
      "BAD_RECORDING",
      "This is no SigMF metadata: it has no global object. Choose a .sigmf-meta file.",
    );
  }
  const global = json["global"];
  const datatype = requireDatatype(global["core:datatype"]);
  const captures = objects(json["captures"]);
  const ours = Array.isArray(global["iio:channels"]);
  const parts = ours
    ? ownParts(global, datatype)
    : foreignParts(datatype, positive(global["core:num_channels"]) ?? 1);
  const layout = fileLayout(parts);
  const channels = parts.map((part) => part.channel);
  return {
    datatype: String(global["core:datatype"]),
    layout,
    channels,
    pairs: pairsOf(parts),
    rateHz: positive(global["iio:sample_rate"]) ?? positive(global["core:sample_rate"]),
    headerBytes: headerBytes(captures),
    captures: readCaptures(captures, count(global["core:offset"]) ?? 0),
    triggered: readTriggered(global, objects(json["annotations"])),
    startedAtMs: startTime(captures),
    note: text(global["core:description"]),
    recorder: text(global["core:recorder"]),
    hardware: text(global["core:hw"]),
    attributes: readAttributes(global["iio:attributes"]),
    how: readHow(global),
    state: stateOf(global["iio:state"]),
    continuity: readContinuity(global["iio:continuity"]),
    collection: text(global["core:collection"]) || null,
    sha512: text(global["core:sha512"]) || null,
    hashPending: global[HASH_PENDING] === true,
  };
}

/** Names and metadata hashes of a collection, in its order. */
export function readCollection(json: unknown): { name: string; hash: string }[] {
  const collection = isObject(json) ? json["collection"] : null;
  if (!isObject(collection)) {
    throw fail(
      "BAD_RECORDING",
      "This is no SigMF collection: it has no collection object. Choose a .sigmf-collection file.",
    );
  }
  return objects(collection["core:streams"]).map((stream) => ({
    name: text(stream["name"]),
    hash: text(stream["hash"]),
  }));
}

/** One channel with its place in the file. */
interface Part {
  format: ScanFormat;
  channel: ChannelInfo;
  component: "real" | "i" | "q";
  /** SigMF channel. */
  at: number;
}

function ownParts(global: SigmfObject, datatype: Datatype): Part[] {
  const parts: Part[] = [];
  for (const entry of objects(global["iio:channels"])) {
    const component = text(entry["component"]);
    const repeat = count(entry["repeat"]) ?? 0;
    const last = parts.at(-1);
    if (component === "high") continue;
    if (repeat > 0 && last && last.channel.id === text(entry["id"])) {
      requireFewer(repeat + 1, MOST_REPEATS, "repeat in iio:channels");
      last.format.repeat = repeat + 1;
      continue;
    }
    const format = isObject(entry["stored"])
      ? storedFormat(entry["stored"], datatype, text(entry["id"]))
      : ownFormat(text(entry["format"]), datatype, component === "low");
    parts.push({
      format,
      channel: ownChannel(entry, format),
      component: component === "i" || component === "q" ? component : "real",
      at: count(entry["channel"]) ?? parts.length,
    });
  }
  return parts;
}

/** The value as it lies in the file, but with the bits that mean something on the device: they say where its range ends. */
function ownFormat(original: string, datatype: Datatype, halves: boolean): ScanFormat {
  const device = parseScanFormat(original);
  if (halves) {
    return { ...device, endianness: "le", storageBits: 64, repeat: 1, shift: 0 };
  }
  const format = datatypeFormat(datatype);
  const bits = format.kind === "f" ? format.bits : Math.min(device.bits, format.bits);
  return { ...format, bits };
}

/** The value within a word that is as the device stores it. */
function storedFormat(stored: SigmfObject, datatype: Datatype, channel: string): ScanFormat {
  const format = datatypeFormat(datatype);
  const bits = count(stored["bits"]) ?? 0;
  const shift = count(stored["shift"]) ?? 0;
  if (bits < 1 || bits + shift > format.storageBits) {
    throw fail(
      "BAD_RECORDING",
      `The metadata say that ${channel} has ${bits} bits shifted by ${shift}, which its datatype of ${format.storageBits} bits does not hold. ` +
        'Correct "stored" in iio:channels.',
    );
  }
  return { ...format, bits, shift };
}

function ownChannel(entry: SigmfObject, format: ScanFormat): ChannelInfo {
  const scaled = entry["scaled"] === true;
  return {
    id: text(entry["id"]),
    direction: "in",
    type: text(entry["type"]),
    modifier: text(entry["modifier"]),
    label: text(entry["label"]),
    scan: [{ buffer: 0, index: count(entry["index"]) ?? 0, format, enabled: true }],
    scale: scaled ? text(entry["scale"]) : "",
    offset: scaled ? text(entry["offset"]) : "",
    unitFactor: scaled ? (positive(entry["unit_factor"]) ?? 1) : 1,
    unit: scaled ? text(entry["unit"]) : "",
    scaled,
  };
}

function foreignParts(datatype: Datatype, numChannels: number): Part[] {
  requireFewer(numChannels * (datatype.complex ? 2 : 1), MOST_VALUES, "core:num_channels");
  const parts: Part[] = [];
  for (let at = 0; at < numChannels; at++) {
    for (const component of datatype.complex ? (["i", "q"] as const) : (["real"] as const)) {
      const format = datatypeFormat(datatype);
      const id = component === "real" ? `ch${at}` : `ch${at}_${component}`;
      const modifier = component === "real" ? "" : component;
      parts.push({
        format,
        component,
        at,
        channel: {
          id,
          direction: "in",
          type: "",
          modifier,
          label: "",
          scan: [{ buffer: 0, index: parts.length, format, enabled: true }],
          scale: "",
          offset: "",
          unitFactor: 1,
          unit: "",
          scaled: false,
        },
      });
    }
  }
  return parts;
}

/** `field`: what says that there are so many. */
function requireFewer(values: number, most: number, field: string): void {
  if (values <= most) return;
  throw fail(
    "BAD_RECORDING",
    `The metadata say that a sample has ${formatCount(values)} values, and at most ${formatCount(most)} can be read. ` +
      `Correct ${field} in the metadata file.`,
  );
}

/** Files have no padding: each element follows the one before. */
function fileLayout(parts: readonly Part[]): ScanLayout {
  let end = 0;
  const elements: LayoutElement[] = parts.map(({ format, channel }, index) => {
    const element = { ...format, channel: channel.id, index, offsetBytes: end };
    end += (format.storageBits / 8) * format.repeat;
    return element;
  });
  const timestamp = elements.findIndex(
    (element) => element.channel === "timestamp" && element.storageBits === 64,
  );
  return { scanBytes: end, elements, timestamp };
}

function pairsOf(parts: readonly Part[]): ChannelPair[] {
  return parts.flatMap((i) => {
    const q = parts.find((other) => other.component === "q" && other.at === i.at);
    return i.component === "i" && q ? [makePair(i.channel, q.channel, "modifier")] : [];
  });
}

function startTime(captures: SigmfObject[]): number | null {
  const ns = parseDatetime(captures[0]?.["core:datetime"]);
  return ns === null ? null : Number(ns / 1_000_000n);
}

function readContinuity(value: unknown): Continuity | null {
  if (!isObject(value)) return null;
  return {
    grade: JOURNAL_GRADES.find((name) => name === value["grade"]) ?? "unknown",
    gaps: count(value["gaps"]) ?? 0,
    lost: count(value["lost"]) ?? 0,
    lostMin: count(value["lost_min"]) ?? 0,
    lostMax: count(value["lost_max"]),
  };
}

function stateOf(value: unknown): OpenedRecording["state"] {
  return value === "recording" || value === "complete" || value === "recovered" ? value : null;
}
