/** Whether a group is what it says: its collection, and each of its recordings by itself. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { objects, text } from "../../../shared/sigmf/fields.js";
import type { GroupFacts } from "../../../shared/sigmf/group.js";
import { collectionFaults } from "../../../shared/sigmf/validate.js";
import type { Verdict } from "../../../shared/sigmf/verify.js";
import { isName, META, notBeside } from "./names.js";

export async function verifyGroup(
  folder: string,
  name: string,
  collection: unknown,
  { members }: GroupFacts,
  verify: (base: string) => Promise<Verdict>,
): Promise<Verdict & { name: string }> {
  const faults = collectionFaults(collection, name);
  const notes: string[] = [];
  const checked = [`${name}: the collection of a group, and its hashes`];
  const { collection: inner } = collection as { collection: Record<string, unknown> };
  for (const stream of objects(inner["core:streams"])) {
    const member = text(stream["name"]);
    if (!canBeIn(name, member)) {
      faults.push(notBeside(name, member));
      continue;
    }
    const bytes = await readFile(join(folder, member + META)).catch(() => null);
    if (!bytes) {
      faults.push(`${name}: the recording ${member} of the group is missing.`);
      continue;
    }
    const hash = createHash("sha512").update(bytes).digest("hex");
    if (hash !== text(stream["hash"]).toLowerCase()) {
      faults.push(`${name}: the metadata of ${member} differ from the hash in the collection.`);
    }
  }
  for (const member of members) {
    if (!canBeIn(name, member.name)) {
      faults.push(notBeside(name, member.name));
      continue;
    }
    const verdict = await verify(join(folder, member.name));
    faults.push(...verdict.faults);
    checked.push(...verdict.checked);
    notes.push(...verdict.notes);
  }
  return { name, faults: [...new Set(faults)], checked, notes };
}

/** A group is no member of itself. */
function canBeIn(group: string, member: string): boolean {
  return isName(member) && member !== group;
}
