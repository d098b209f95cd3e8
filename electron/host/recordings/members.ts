/** Which data files a recording consists of. */
import { fail } from "../../../shared/errors.js";
import { PARTS } from "../../../shared/sigmf/metadata.js";
import { readCollection } from "../../../shared/sigmf/read.js";
import { refuseGroup } from "./group-files.js";
import { checkName } from "./names.js";

/**
 * Base names, in the order of the collection; the recording's own where there is none (`undefined`). Throws for what is no
 * collection, or names files that lie elsewhere.
 */
export function memberNames(name: string, collection: unknown): string[] {
  if (collection === undefined) return [name];
  const inner = (collection as { collection?: Record<string, unknown> } | null)?.collection;
  if (inner?.[PARTS] === true) {
    // The first part of one that went on may have been recorded by itself, under the name of all together.
    if (readCollection(collection).some((member) => member.name === name)) return [name];
    throw fail("IN_PARTS", `“${name}” was recorded in parts. Open one of them.`);
  }
  refuseGroup(name, collection);
  const members = readCollection(collection).map((member) => checkName(member.name));
  return members.length > 0 ? members : [name];
}
