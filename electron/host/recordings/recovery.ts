/**
 * Recordings that were cut off (the program was killed, the machine stopped): completed from their journals by the same
 * function that ends a recording, and marked as recovered. Whole scans stay in their files, known to the journal or not;
 * of one that was being written the bytes there are go into a file of their own.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fail } from "../../../shared/errors.js";
import { samplesInFile, type JournalSummary } from "../../../shared/journal-summary.js";
import { isObject } from "../../../shared/sigmf/fields.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";
import { startDataJob } from "./data-worker.js";
import { fileSizes, FinishedRecording } from "./finished.js";
import type { ForeignJournals } from "./foreign-journals.js";
import { JournalFollower, readJournalHeader } from "./journal-follower.js";
import { isName, JOURNAL, META, recordingPaths } from "./names.js";
import { unlinkIfThere } from "./remove.js";
import { isAlive, ownIdentity } from "./writer-identity.js";

export interface Recovered {
  recording: FinishedRecording;
  /** Scans that all of its files hold. */
  samples: number;
  /** Of the longest file: scans that its journal knows nothing of. */
  unjournaled: number;
  /** Files with bytes of a scan that was being written. */
  asides: string[];
}

/** A part that was to be the next one when the one before was cut off. */
interface NeverBegun {
  name: string;
  facts: RecordingFacts;
  /** Name of the recording in parts. */
  of: string;
}

export interface RecoveryAsk {
  /** Names that this program writes. */
  busy: ReadonlySet<string>;
  foreign: ForeignJournals;
  /** One that could not be completed. */
  fault(name: string, error: unknown): void;
  /** One that somebody else writes, or may. */
  written(name: string): void;
}

/** Recordings in `folder` that nobody writes and nobody finished. Parts that never began go. */
export async function recoverRecordings(
  folder: string,
  { busy, foreign, fault, written }: RecoveryAsk,
): Promise<Recovered[]> {
  const files = await readdir(folder).catch(() => [] as string[]);
  const metas = new MetaFiles(files);
  const recovered: Recovered[] = [];
  const leftOver: NeverBegun[] = [];
  for (const file of files) {
    if (!file.endsWith(JOURNAL)) continue;
    const name = file.slice(0, -JOURNAL.length);
    if (busy.has(name)) continue;
    try {
      if (await isFinished(folder, name, metas)) continue;
      const one = await recover(folder, name, foreign);
      if (one === "written") written(name);
      else if (one && "of" in one) leftOver.push(one);
      else if (one) recovered.push(one);
    } catch (error) {
      fault(name, error);
    }
  }
  for (const one of leftOver) {
    await removeNeverBegun(folder, one).catch((error: unknown) => fault(one.name, error));
  }
  return recovered;
}

/** As one that is withdrawn: else it would stand in the way of its name for good, and nobody would list it. */
async function removeNeverBegun(folder: string, { name, facts, of }: NeverBegun): Promise<void> {
  // Another machine that shares the folder may still write the part before.
  const metas = (await readdir(folder)).filter(
    (file) => file.endsWith(META) && file.startsWith(of),
  );
  for (const file of metas) {
    const global = await globalIn(join(folder, file));
    const part = global["iio:part"] as { of?: unknown } | undefined;
    if (part?.of === of && global["iio:state"] === "recording") return;
  }
  const paths = recordingPaths(folder, name);
  const dataAndIndex = facts.outputs.flatMap((output) => [paths.data(output), paths.index(output)]);
  // The journal last: by it the next start would find the rest.
  for (const file of [...dataAndIndex, paths.journal]) {
    // Another program may have done the same meanwhile, and begun a part of its own under that name.
    if (!(await isStillOf(paths.journal, facts))) return;
    await unlinkIfThere(file);
  }
}

async function isStillOf(journalPath: string, { writer }: RecordingFacts): Promise<boolean> {
  const header = await readJournalHeader(journalPath).catch(() => null);
  return isObject(header) && JSON.stringify(header["writer"]) === JSON.stringify(writer);
}

/** Names of metadata files, to be found by the recording that they may belong to: of one in parts there are thousands. */
class MetaFiles {
  private readonly sorted: string[];

  constructor(files: readonly string[]) {
    this.sorted = files.filter((file) => file.endsWith(META)).sort();
  }

  *of(name: string): Generator<string> {
    const prefix = `${name}-`;
    let [at, end] = [0, this.sorted.length];
    while (at < end) {
      const middle = (at + end) >> 1;
      if (this.sorted[middle]! < prefix) at = middle + 1;
      else end = middle;
    }
    for (; this.sorted[at]?.startsWith(prefix); at++) yield this.sorted[at]!;
  }
}

/**
 * By its metadata, so that long journals of finished recordings are not read. Throws where metadata are there and can't be
 * read just now: to complete it once more would lose its hash and its note.
 */
