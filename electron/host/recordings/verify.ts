/** Reads what a recording consists of and asks shared/ whether it is what it says. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
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
import { PARTS } from "../../../shared/sigmf/metadata.js";
import { startDataJob, type DataJob } from "./data-worker.js";
import { readGroup } from "../../../shared/sigmf/group.js";
import { verifyGroup } from "./group-verify.js";
import { memberNames } from "./members.js";
import { COLLECTION, DATA, JOURNAL, META } from "./names.js";
import { verifyParts } from "./verify-parts.js";

export interface VerifyReport extends Verdict {
  name: string;
}

/** `base`: path without ending, absolute. `.sigmf-meta` and the like may stand behind it. */
export async function verifyRecording(base: string): Promise<VerifyReport> {
  const path = base.replace(/\.(sigmf-(meta|data|collection)|iio-journal)$/, "");
  const [folder, name] = [dirname(path), basename(path)];
  const collectionText = await readFile(join(folder, name + COLLECTION), "utf8").catch(() => null);
  const collection = collectionText === null ? undefined : parse(collectionText);
  const inner = isObject(collection) ? collection["collection"] : null;
  if (isObject(inner) && inner[PARTS] === true) {
    return verifyParts(folder, name, inner, verifyRecording);
  }
  const group = readGroup(collection);
  if (group) return verifyGroup(folder, name, collection, group, verifyRecording);
  const journal = await readSegments(join(folder, name + JOURNAL));
  const members = membersOf(name, collection);
  const recordings: FoundRecording[] = [];
  let wrongSegments: number[] | undefined;
  for (const member of members) {
    const first = recordings.length === 0 ? journal : null;
    const found = await readMember(folder, member, first);
    if (found === null) continue;
    recordings.push(found.recording);
    wrongSegments = found.wrongSegments ?? wrongSegments;
  }
  const foundJournal: FoundJournal | null = journal && {
    name: name + JOURNAL,
    summary: journal.summary,
    ...(wrongSegments === undefined ? {} : { wrongSegments }),
  };
  const verdict = judge({
    name,
    recordings,
    ...(collection === undefined ? {} : { collection }),
    journal: foundJournal,
  });
  return { name, ...verdict };
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

async function readSegments(path: string): Promise<ReadJournal | null> {
  const bytes = await readFile(path).catch(() => null);
  if (!bytes) return null;
  const reader = new JournalReader();
  const builder = new JournalSummaryBuilder();
  const segments: JournalSegment[] = [];
  for (const record of reader.push(bytes)) {
    builder.add(record);
    if (record.kind === "segment") segments.push(record.segment);
  }
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
): Promise<{ recording: FoundRecording; wrongSegments?: number[] } | null> {
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
  const job: DataJob = {
    path: dataPath,
    hash: typeof global["core:sha512"] === "string",
    segments: journal ? segmentsIn(journal, sampleBytes(global), dataBytes) : [],
  };
  const { sha512, wrongSegments } = await startDataJob(job, () => {}).result;
  if (sha512 !== null) recording.sha512OfData = sha512;
  return journal ? { recording, wrongSegments } : { recording };
}

/** Where each segment lies in the first data file. The last one of a recording cut off says nothing. */
function segmentsIn(
  { summary, segments }: ReadJournal,
  scanBytes: number | null,
  dataBytes: number,
): DataJob["segments"] {
  if (scanBytes === null) return [];
  const samples = samplesInFile(summary, { bytes: dataBytes, scanBytes });
  return segments
    .filter((segment) => segment.sample + segment.scanCount <= samples)
    .map((segment) => ({
      at: segment.sample * scanBytes,
      bytes: segment.scanCount * scanBytes,
      crc: segment.crc32c,
    }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
