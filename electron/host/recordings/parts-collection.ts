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
import { COLLECTION, isName, META } from "./names.js";
import { unlinkIfThere } from "./remove.js";

/** One writer at a time: two of them would each miss what the other came for. */
const serial = new Serial();

export interface PartsOnDisk {
  /** Base names of the parts' recordings, in order. */
  names: string[];
  /** Those of a ring that are not to be deleted. */
  kept: string[];
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

/** `kept`: without, as it stands in the file that is there. Where no part is left, none of parts is either. */
export function writeParts(
  folder: string,
  name: string,
  { note, kept }: { note: string; kept?: readonly string[] },
): Promise<void> {
  return serial.run(async () => {
    const before = kept ?? (await readParts(folder, name))?.kept ?? [];
    const members = await membersIn(folder, name);
    if (members.length === 0) {
      if (await readParts(folder, name)) await unlinkIfThere(join(folder, name + COLLECTION));
      return;
    }
    const there = new Set(members.map((one) => one.name));
    const collection = buildPartsCollection(members, {
      note,
      kept: before.filter((one) => there.has(one)),
    });
    await writeAtomically(join(folder, name + COLLECTION), metadataText(collection));
  });
}

/** Recordings in the folder that say that they are parts of this one. */
async function membersIn(folder: string, name: string): Promise<{ name: string; hash: string }[]> {
  const files = await readdir(folder);
  const found: { name: string; number: number; hash: string }[] = [];
  for (const file of files) {
    const isLone = file === name + META;
    if (!isLone && (!file.startsWith(`${name}-part`) || !file.endsWith(META))) continue;
    const bytes = await readFile(join(folder, file)).catch(() => null);
    const number = bytes && partNumber(bytes.toString("utf8"), name, isLone);
    if (!bytes || number === null) continue;
    const hash = createHash("sha512").update(bytes).digest("hex");
    found.push({ name: file.slice(0, -META.length), number: number as number, hash });
  }
  return found
    .sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))
    .map(({ name: member, hash }) => ({ name: member, hash }));
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
