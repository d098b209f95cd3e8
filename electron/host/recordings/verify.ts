/** Reads what a recording consists of and asks shared/ whether it is what it says. */
import { createHash } from "node:crypto";
import { open, readFile, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { toStudioError } from "../../../shared/errors.js";
import { JournalReader, type JournalSegment } from "../../../shared/journal.js";
import { JournalSummaryBuilder, samplesInFile } from "../../../shared/journal-summary.js";
import {
  sampleBytes,
  verifyRecording as judge,
  type FoundJournal,
  type FoundRecording,
  type Verdict,
} from "../../../shared/sigmf/verify.js";
import { isObject } from "../../../shared/sigmf/fields.js";
import { readGroup } from "../../../shared/sigmf/group.js";
import { PARTS } from "../../../shared/sigmf/metadata.js";
import { readMetadata, type OpenedRecording } from "../../../shared/sigmf/read.js";
import { toNumericLayout } from "../../../shared/layout.js";
import type { SampleRun } from "../../../shared/sigmf/verify-strips.js";
import { startDataJob, type DataJob, type DataPiece } from "./data-worker.js";
import { verifyGroup } from "./group-verify.js";
import { readPieces } from "./journal-pieces.js";
import { memberNames } from "./members.js";
import { baseOf, COLLECTION, DATA, INDEX, JOURNAL, META } from "./names.js";
import { readSideIndex } from "./side-index.js";
import { verifyParts } from "./verify-parts.js";

/** Samples with the CRC32C they should have. */
type CheckedRun = SampleRun & { crc32c: number };

export interface VerifyReport extends Verdict {
  name: string;
}

/** `base`: path without ending, absolute. `.sigmf-meta` and the like may stand behind it. */
export async function verifyRecording(base: string): Promise<VerifyReport> {
  const path = baseOf(base);
  const [folder, name] = [dirname(path), basename(path)];
  const collectionText = await readFile(join(folder, name + COLLECTION), "utf8").catch(() => null);
  const collection = collectionText === null ? undefined : parse(collectionText);
  const inner = isObject(collection) ? collection["collection"] : null;
  if (isObject(inner) && inner[PARTS] === true) {
    return verifyParts(folder, name, inner, (part) =>
      part === name ? verifyOne(folder, name, undefined) : verifyRecording(join(folder, part)),
    );
  }
  const group = readGroup(collection);
  if (group) return verifyGroup(folder, name, collection, group, verifyRecording);
  return verifyOne(folder, name, collection);
}

async function verifyOne(folder: string, name: string, collection: unknown): Promise<VerifyReport> {
  const found = await readSegments(join(folder, name + JOURNAL));
  const journal = "unread" in found ? null : found.journal;
  const members = membersOf(name, collection);
  const recordings: FoundRecording[] = [];
  let compared: ComparedJournal = {};
  for (const member of members) {
    const first = recordings.length === 0 ? journal : null;
    const found = await readMember(folder, member, first);
    if (found === null) continue;
    recordings.push(found.recording);
    compared = found.journal ?? compared;
  }
  const foundJournal: FoundJournal | null = journal && {
    name: name + JOURNAL,
    summary: journal.summary,
    ...compared,
  };
  const verdict = judge({
    name,
    recordings,
    ...(collection === undefined ? {} : { collection }),
    journal: foundJournal,
  });
  const faults = "unread" in found ? [...verdict.faults, found.unread] : verdict.faults;
  return { name, ...verdict, faults };
}

/** A collection that can't be read is a fault of its own. */
function membersOf(name: string, collection: unknown): string[] {
  try {
    return memberNames(name, collection);
  } catch {
    return [name];
  }
}

interface ReadJournal {
  summary: ReturnType<JournalSummaryBuilder["summary"]>;
  segments: JournalSegment[];
}

/** `unread`: it is there, and why it can't be read: a fault. */
async function readSegments(
  path: string,
): Promise<{ journal: ReadJournal | null } | { unread: string }> {
  try {
    const file = await open(path, "r");
    return { journal: await segmentsOf(file).finally(() => file.close()) };
  } catch (error) {
    const { code, message } = toStudioError(error);
    if (code === "ENOENT") return { journal: null };
    return { unread: `${basename(path)}: the journal can't be read: ${message}.` };
  }
}

async function segmentsOf(file: FileHandle): Promise<ReadJournal> {
  const reader = new JournalReader();
  const builder = new JournalSummaryBuilder();
  const segments: JournalSegment[] = [];
  await readPieces(file, reader, (record) => {
    builder.add(record);
    if (record.kind === "segment") segments.push(record.segment);
  });
  const summary = builder.summary();
  if (reader.fault) summary.faults.push(reader.fault);
  if (summary.header === null) summary.faults.push("The journal has no header.");
  return { summary, segments };
}

/** null: neither metadata nor data are there. */
async function readMember(
  folder: string,
  name: string,
  journal: ReadJournal | null,
): Promise<{ recording: FoundRecording; journal?: ComparedJournal } | null> {
  const dataPath = join(folder, name + DATA);
  const dataBytes = await stat(dataPath).then(
    ({ size }) => size,
    () => null,
  );
  let text: Buffer;
  try {
    text = await readFile(join(folder, name + META));
  } catch (error) {
    if (dataBytes === null) return null;
    const { message } = toStudioError(error);
    return { recording: { name, meta: undefined, metaError: message, dataBytes } };
  }
  const meta = parse(text.toString("utf8"));
  const recording: FoundRecording = {
    name,
    meta,
    ...(meta === undefined ? { metaError: "it is no JSON" } : {}),
    sha512OfMeta: createHash("sha512").update(text).digest("hex"),
    dataBytes,
  };
  if (dataBytes === null) return { recording };
  const global = ((meta ?? {}) as { global?: Record<string, unknown> }).global ?? {};
  const scanBytes = sampleBytes(global);
  const segments = journal ? segmentsIn(journal, scanBytes, dataBytes) : [];
  const index = await readIndex(folder, name, meta, dataBytes);
  const strips = index?.strips ?? [];
  const job: DataJob = {
    path: dataPath,
    hash: typeof global["core:sha512"] === "string",
    segments: segments.map((segment) => pieceOf(segment, scanBytes ?? 0, 0)),
    strips: strips.map((strip) => pieceOf(strip, index?.scanBytes ?? 0, index?.headerBytes ?? 0)),
  };
  const { sha512, wrongSegments, wrongStrips } = await startDataJob(job, () => {}).result;
  if (sha512 !== null) recording.sha512OfData = sha512;
  if (index)
    recording.index = {
      name: name + INDEX,
      fault: index.fault,
      strips: strips.length,
      covers: endOf(strips.at(-1)),
      wrong: wrongStrips.map((at) => strips[at]!),
    };
  if (!journal) return { recording };
  const wrong = wrongSegments.map((at) => segments[at]!);
  return { recording, journal: { wrongSegments: wrong, compared: endOf(segments.at(-1)) } };
}

type ComparedJournal = Pick<FoundJournal, "wrongSegments" | "compared">;

function endOf(run: SampleRun | undefined): number {
  return run ? run.sample + run.scanCount : 0;
}

function pieceOf(run: CheckedRun, scanBytes: number, headerBytes: number): DataPiece {
  const { sample, scanCount, crc32c } = run;
  return { at: headerBytes + sample * scanBytes, bytes: scanCount * scanBytes, crc: crc32c };
}

/** Its strips as far as the data file holds them. */
async function readIndex(
  folder: string,
  name: string,
  meta: unknown,
  dataBytes: number,
): Promise<{
  strips: CheckedRun[];
  fault: string | null;
  scanBytes: number;
  headerBytes: number;
} | null> {
  let opened: OpenedRecording;
  try {
    opened = readMetadata(meta);
  } catch {
    return null; // the metadata are a fault of their own
  }
  const layout = toNumericLayout(opened.layout);
  const index = await readSideIndex(join(folder, name + INDEX), layout);
  if (!index) return null;
  const { scanBytes } = layout;
  const { headerBytes } = opened;
  const samples = Math.floor((dataBytes - headerBytes) / scanBytes);
  const strips = index.strips
    .map(({ sample, scans, crc32c }) => ({ sample, scanCount: scans, crc32c }))
    .filter((strip) => endOf(strip) <= samples);
  const longer = strips.length < index.strips.length;
  const fault =
    index.fault ?? (longer ? "it tells of more samples than the data file holds" : null);
  return { strips, fault, scanBytes, headerBytes };
}

/** Where each segment lies in the first data file. The last one of a recording cut off says nothing. */
function segmentsIn(
  { summary, segments }: ReadJournal,
  scanBytes: number | null,
  dataBytes: number,
): JournalSegment[] {
  if (scanBytes === null) return [];
  const samples = samplesInFile(summary, { bytes: dataBytes, scanBytes });
  return segments.filter((segment) => endOf(segment) <= samples);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
