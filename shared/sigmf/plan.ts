/**
 * Which files a recording consists of. Scans of one SigMF type without padding go out as they are. All else takes one
 * pass: shifted and narrow values are widened to the next whole type, sign-extended, little-endian; each I/Q pair gets a
 * recording of its own, values of different width too, and timestamps (64 bits, which SigMF lacks) become two u32. A
 * Collection ties several together, as the specification recommends. `raw`: words stay as the device stores them, shifted,
 * in its byte order, wherever SigMF has a type of their size.
 */
import type { ChannelPair } from "../device.js";
import { elementBytes, isUnpadded } from "../layout.js";
import { describeScanFormat } from "../parse-format.js";
import type { ScanFormat, ScanLayout } from "../scan-format.js";
import {
  datatypeBytes,
  exactDatatype,
  fillsStorage,
  formatDatatype,
  requireDatatype,
  storedDatatype,
} from "./datatype.js";
import type { Datatype } from "./datatype.js";
import type {
  NumberType,
  PlannedChannel,
  PlannedOutput,
  RecordingPlan,
  WrittenAs,
} from "./types.js";

/** The narrowest type at least as wide as the storage that holds every value. */
export function writtenAs(format: ScanFormat): NumberType {
  const { kind, bits, storageBits } = format;
  if (kind === "f") return storageBits === 64 ? "f64" : "f32";
  const sign = kind === "s" ? "i" : "u";
  if (storageBits === 8 || storageBits === 16) return `${sign}${storageBits}`;
  return bits <= 32 ? `${sign}32` : "i64-as-2u32";
}

/** What values become in a file. */
interface Form {
  as: WrittenAs;
  /** Of one value; of 64 bits that of a half. */
  datatype: Datatype;
  /** Files are named by it. */
  name: string;
}

function formOf(format: ScanFormat, raw: boolean): Form {
  const stored = raw ? storedDatatype(format) : null;
  if (stored) return { as: "stored", datatype: stored, name: `${stored.kind}${stored.bits}` };
  const as = writtenAs(format);
  const type = as === "i64-as-2u32" ? "u32" : as;
  const endianness = type.endsWith("8") ? "" : "_le";
  return { as, datatype: requireDatatype(`r${type}${endianness}`), name: as };
}

function sameForm(a: Form, b: Form): boolean {
  return a.as === b.as && formatDatatype(a.datatype) === formatDatatype(b.datatype);
}

/** Elements that stand together in one file, in output order. */
interface Group {
  name: string;
  role: PlannedOutput["role"];
  complex: boolean;
  form: Form;
  elements: number[];
}

export function planRecording(input: {
  layout: ScanLayout;
  pairs: readonly ChannelPair[];
  raw?: boolean;
}): RecordingPlan {
  const { layout, raw = false } = input;
  const samples = sampleGroups(layout, input.pairs, raw);
  const groups = [...samples];
  if (layout.timestamp >= 0) groups.push(timestampGroup(layout));
  const asItComes = groups.length === 1 ? verbatimOutput(layout, groups[0]!, raw) : null;
  if (asItComes) return { outputs: [asItComes], collection: false, notes: [] };

  const suffixes = uniqueSuffixes(groups, samples.length);
  const outputs = groups.map((group, at) => convertedOutput(layout, group, suffixes[at]!));
  return { outputs, collection: outputs.length > 1, notes: planNotes(layout, groups) };
}

function sampleGroups(layout: ScanLayout, pairs: readonly ChannelPair[], raw: boolean): Group[] {
  const forms = layout.elements.map((element) => formOf(element, raw));
  const groups: Group[] = [];
  const taken = new Set<number>(layout.timestamp >= 0 ? [layout.timestamp] : []);
  for (const pair of pairs) {
    const i = layout.elements.findIndex((element) => element.channel === pair.i);
    const q = layout.elements.findIndex((element) => element.channel === pair.q);
    if (i < 0 || q < 0 || taken.has(i) || taken.has(q)) continue;
    const form = forms[i]!;
    if (!sameForm(form, forms[q]!) || form.as === "i64-as-2u32") continue;
    if (layout.elements[i]!.repeat !== 1 || layout.elements[q]!.repeat !== 1) continue;
    taken.add(i).add(q);
    groups.push({
      name: pair.label || pair.id,
      role: "samples",
      complex: true,
      form,
      elements: [i, q],
    });
  }
  const byType: Group[] = [];
  forms.forEach((form, at) => {
    if (taken.has(at)) return;
    let group = byType.find((one) => sameForm(one.form, form));
    if (!group) {
      group = { name: form.name, role: "samples", complex: false, form, elements: [] };
      byType.push(group);
      groups.push(group);
    }
    group.elements.push(at);
  });
  for (const group of byType) {
    if (group.elements.length === 1) group.name = layout.elements[group.elements[0]!]!.channel;
  }
  return groups;
}

