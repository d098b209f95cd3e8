/**
 * The collection that ties the parts of a recording together. Made anew from what lies in the folder whenever a part came,
 * went or was changed: so it is right after a crash too.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, objects, text } from "../../../shared/sigmf/fields.js";
import { buildPartsCollection, metadataText, PARTS } from "../../../shared/sigmf/metadata.js";
import { writeAtomically } from "../json-file.js";
import { Serial } from "../streams/serial.js";
import { deletedIn, isDeleted, NONE_DELETED, type DeletedParts } from "./held.js";
import { COLLECTION, isName, META } from "./names.js";
import { partName } from "./parts-plan.js";
import { unlinkIfThere } from "./remove.js";

/** One writer at a time: two of them would each miss what the other came for. */
const serial = new Serial();

export interface PartsOnDisk {
  /** Base names of the parts' recordings, in order. */
  names: string[];
  /** Those of a ring that are not to be deleted. */
  kept: string[];
  /** What a ring has deleted. */
  deleted: DeletedParts;
}

/** What the collection says; null if it is none of parts, or not there. */
export async function readParts(folder: string, name: string): Promise<PartsOnDisk | null> {
  const json = await readJson(join(folder, name + COLLECTION));
  const collection = isObject(json) ? json["collection"] : null;
  return isObject(collection) ? partsOf(collection) : null;
}

/** Of a collection object; null if its recordings belong side by side, not behind one another. */
export function partsOf(collection: Record<string, unknown>): PartsOnDisk | null {
  if (collection[PARTS] !== true) return null;
  const kept = collection["iio:kept"];
  return {
    names: objects(collection["core:streams"]).map((stream) => String(stream["name"])),
    kept: Array.isArray(kept) ? kept.map(String) : [],
    deleted: deletedIn(collection),
  };
}

/**
 * Name of the recording in parts that one belongs to, null: to none. `part`: its `iio:part`; a lone recording that others
 * went on from has none, and their collection names it.
 */
export async function partsWith(
  folder: string,
  name: string,
  part: unknown,
): Promise<string | null> {
  if (isObject(part)) {
    const of = text(part["of"]);
    return isName(of) ? of : null;
  }
  const parts = await readParts(folder, name);
  return parts?.names.includes(name) ? name : null;
}

/** `ring`: without, as it stands in the file that is there. Where no part is left, none of parts is either. */
export function writeParts(
  folder: string,
  name: string,
  { note, ring }: { note: string; ring?: Pick<PartsOnDisk, "kept" | "deleted"> },
): Promise<void> {
  return serial.run(async () => {
    const { kept, deleted } = ring ??
      (await readParts(folder, name)) ?? { kept: [], deleted: NONE_DELETED };
    const members = (await membersIn(folder, name)).filter(
      ({ part, number }) => !isDeleted({ name: part, number }, { kept, deleted }),
    );
    if (members.length === 0) {
      if (await readParts(folder, name)) await unlinkIfThere(join(folder, name + COLLECTION));
      return;
    }
    const there = new Set(members.map(({ part }) => part));
    const collection = buildPartsCollection(
      members.map(({ name: member, hash }) => ({ name: member, hash })),
      {
        note,
        kept: kept.filter((one) => there.has(one)),
        deleted: deleted.through > 0 ? deleted : null,
      },
    );
    await writeAtomically(join(folder, name + COLLECTION), metadataText(collection));
  });
}

interface Member {
  name: string;
  /** Base name of the part that it is a file of. */
  part: string;
  number: number;
  hash: string;
}

/** Recordings in the folder that say that they are parts of this one, in order. */
async function membersIn(folder: string, name: string): Promise<Member[]> {
  const files = await readdir(folder);
  const found: Member[] = [];
  for (const file of files) {
    const isLone = file === name + META;
    if (!isLone && (!file.startsWith(`${name}-part`) || !file.endsWith(META))) continue;
    const bytes = await readFile(join(folder, file)).catch(() => null);
    const number = bytes && partNumber(bytes.toString("utf8"), name, isLone);
    if (!bytes || number === null) continue;
    const hash = createHash("sha512").update(bytes).digest("hex");
    const part = isLone ? name : partName(name, number as number);
    found.push({ name: file.slice(0, -META.length), part, number: number as number, hash });
  }
  return found.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
}

/** `isLone`: it has the name of all together, and is the first of them. */
function partNumber(json: string, name: string, isLone: boolean): number | null {
  try {
    const { global } = JSON.parse(json) as { global?: Record<string, unknown> };
    const part = global?.["iio:part"];
    // One that is still being written changes all the time.
    const over = global?.["iio:state"] !== "recording";
    if (over && isLone && part === undefined) return 1;
    if (!over || !isObject(part) || part["of"] !== name) return null;
    return typeof part["number"] === "number" ? part["number"] : null;
  } catch {
    return null;
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch {
    return null;
  }
}