async function isFinished(folder: string, name: string, metas: MetaFiles): Promise<boolean> {
  const lone = await globalIn(join(folder, name + META));
  const own = ownState(lone);
  if (own !== null && (lone["core:collection"] ?? null) === null) return own !== "recording";
  const states = [lone["core:collection"] === name ? own : null];
  let unread: unknown = null;
  for (const file of metas.of(name)) {
    try {
      const global = await globalIn(join(folder, file));
      if (global["core:collection"] === name) states.push(ownState(global));
    } catch (error) {
      unread = error;
    }
  }
  const known = states.filter((state) => state !== null);
  if (known.length === 0 && unread !== null) throw unread;
  return known.length > 0 && known.every((state) => state !== "recording");
}

/** null: it is none of ours. */
function ownState({ "iio:state": state }: Record<string, unknown>): string | null {
  return typeof state === "string" ? state : null;
}

/** Empty if there is none, or none that means anything. */
async function globalIn(path: string): Promise<Record<string, unknown>> {
  const json = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  try {
    const { global } = JSON.parse(json) as { global?: unknown };
    return isObject(global) ? global : {};
  } catch {
    return {};
  }
}

async function recover(
  folder: string,
  name: string,
  foreign: ForeignJournals,
): Promise<Recovered | NeverBegun | "written" | null> {
  const { journal: journalPath } = recordingPaths(folder, name);
  const summary = await new JournalFollower(journalPath).look();
  const facts = factsOf(summary.header);
  // A journal without a header was never followed by a sample.
  if (!facts || !facts.outputs.every(({ suffix }) => isName(name + suffix))) return null;
  if (await isAlive(facts.writer)) return "written";
  if (summary.end === null && !(await sameMachine(facts))) {
    if (foreign.mayBeWritten(journalPath, await stat(journalPath))) return "written";
  }
  const { part } = facts;
  if (part && summary.samples === 0 && (await neverBegun(folder, name, facts))) {
    return { name, facts, of: part.of };
  }
  const { samples, asides } = await holdings(folder, name, facts, summary);
  const recording = new FinishedRecording(folder, facts, summary, "recovered", null, name, samples);
  await recording.writeMetadata();
  const unjournaled = Math.max(0, Math.max(...samples) - summary.samples);
  return { recording, samples: Math.min(...samples), unjournaled, asides };
}

/** A part that lay ready when the one before was cut off: its files are empty, as far as they are there. */
async function neverBegun(folder: string, name: string, facts: RecordingFacts): Promise<boolean> {
  if (!facts.part || facts.part.number === 1 || facts.resumed?.hole) return false;
  const paths = recordingPaths(folder, name);
  const sizes = await fileSizes(facts.outputs.map((output) => paths.data(output)));
  return sizes.every((size) => size === 0);
}

/** Scans of each file, with what is no whole scan put aside. */
async function holdings(
  folder: string,
  name: string,
  facts: RecordingFacts,
  summary: JournalSummary,
): Promise<{ samples: number[]; asides: string[] }> {
  const paths = recordingPaths(folder, name);
  const samples: number[] = [];
  const asides: string[] = [];
  for (const output of facts.outputs) {
    const { scanBytes } = output;
    const path = paths.data(output);
    const { size: bytes } = await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ENOENT" ? missing(path, name) : error;
    });
    samples.push(samplesInFile(summary, { bytes, scanBytes }));
    const fromBytes = bytes - (bytes % scanBytes);
    if (summary.end !== null || fromBytes === bytes) continue;
    const putAside = { fromBytes, path: await freePath(paths.rest(output)) };
    await startDataJob({ path, hash: false, segments: [], putAside }, () => {}).result;
    asides.push(putAside.path);
  }
  return { samples, asides };
}

function missing(path: string, name: string): Error {
  return fail(
    "ENOENT",
    `Its file ${basename(path)} is missing. Bring that back, or take the other files of “${name}” out of the folder.`,
    { path },
  );
}

/** Two looks may be cut off as well: what the first one put aside stays. */
async function freePath(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? path : `${path}-${n}`;
    const taken = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (!taken) return candidate;
  }
}

async function sameMachine(facts: RecordingFacts): Promise<boolean> {
  return (await ownIdentity()).bootId === facts.writer.bootId;
}

/** Enough of a check to build metadata from; whatever else is wrong shows there. */
function factsOf(header: unknown): RecordingFacts | null {
  const facts = header as Partial<RecordingFacts> | null;
  if (typeof facts !== "object" || facts === null || facts.formatVersion !== 1) return null;
  if (!Array.isArray(facts.outputs) || facts.outputs.length === 0 || !facts.layout) return null;
  return typeof facts.writer === "object" ? (facts as RecordingFacts) : null;
}