function timestampGroup(layout: ScanLayout): Group {
  return {
    name: "timestamp",
    role: "timestamps",
    complex: false,
    form: formOf(layout.elements[layout.timestamp]!, false),
    elements: [layout.timestamp],
  };
}

/** The group as one file of whole scans, if nothing about the scan keeps SigMF from holding it. */
function verbatimOutput(layout: ScanLayout, group: Group, raw: boolean): PlannedOutput | null {
  if (group.role === "timestamps" || !isUnpadded(layout)) return null;
  if (group.elements.some((element, at) => element !== at)) return null;
  const typeOf = raw ? storedDatatype : exactDatatype;
  const types = layout.elements.map((element) => typeOf(element));
  const first = types[0];
  if (!first || types.some((type) => !type || formatDatatype(type) !== formatDatatype(first)))
    return null;
  const datatype: Datatype = { ...first, complex: group.complex };
  return describeOutput(layout, group, datatype, { suffix: "", verbatim: true });
}

function convertedOutput(layout: ScanLayout, group: Group, suffix: string): PlannedOutput {
  const datatype: Datatype = { ...group.form.datatype, complex: group.complex };
  return describeOutput(layout, group, datatype, { suffix, verbatim: false });
}

function describeOutput(
  layout: ScanLayout,
  group: Group,
  datatype: Datatype,
  place: { suffix: string; verbatim: boolean },
): PlannedOutput {
  const channels = plannedChannels(layout, group);
  const stored =
    group.form.as === "stored" && group.elements.some((at) => !fillsStorage(layout.elements[at]!));
  const numChannels = Math.max(...channels.map((channel) => channel.channel)) + 1;
  return {
    suffix: place.suffix,
    datatype: formatDatatype(datatype),
    complex: group.complex,
    numChannels,
    scanBytes: numChannels * datatypeBytes(datatype),
    verbatim: place.verbatim,
    elements: place.verbatim
      ? []
      : group.elements.map((element) => ({ element, as: group.form.as })),
    channels,
    role: group.role,
    ...(stored && { stored }),
  };
}

function plannedChannels(layout: ScanLayout, group: Group): PlannedChannel[] {
  const channels: PlannedChannel[] = [];
  let next = 0;
  group.elements.forEach((element, at) => {
    const { channel: id, repeat: times } = layout.elements[element]!;
    if (group.complex) {
      channels.push({ id, element, repeat: 0, channel: 0, component: at === 0 ? "i" : "q" });
      return;
    }
    const parts =
      group.form.as === "i64-as-2u32" ? (["low", "high"] as const) : (["real"] as const);
    for (let repeat = 0; repeat < times; repeat++) {
      for (const component of parts)
        channels.push({ id, element, repeat, channel: next++, component });
    }
  });
  return channels;
}

/** A lone group of samples keeps the recording's own name, with timestamps beside it or without. */
function uniqueSuffixes(groups: readonly Group[], sampleGroupCount: number): string[] {
  const used = new Set<string>();
  return groups.map((group) => {
    if (group.role === "samples" && sampleGroupCount === 1) return "";
    if (groups.length === 1) return "";
    const base = `-${fileSafe(group.name)}`;
    let suffix = base;
    for (let n = 2; used.has(suffix); n++) suffix = `${base}-${n}`;
    used.add(suffix);
    return suffix;
  });
}

function fileSafe(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "channel";
}

function planNotes(layout: ScanLayout, groups: readonly Group[]): string[] {
  const notes: string[] = [];
  const complex = groups.filter((group) => group.complex).length;
  if (complex > 0 && groups.length > 1)
    notes.push("Each I/Q pair is written to a recording of its own.");
  if (groups.filter((group) => group.role === "samples" && !group.complex).length > 1)
    notes.push("Values of different types are written to recordings of their own.");
  if (layout.timestamp >= 0)
    notes.push("Timestamps are written to a recording of their own, as two 32-bit halves.");
  const kept = groups.filter(({ form }) => form.as === "stored").flatMap((one) => one.elements);
  const widened = layout.elements.filter(
    (element, at) => at !== layout.timestamp && !exactDatatype(element) && !kept.includes(at),
  );
  if (kept.some((at) => !fillsStorage(layout.elements[at]!)))
    notes.push("Words are kept as the device stores them.");
  const kinds = [...new Set(widened.map((element) => describeScanFormat(element)))];
  if (kinds.length > 0)
    notes.push(`SigMF has no type for ${kinds.join(", ")} values; they are widened.`);
  if (notes.length === 0 && layout.elements.some((element) => element.endianness === "be"))
    notes.push("Values of different byte order are written little-endian.");
  const used = layout.elements.reduce((sum, element) => sum + elementBytes(element), 0);
  if (notes.length === 0 && used !== layout.scanBytes)
    notes.push("Padding between the values is left out.");
  if (notes.length === 0) notes.push("I and Q are put in order.");
  return notes;
}
