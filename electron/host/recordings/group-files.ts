/**
 * The collection of a group on the disk: made at the start, completed from what lies in the folder when its recordings
 * have ended (or were recovered), and followed when a recording gets its hash or another name.
 */
import { createHash } from "node:crypto";
import { open, readdir, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../shared/errors.js";
import { ClockLine, groupTiming, type ClockFit } from "../../../shared/group-timing.js";
import type { GroupMember } from "../../../shared/group.js";
import { JournalReader } from "../../../shared/journal.js";
import { number } from "../../../shared/sigmf/fields.js";
import { buildGroupCollection, readGroup, type GroupFacts } from "../../../shared/sigmf/group.js";
import { metadataText } from "../../../shared/sigmf/metadata.js";
import { readCollection } from "../../../shared/sigmf/read.js";
import { writeAtomically } from "../json-file.js";
import { readPieces } from "./journal-pieces.js";
import { COLLECTION, isName, JOURNAL, META, nameTaken } from "./names.js";
import { unlinkIfThere } from "./remove.js";

/** By then a recording that begins has its metadata. */
const BEGINNING_MS = 60_000;

let last: Promise<unknown> = Promise.resolve();

/** One writer at a time: what one has read is not to be written over what another wrote meanwhile. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => {});
  return result;
}

/** One SigMF Recording of a member. */
interface MetaFile {
  name: string;
  hash: string;
  global: Record<string, unknown>;
}

export function groupFile(folder: string, name: string): string {
  return join(folder, name + COLLECTION);
}

/** Takes the name: rejects with EEXIST if a file has it. */
export async function createGroupFile(
  folder: string,
  name: string,
  facts: GroupFacts,
): Promise<void> {
  const file = await open(groupFile(folder, name), "wx", 0o644).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === "EEXIST" ? nameTaken(folder, name, name) : error;
    },
  );
  try {
    await file.writeFile(metadataText(buildGroupCollection(facts, [])));
  } finally {
    await file.close();
  }
}

/** null: there is none, or it is no group. Members that can't lie beside it are none. */
export async function readGroupFile(folder: string, name: string): Promise<GroupFacts | null> {
  try {
    const facts = readGroup(JSON.parse(await readFile(groupFile(folder, name), "utf8")));
    return facts && { ...facts, members: facts.members.filter((one) => isName(one.name)) };
  } catch {
    return null;
  }
}

/** Throws for a collection whose recordings do not belong into one picture. */
export function refuseGroup(name: string, collection: unknown): void {
  if (readGroup(collection) === null) return;
  throw fail("IN_PARTS", `“${name}” is a group of recordings. Open one of them.`);
}

/** Base names of all groups in a folder. */
export async function groupsIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch(() => [] as string[]);
  const names = files
    .filter((file) => file.endsWith(COLLECTION))
    .map((file) => file.slice(0, -COLLECTION.length));
  const facts = await Promise.all(names.map((name) => readGroupFile(folder, name)));
  return names.filter((_, index) => facts[index] !== null);
}

/** Nobody records it any more and nobody completed it: its recordings have ended, or were recovered. */
export async function isCutOff(folder: string, name: string, facts: GroupFacts): Promise<boolean> {
  if (facts.state !== "recording") return false;
  const metas = (await Promise.all(facts.members.map((one) => metasOf(folder, one.name)))).flat();
  if (metas.length > 0) return metas.every(({ global }) => global["iio:state"] !== "recording");
  // Another program may be about to make them.
  const { mtimeMs } = await stat(groupFile(folder, name));
  return Date.now() - mtimeMs > BEGINNING_MS;
}

/**
 * Works the timing out from the journals and writes the collection. A member that left nothing is left out; of a group
 * that left nothing the collection goes too, and null is answered.
 */
