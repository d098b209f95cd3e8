/** Whether a recording in parts is what it says: each part, the collection, and that they follow one another. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isObject, objects, text } from "../../../shared/sigmf/fields.js";
import { isName, META, notBeside, ownerOf } from "./names.js";
import type { VerifyReport } from "./verify.js";

interface Seam {
  name: string;
  /** Of the part, which may have several files. */
  owner: string;
  number: number;
  /** Part that it goes on from, of a later run; else "". */
  continues: string;
  fromScan: number;
  toScan: number;
  /** Scans may be missing before it: lost, or left out between captures. */
  gapBefore: boolean;
}

/** `verify`: of a part, by its base name. */
export async function verifyParts(
  folder: string,
  name: string,
  collection: Record<string, unknown>,
  verify: (part: string) => Promise<VerifyReport>,
): Promise<VerifyReport> {
  const faults: string[] = [];
  const checked: string[] = [];
  const notes: string[] = [];
  const verified = new Set<string>();
  let before: Seam | null = null;
  for (const stream of objects(collection["core:streams"])) {
    const part = text(stream["name"]);
    if (!isName(part)) {
      faults.push(notBeside(name, part));
      continue;
    }
    const bytes = await readFile(join(folder, part + META)).catch(() => null);
    if (bytes === null) {
      faults.push(`${name}: the recording ${part} of the collection is missing.`);
      continue;
    }
    if (createHash("sha512").update(bytes).digest("hex") !== stream["hash"]) {
      faults.push(`${name}: the metadata of ${part} differ from the hash in the collection.`);
    }
    const meta = parse(bytes.toString("utf8"));
    // Of a part with several files each belongs to a collection of its own.
    const owner = ownerOf(part, meta?.global["core:collection"]);
    if (!verified.has(owner)) {
      const report = await verify(owner);
      faults.push(...report.faults);
      checked.push(...report.checked);
      notes.push(...report.notes);
      verified.add(owner);
    }
    const seam = meta && seamOf(part, owner, meta, part === name);
    const fault = before && seam && seamFault(before, seam);
    if (fault) faults.push(fault);
    before = seam ?? before;
  }
  if (before === null) faults.push(`${name}: none of its parts can be read.`);
  checked.push(`${name}: that its parts follow one another`);
  return { name, faults, checked, notes };
}

/** Parts of a ring that lie between may have been deleted. */
function seamFault(before: Seam, after: Seam): string | null {
  if (after.number !== before.number + 1 && after.continues !== before.owner) return null;
  const { toScan } = before;
  if (after.fromScan === toScan || (after.gapBefore && after.fromScan >= toScan)) return null;
  return `${after.name}: begins at scan ${after.fromScan} of the stream, and ${before.name} ends at ${toScan}.`;
}

interface Meta {
  global: Record<string, unknown>;
  captures: unknown;
}

function parse(json: string): Meta | null {
  try {
    const meta = JSON.parse(json) as Partial<Meta> | null;
    return isObject(meta?.global) ? (meta as Meta) : null;
  } catch {
    return null;
  }
}

/** `isLone`: it was recorded by itself, before others went on from it. */
function seamOf(
  name: string,
  owner: string,
  { global, captures: all }: Meta,
  isLone: boolean,
): Seam | null {
  const part = isLone ? { number: 1 } : global["iio:part"];
  const captures = objects(all);
  const [first, last] = [captures[0], captures.at(-1)];
  if (!isObject(part) || !first || !last) return null;
  const index = (of: Record<string, unknown>): number => Number(of["core:global_index"]);
  const behind = Number(global["iio:samples"]) - Number(last["core:sample_start"]);
  return {
    name,
    owner,
    number: Number(part["number"]),
    continues: text(global["iio:continues"]),
    fromScan: index(first),
    toScan: index(last) + behind,
    gapBefore: "iio:gap_grade" in first || "iio:captures" in global,
  };
}
