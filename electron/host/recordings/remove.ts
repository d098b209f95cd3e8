/** Takes the files of a recording away. */
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { COLLECTION, DATA, INDEX, JOURNAL, META, REST } from "./names.js";

/** `members`: base names of its data files. Nothing of another recording; what is gone already is passed over. */
export async function removeRecording(
  folder: string,
  name: string,
  members: readonly string[],
): Promise<void> {
  // Metadata last: what could not be taken away whole stays in the list.
  const files = [
    name + JOURNAL,
    ...members.flatMap((member) => [member + DATA, member + INDEX, member + REST]),
    ...(members.length > 1 ? [name + COLLECTION] : []),
    ...members.map((member) => member + META),
  ];
  for (const file of files) {
    await unlink(join(folder, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}