export async function completeGroup(
  folder: string,
  name: string,
  facts: GroupFacts,
  state: GroupFacts["state"],
): Promise<GroupFacts | null> {
  const found: { member: GroupMember; metas: MetaFile[]; fit: ClockFit }[] = [];
  for (const member of facts.members) {
    const metas = await metasOf(folder, member.name);
    const [first] = metas;
    if (!first) continue;
    const rateHz = number(first.global["iio:sample_rate"]);
    const fit = await fitOf(join(folder, member.name + JOURNAL), rateHz);
    found.push({ member: { ...member, rateHz }, metas, fit });
  }
  if (found.length === 0) {
    await unlink(groupFile(folder, name)).catch(() => {});
    return null;
  }
  const timings = groupTiming(
    found.map(({ member: { rateHz }, fit }) => ({ rateHz, fit })),
    facts.sharedClock,
  );
  const members = found.map(({ member, fit }, index) => ({
    ...member,
    ...(timings[index] as (typeof timings)[number]),
    // As it was known before the journal went.
    firstSampleNs: fit.firstNs?.toString() ?? member.firstSampleNs,
    rateMeasuredHz: fit.rateHz ?? member.rateMeasuredHz,
  }));
  const complete: GroupFacts = { ...facts, state, members };
  await write(
    folder,
    name,
    complete,
    found.flatMap(({ metas }) => metas),
  );
  return complete;
}

/** Metadata of members were written anew: their hashes, and names by `renamed`, follow. Nothing if there is no group. */
export function followMembers(
  folder: string,
  name: string,
  renamed: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  return inTurn(async () => {
    const facts = await readGroupFile(folder, name);
    if (!facts || facts.state === "recording") return;
    const members = facts.members.map((member) => ({
      ...member,
      name: renamed.get(member.name) ?? member.name,
    }));
    const metas = await Promise.all(members.map((member) => metasOf(folder, member.name)));
    await write(folder, name, { ...facts, members }, metas.flat());
  });
}

/**
 * A recording of it was deleted. A group that goes on learns at its end; of one that has none left nothing stays. What the
 * others were compared with is the first: without it their times are worked out anew.
 */
export function leaveGroup(folder: string, name: string, member: string): Promise<void> {
  return inTurn(async () => {
    const facts = await readGroupFile(folder, name);
    if (!facts || facts.state === "recording") return;
    const members = facts.members.filter((one) => one.name !== member);
    if (members.length === 0) return unlinkIfThere(groupFile(folder, name));
    if (members[0] !== facts.members[0]) {
      await completeGroup(folder, name, { ...facts, members }, facts.state);
      return;
    }
    const metas = await Promise.all(members.map((one) => metasOf(folder, one.name)));
    await write(folder, name, { ...facts, members }, metas.flat());
  });
}

function write(
  folder: string,
  name: string,
  facts: GroupFacts,
  metas: readonly MetaFile[],
): Promise<void> {
  const streams = metas.map(({ name: of, hash }) => ({ name: of, hash }));
  return writeAtomically(
    groupFile(folder, name),
    metadataText(buildGroupCollection(facts, streams)),
  );
}

/** The SigMF Recordings a recording consists of; empty if it is not there. */
async function metasOf(folder: string, recording: string): Promise<MetaFile[]> {
  const collection = await readFile(join(folder, recording + COLLECTION), "utf8").catch(() => null);
  const names =
    collection === null
      ? [recording]
      : readCollection(JSON.parse(collection)).map((member) => member.name);
  const metas = await Promise.all(names.filter(isName).map((each) => metaOf(folder, each)));
  return metas.filter((meta) => meta !== null);
}

async function metaOf(folder: string, name: string): Promise<MetaFile | null> {
  const bytes = await readFile(join(folder, name + META)).catch(() => null);
  if (!bytes) return null;
  const { global = {} } = JSON.parse(bytes.toString("utf8")) as {
    global?: Record<string, unknown>;
  };
  return { name, hash: createHash("sha512").update(bytes).digest("hex"), global };
}

/** Reads a journal through. */
async function fitOf(path: string, rateHz: number | null): Promise<ClockFit> {
  const line = new ClockLine(rateHz);
  const file = await open(path, "r").catch(() => null);
  if (!file) return line.fit();
  try {
    await readPieces(file, new JournalReader(), (record) => {
      if (record.kind === "segment") line.add(record.segment);
    });
  } finally {
    await file.close();
  }
  return line.fit();
}
