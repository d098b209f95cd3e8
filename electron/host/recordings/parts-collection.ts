/** What the collection says that ties the parts of a recording together. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, objects, text } from "../../../shared/sigmf/fields.js";
import { PARTS } from "../../../shared/sigmf/metadata.js";
import { deletedIn, type DeletedParts } from "./held.js";
import { COLLECTION, isName } from "./names.js";

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

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch {
    return null;
  }
}
