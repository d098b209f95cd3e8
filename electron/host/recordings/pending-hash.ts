/**
 * Recordings of earlier sessions whose SHA-512 was asked for and is still to be worked out: the studio was closed first.
 * They are known by their metadata alone, which may have been edited since: only what belongs to the hash is changed.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, objects, text } from "../../../shared/sigmf/fields.js";
import { HASH_PENDING, metadataText } from "../../../shared/sigmf/metadata.js";
import type { RecordingFacts, SigmfMetadata } from "../../../shared/sigmf/types.js";
import { writeAtomically } from "../json-file.js";
import type { Hashable } from "./hashing.js";
import { readJournalHeader } from "./journal-follower.js";
import { COLLECTION, DATA, META, recordingPaths } from "./names.js";
import { partsWith } from "./parts-collection.js";
import { writePartsSoon } from "./parts-writer.js";
import { isAlive } from "./writer-identity.js";

export class PendingHash implements Hashable {
  private readonly sha512 = new Map<string, string>();

  constructor(
    readonly folder: string,
    readonly name: string,
    /** Base names of its parts; its own name if it is one file. */
    private readonly members: readonly string[],
  ) {}

  dataFiles(): string[] {
    return this.members.map((member) => join(this.folder, member + DATA));
  }

  setHash(output: number, sha512: string): void {
    this.sha512.set(this.members[output] as string, sha512);
  }

  async writeHashes(fault: (error: unknown) => void): Promise<void> {
    const changed = new Map<string, string>();
    for (const [member, sha512] of this.sha512) {
      const path = join(this.folder, member + META);
      const json = await readJson(path);
      // Renamed or removed in the meantime: nothing is to be made of its old name.
      if (!json) continue;
      const now = metadataText(withHash(json as unknown as SigmfMetadata, sha512));
      await writeAtomically(path, now);
      changed.set(member, createHash("sha512").update(now).digest("hex"));
      const part = isObject(json["global"]) ? json["global"]["iio:part"] : null;
      const partOf = await partsWith(this.folder, member, part);
      if (partOf !== null) writePartsSoon(this.folder, partOf, { note: noteIn(json) }, fault);
    }
    await this.updateCollection(changed);
  }

  /** It holds the hashes of the metadata. */
  private async updateCollection(changed: ReadonlyMap<string, string>): Promise<void> {
    const path = join(this.folder, this.name + COLLECTION);
    const json = changed.size > 0 ? await readJson(path) : null;
    if (!json || !isObject(json["collection"])) return;
    for (const stream of objects(json["collection"]["core:streams"])) {
      const hash = changed.get(String(stream["name"]));
      if (hash !== undefined) stream["hash"] = hash;
    }
    await writeAtomically(path, metadataText({ collection: json["collection"] }));
  }
}

function withHash(json: SigmfMetadata, sha512: string): SigmfMetadata {
  const global = Object.entries(json.global).flatMap(([field, value]) => {
    if (field === HASH_PENDING || field === "core:sha512") return [];
    return field === "core:extensions"
      ? [["core:sha512", sha512] as const, [field, value] as const]
      : [[field, value] as const];
  });
  return { ...json, global: Object.fromEntries(global) };
}

function noteIn({ global }: Record<string, unknown>): string {
  return isObject(global) ? text(global["core:description"]) : "";
}

async function readJson(path: string): Promise<Record<string, unknown> | null> {
  try {
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(json) ? json : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whether the program that recorded it is still there: it works out the hash itself. */
export async function isHashedElsewhere(folder: string, name: string): Promise<boolean> {
  const { journal } = recordingPaths(folder, name);
  const header = (await readJournalHeader(journal).catch(() => null)) as RecordingFacts | null;
  const writer = header?.writer;
  return isObject(writer) && writer.pid !== process.pid && (await isAlive(writer));
}
