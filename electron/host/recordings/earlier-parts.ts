/** What of a recording in parts lies in the folder, as its metadata tell: a lone recording of that name is its first part. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../shared/errors.js";
import { count, isObject, objects, text } from "../../../shared/sigmf/fields.js";
import { secondsIn } from "../../../shared/sigmf/seconds.js";
import type { SigmfObject } from "../../../shared/sigmf/types.js";
import { NONE_DELETED, type DeletedParts } from "./held.js";
import { readJournalHeader } from "./journal-follower.js";
import { COLLECTION, DATA, INDEX, JOURNAL, META, ownerOf, REST } from "./names.js";
import { readParts } from "./parts-collection.js";
import { isAlive, type Writer } from "./writer-identity.js";

/** One data file of a part. */
export interface EarlierFile {
  /** Base name. */
  name: string;
  global: SigmfObject;
}

export interface EarlierPart {
  /** Base name. */
  name: string;
  number: number;
  files: EarlierFile[];
  /** Scans through all parts: of its first sample and behind its last one. */
  firstScan: number;
  endScan: number;
  /** That all of its files hold. */
  samples: number;
  seconds: number;
  captures: number;
  bytes: number;
  isWritten: boolean;
}

export interface Earlier {
  /** Name of the recording in parts. */
  of: string;
  /** In order. */
  parts: EarlierPart[];
  /** Also of parts of which only files without metadata are left. */
  highestNumber: number;
  /** Of a ring: base names of those that stay. */
  kept: string[];
  /** What a ring has deleted. */
  deleted: DeletedParts;
}

/** Throws where what has that name can't be gone on with. */
export async function findEarlier(folder: string, name: string): Promise<Earlier> {
  const files = await readdir(folder).catch(() => [] as string[]);
  const parts = new Map<string, EarlierPart>();
  let highestNumber = 0;
  for (const file of files) {
    // A side index without its samples is nobody's: the next one of that name replaces it.
    const number = file.endsWith(INDEX) ? null : numberIn(file, name);
    highestNumber = Math.max(highestNumber, number ?? 0);
    if (number === null || !file.endsWith(META)) continue;
    const base = file.slice(0, -META.length);
    const json = await readMeta(folder, base);
    const part = isObject(json["global"]) ? json["global"]["iio:part"] : null;
    if (!isObject(part) || part["of"] !== name) continue;
    // Of a part with several files each names the part's own collection, and no other recording.
    const named = ownerOf(base, (json["global"] as SigmfObject)["core:collection"]);
    const owner = numberIn(`${named}.`, name) === number ? named : base;
    await addFile(parts, folder, { owner, base, number: count(part["number"]) ?? number, json });
  }
  const lone = await loneIn(folder, name, files);
  if (lone) {
    await addFile(parts, folder, { owner: name, base: name, number: 1, json: lone });
    highestNumber = Math.max(highestNumber, 1);
  }
  const collection = await readParts(folder, name);
  return {
    of: name,
    parts: [...parts.values()].sort((a, b) => a.number - b.number),
    highestNumber,
    kept: collection?.kept ?? [],
    deleted: collection?.deleted ?? NONE_DELETED,
  };
}

/** Of a file whose name is that of a part, or begins so. */
function numberIn(file: string, name: string): number | null {
  if (!file.startsWith(`${name}-part`)) return null;
  const digits = /^\d{4,}(?=[.-])/.exec(file.slice(name.length + 5));
  return digits ? Number(digits[0]) : null;
}

/** Metadata of a recording of that name which has no parts yet; null: there is none. */
async function loneIn(
  folder: string,
  name: string,
  files: readonly string[],
): Promise<SigmfObject | null> {
  const inParts = (await readParts(folder, name)) !== null;
  if (!inParts && files.includes(name + COLLECTION)) {
    throw cannot(
      name,
      "it is one of several files, or a group, that a collection of its name ties together",
    );
  }
  if (!files.includes(name + META)) {
    const left = [DATA, JOURNAL, REST].find((ending) => files.includes(name + ending));
    if (left) throw cannot(name, `${name}${left} lies there without metadata`);
    return null;
  }
  const json = await readMeta(folder, name);
  const global = isObject(json["global"]) ? json["global"] : {};
  if (!Array.isArray(global["iio:channels"])) throw cannot(name, "another program recorded it");
  if (text(global["iio:group"])) throw cannot(name, "it was recorded in a group");
  return json;
}

