/**
 * Recordings that were cut off (the program was killed, the machine stopped): completed from their journals by the same
 * function that ends a recording, and marked as recovered.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { cutSummary, recordedSamples } from "../../../shared/journal-summary.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";
import { startDataJob } from "./data-worker.js";
import { fileSizes, FinishedRecording } from "./finished.js";
import { JournalFollower } from "./journal-follower.js";
import { JOURNAL, META, recordingPaths } from "./names.js";
import { isAlive, ownIdentity } from "./writer-identity.js";

/** A journal written this recently from another boot belongs to another machine that shares the folder. */
const FRESH_MS = 15_000;

export interface Recovered {
  recording: FinishedRecording;
  samples: number;
}

/** Recordings in `folder` that nobody writes and nobody finished. `busy`: names that this program writes. */
export async function recoverRecordings(
  folder: string,
  busy: ReadonlySet<string>,
  onFault: (name: string, error: unknown) => void,
): Promise<Recovered[]> {
  const files = await readdir(folder).catch(() => [] as string[]);
  const recovered: Recovered[] = [];
  for (const file of files) {
    if (!file.endsWith(JOURNAL)) continue;
    const name = file.slice(0, -JOURNAL.length);
    if (busy.has(name) || (await isFinished(folder, name, files))) continue;
    try {
      const one = await recover(folder, name);
      if (one) recovered.push(one);
    } catch (error) {
      onFault(name, error);
    }
  }
  return recovered;
}

/** By its metadata, so that long journals of finished recordings are not read. */
async function isFinished(
  folder: string,
  name: string,
  files: readonly string[],
): Promise<boolean> {
  const metas = files.filter(
    (file) => file.endsWith(META) && (file === name + META || file.startsWith(`${name}-`)),
  );
  const states = await Promise.all(metas.map((file) => stateIn(join(folder, file), name)));
  const own = states.filter((state) => state !== null);
  return own.length > 0 && own.every((state) => state !== "recording");
}

/** `iio:state` of a metadata file that belongs to the recording; null if it doesn't, or can't be read. */
async function stateIn(path: string, name: string): Promise<string | null> {
  try {
    const { global } = JSON.parse(await readFile(path, "utf8")) as {
      global: Record<string, unknown>;
    };
    const collection = global["core:collection"] ?? null;
    const lone = path.endsWith(`/${name}${META}`);
    if (collection === null ? !lone : collection !== name) return null;
    const state = global["iio:state"];
    return typeof state === "string" ? state : null;
  } catch {
    return null;
  }
}

async function recover(folder: string, name: string): Promise<Recovered | null> {
  const { journal: journalPath } = recordingPaths(folder, name);
  const summary = await new JournalFollower(journalPath).look();
  const facts = factsOf(summary.header);
  // A journal without a header was never followed by a sample.
  if (!facts) return null;
  if (await isAlive(facts.writer)) return null;
  const { mtimeMs } = await stat(journalPath);
  if (summary.end === null && Date.now() - mtimeMs < FRESH_MS && !(await sameMachine(facts))) {
    return null;
  }
  const paths = recordingPaths(folder, name);
  const files = facts.outputs.map((output) => paths.data(output));
  const sizes = await fileSizes(files);
  const samples = recordedSamples(
    summary,
    facts.outputs.map(({ scanBytes }, index) => ({ bytes: sizes[index] as number, scanBytes })),
  );
  for (const [index, { scanBytes }] of facts.outputs.entries()) {
    const path = files[index] as string;
    const job = { path, hash: false, segments: [], cutToBytes: samples * scanBytes };
    await startDataJob(job, () => {}).result;
  }
  const journal = cutSummary(summary, samples);
  const recording = new FinishedRecording(folder, facts, journal, "recovered", null, name);
  await recording.writeMetadata();
  return { recording, samples };
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
