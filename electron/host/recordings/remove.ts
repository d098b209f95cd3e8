/** Takes the files of a recording away. */
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, DATA, INDEX, JOURNAL, META, REST } from "./names.js";

/**
 * `members`: base names of its data files; none: only the collection is left to take away. Nothing of another recording;
 * what is gone already is passed over.
 */
export async function removeRecording(
  folder: string,
  name: string,
  members: readonly string[],
  /** A collection of its name ties its files together. */
  inCollection = members.length > 1,
): Promise<void> {
  // Metadata last: what could not be taken away whole stays in the list.
  const files = [
    ...(members.length > 0 ? [name + JOURNAL] : []),
    ...members.flatMap((one) => [JOURNAL, DATA, INDEX, REST].map((ending) => one + ending)),
    ...(inCollection ? [name + COLLECTION] : []),
    ...members.map((member) => member + META),
  ];
  for (const file of files) await unlinkIfThere(join(folder, file));
}

export async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}
