/**
 * Whether a recording is what it says. Pure: the host reads files, works out hashes and CRCs, and hands over what it
 * found. One sentence per fault; `checked` says what was looked at, so that silence means something.
 */
import { plural } from "../figures.js";
import { fitSummary, samplesInFile } from "../journal-summary.js";
import type { JournalSummary } from "../journal-summary.js";
import { datatypeBytes, parseDatatype } from "./datatype.js";
import { isObject, number, objects, text } from "./fields.js";
import type { SigmfObject } from "./types.js";
import { collectionFaults, metadataFaults } from "./validate.js";
import { checkIndex, damageFaults, type FoundIndex, type SampleRun } from "./verify-strips.js";

/** One SigMF Recording as found on disk. */
export interface FoundRecording {
  /** Base name. */
  name: string;
  /** Parsed JSON; undefined if it could not be read or parsed (`metaError` says why). */
  meta: unknown;
  metaError?: string;
  /** SHA-512 of the bytes of the metadata file. */
  sha512OfMeta?: string;
  /** null: there is no data file. */
  dataBytes: number | null;
  /** SHA-512 of the data file, if it was worked out (only where the metadata state one). */
  sha512OfData?: string;
  /** Its side index; absent if there is none, or no data. */
  index?: FoundIndex;
}

export interface FoundJournal {
  name: string;
  summary: JournalSummary;
  /** Segments whose CRC32C differs from that of the first data file; absent if the data were not compared. */
  wrongSegments?: SampleRun[];
  /** Samples of the first data file that its segments were compared with. */
  compared?: number;
}

export interface VerifyFacts {
  /** Base name asked for. */
  name: string;
  recordings: FoundRecording[];
  /** Parsed collection; undefined if there is none. */
  collection?: unknown;
  journal: FoundJournal | null;
}

export interface Verdict {
  faults: string[];
  checked: string[];
  /** What is no fault of the data: a side index that does not match them, with the next step. */
  notes: string[];
}

export function verifyRecording(facts: VerifyFacts): Verdict {
  const faults: string[] = [];
  const checked: string[] = [];
  const notes: string[] = [];
  if (facts.recordings.length === 0)
    faults.push(`${facts.name}: there is no recording of this name.`);
  for (const recording of facts.recordings) checkRecording(recording, faults, checked);
  if (facts.collection !== undefined) checkCollection(facts, faults, checked);
  else checkLone(facts, faults);
  if (facts.journal) checkJournal(facts, facts.journal, faults, checked);
  facts.recordings.forEach((recording, at) => {
    const { index, meta } = recording;
    const journal = at === 0 ? facts.journal : null;
    const samples = number(globalOf(meta)["iio:samples"]);
    if (index) checkIndex(index, { samples, journal }, { faults, checked, notes });
  });
  return { faults: [...new Set(faults)], checked, notes };
}

function checkRecording(recording: FoundRecording, faults: string[], checked: string[]): void {
  const { name, meta } = recording;
  if (meta === undefined) {
    faults.push(`${name}: the metadata can't be read: ${recording.metaError ?? "no such file"}.`);
    return;
  }
  faults.push(...metadataFaults(meta, name));
  checked.push(`${name}: metadata against SigMF's rules`);
  const global = globalOf(meta);
  if (recording.dataBytes === null) {
    if (global["core:metadata_only"] !== true) faults.push(`${name}: the data file is missing.`);
    return;
  }
  checkLength(recording, global, faults, checked);
  checkHash(recording, global, faults, checked);
  checkGaps(name, global, objects((meta as SigmfObject)["captures"]), faults, checked);
}

function globalOf(meta: unknown): SigmfObject {
  return isObject(meta) && isObject(meta["global"]) ? meta["global"] : {};
}

/** Bytes of one sample of all channels, or null if the metadata do not say. */
export function sampleBytes(global: SigmfObject): number | null {
  const datatype = parseDatatype(text(global["core:datatype"]));
  const channels = number(global["core:num_channels"]) ?? 1;
  return datatype && channels >= 1 ? datatypeBytes(datatype) * channels : null;
}

function checkLength(
  recording: FoundRecording,
  global: SigmfObject,
  faults: string[],
  checked: string[],
): void {
  const { name, meta, dataBytes } = recording;
  const bytes = sampleBytes(global);
  if (bytes === null || dataBytes === null) return;
  const captures = objects((meta as SigmfObject)["captures"]);
  const around =
    captures.reduce((sum, capture) => sum + (number(capture["core:header_bytes"]) ?? 0), 0) +
    (number(global["core:trailing_bytes"]) ?? 0);
  const payload = dataBytes - around;
  if (payload % bytes !== 0)
    faults.push(`${name}: ${dataBytes} bytes of data are not whole samples of ${bytes} bytes.`);
  const samples = Math.floor(payload / bytes);
  const stated = number(global["iio:samples"]);
  if (stated !== null && stated !== samples && global["iio:state"] !== "recording")
    faults.push(`${name}: the data file holds ${samples} samples, the metadata say ${stated}.`);
  const offset = number(global["core:offset"]) ?? 0;
  for (const [kind, list] of [
    ["captures", captures],
    ["annotations", objects((meta as SigmfObject)["annotations"])],
  ] as const) {
    list.forEach((entry, at) => {
      const start = number(entry["core:sample_start"]) ?? 0;
      // An annotation may stand at the very end; a capture without a sample says nothing.
      const beyond = kind === "captures" ? start - offset >= samples : start - offset > samples;
      if (beyond && samples > 0)
        faults.push(`${name}: ${kind}[${at}] begins at sample ${start}, beyond the data.`);
    });
  }
  checked.push(`${name}: length of the data file`);
}