function cannot(name: string, why: string): Error {
  return fail(
    "EEXIST",
    `“${name}” can't go on in another part: ${why}. Give the recording another name.`,
    { field: "name", errno: 17 },
  );
}

async function readMeta(folder: string, base: string): Promise<SigmfObject> {
  try {
    return JSON.parse(await readFile(join(folder, base + META), "utf8")) as SigmfObject;
  } catch (error) {
    throw fail(
      "BAD_RECORDING",
      `The metadata of “${base}” can't be read (${(error as Error).message}), so nothing can go on from there. Mend the file, or give the recording another name.`,
      { field: "name", path: join(folder, base + META) },
    );
  }
}

interface FoundFile {
  owner: string;
  base: string;
  number: number;
  json: SigmfObject;
}

async function addFile(
  parts: Map<string, EarlierPart>,
  folder: string,
  { owner, base, number, json }: FoundFile,
): Promise<void> {
  const global = json["global"] as SigmfObject;
  const captures = objects(json["captures"]);
  const [first, last] = [captures[0] ?? {}, captures.at(-1) ?? {}];
  const samples = count(global["iio:samples"]) ?? 0;
  const behind = samples - (count(last["core:sample_start"]) ?? 0);
  const firstScan = count(first["core:global_index"]) ?? 0;
  const endScan = samples > 0 ? (count(last["core:global_index"]) ?? 0) + behind : firstScan;
  const bytes = await stat(join(folder, base + DATA)).then(
    ({ size }) => size,
    () => 0,
  );
  const triggered = global["iio:captures"];
  const known = parts.get(owner);
  parts.set(owner, {
    name: owner,
    number,
    files: [...(known?.files ?? []), { name: base, global }],
    firstScan,
    endScan: Math.max(endScan, known?.endScan ?? 0),
    samples: Math.min(samples, known?.samples ?? samples),
    seconds: Math.min(secondsIn(global), known?.seconds ?? Infinity),
    captures: isObject(triggered) ? (count(triggered["count"]) ?? 0) : 0,
    bytes: bytes + (known?.bytes ?? 0),
    isWritten: known?.isWritten || global["iio:state"] === "recording",
  });
}

/**
 * A part that somebody still writes; null: none. Between two parts no metadata says so: the one behind has none until some
 * samples are in it, but a journal, which its program made while the one before was written.
 */
export async function writtenElsewhere(
  folder: string,
  { of, parts }: Earlier,
): Promise<{ name: string; here: boolean } | null> {
  const part = parts.find(({ isWritten }) => isWritten);
  if (part) {
    return { name: part.name, here: await isAliveHere(await headerOf(folder, part.name)) };
  }
  for (const file of await readdir(folder).catch(() => [] as string[])) {
    const name = file.slice(0, -JOURNAL.length);
    if (!file.endsWith(JOURNAL) || numberIn(file, of) === null) continue;
    if (parts.some((known) => known.name === name)) continue;
    const header = await headerOf(folder, name);
    if (!isObject(header["part"]) || header["part"]["of"] !== of) continue;
    // What this program has left without metadata is not being written.
    const isOwn = isObject(header["writer"]) && header["writer"]["pid"] === process.pid;
    if (!isOwn && (await isAliveHere(header))) return { name, here: true };
  }
  return null;
}

/** Of a part's journal; empty: there is none that can be read. */
async function headerOf(folder: string, name: string): Promise<SigmfObject> {
  const header = await readJournalHeader(join(folder, name + JOURNAL)).catch(() => null);
  return isObject(header) ? header : {};
}

async function isAliveHere({ writer }: SigmfObject): Promise<boolean> {
  return isObject(writer) && (await isAlive(writer as unknown as Writer));
}