function checkHash(
  recording: FoundRecording,
  global: SigmfObject,
  faults: string[],
  checked: string[],
): void {
  const stated = text(global["core:sha512"]).toLowerCase();
  if (stated === "" || recording.sha512OfData === undefined) return;
  if (stated !== recording.sha512OfData.toLowerCase())
    faults.push(`${recording.name}: the data differ from the SHA-512 in the metadata.`);
  checked.push(`${recording.name}: SHA-512 of the data`);
}

/** Ours only: what the captures add up to must be what the verdict states. */
function checkGaps(
  name: string,
  global: SigmfObject,
  captures: SigmfObject[],
  faults: string[],
  checked: string[],
): void {
  const continuity = global["iio:continuity"];
  if (!isObject(continuity)) return;
  const gaps = captures.filter(
    (capture) => "iio:gap_grade" in capture && capture["iio:gap_cause"] !== "not-recorded",
  );
  const lost = gaps.reduce((sum, capture) => sum + (number(capture["iio:lost"]) ?? 0), 0);
  if (gaps.length !== number(continuity["gaps"]))
    faults.push(
      `${name}: the captures hold ${plural(gaps.length, "gap")}, the verdict says ${String(continuity["gaps"])}.`,
    );
  const stated = number(continuity["lost"]);
  if (stated !== null && stated !== lost)
    faults.push(
      `${name}: the captures add up to ${plural(lost, "lost scan")}, the verdict says ${stated}.`,
    );
  checked.push(`${name}: gaps against the verdict`);
}

function checkCollection(facts: VerifyFacts, faults: string[], checked: string[]): void {
  const { collection, name } = facts;
  faults.push(...collectionFaults(collection, name));
  const inner = isObject(collection) ? collection["collection"] : null;
  const streams = isObject(inner) ? objects(inner["core:streams"]) : [];
  for (const stream of streams) {
    const member = text(stream["name"]);
    const found = facts.recordings.find((recording) => recording.name === member);
    if (!found || found.meta === undefined) {
      faults.push(`${name}: the recording ${member} of the collection is missing.`);
      continue;
    }
    const stated = text(stream["hash"]).toLowerCase();
    if (found.sha512OfMeta !== undefined && stated !== found.sha512OfMeta.toLowerCase())
      faults.push(`${name}: the metadata of ${member} differ from the hash in the collection.`);
    const global = globalOf(found.meta);
    if (text(global["core:collection"]) !== name)
      faults.push(`${member}: core:collection does not name ${name}.`);
  }
  checked.push(`${name}: the collection and its hashes`);
}

function checkLone(facts: VerifyFacts, faults: string[]): void {
  for (const { name, meta } of facts.recordings) {
    const global = globalOf(meta);
    const collection = text(global["core:collection"]);
    if (collection !== "")
      faults.push(`${name}: the collection ${collection} it belongs to is missing.`);
  }
}

/** What the journal says of one file. */
function checkAgainst(
  { name, meta, dataBytes }: FoundRecording,
  journal: FoundJournal,
  faults: string[],
): void {
  const global = globalOf(meta);
  const scanBytes = sampleBytes(global);
  if (meta === undefined || scanBytes === null || dataBytes === null) return;
  const samples = samplesInFile(journal.summary, { bytes: dataBytes, scanBytes });
  const running = global["iio:state"] === "recording";
  const stated = number(global["iio:samples"]);
  if (stated !== null && stated !== samples && !running)
    faults.push(`${name}: the journal counts ${samples} samples, the metadata ${stated}.`);
  const { captures } = fitSummary(journal.summary, samples);
  const gaps = captures.filter((capture) => capture.gap !== null).length;
  const inMetadata = objects((meta as SigmfObject)["captures"]).filter(
    (capture) => "iio:gap_grade" in capture,
  ).length;
  if (gaps !== inMetadata && !running)
    faults.push(
      `${journal.name}: the journal holds ${plural(gaps, "gap")}, the metadata ${inMetadata}.`,
    );
}

function checkJournal(
  facts: VerifyFacts,
  journal: FoundJournal,
  faults: string[],
  checked: string[],
): void {
  const { summary, wrongSegments, name } = journal;
  faults.push(...summary.faults.map((fault) => `${name}: ${fault}`));
  for (const recording of facts.recordings) checkAgainst(recording, journal, faults);
  checked.push(`${name}: the journal against the metadata`);
  if (wrongSegments) {
    faults.push(...damageFaults(name, wrongSegments));
    checked.push(`${name}: CRC32C of ${plural(summary.segments, "segment")}`);
  }
}
