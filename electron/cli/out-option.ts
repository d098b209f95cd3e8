/** `record --out BASENAME`: where a recording goes. Slips are refused, or mended, before anything is done for it. */
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fail } from "../../shared/errors.js";
import { baseOf, checkFree, checkName } from "../host/recordings/names.js";
import { partName } from "../host/recordings/parts-plan.js";
import { textOption, UsageError, type Arguments } from "./arguments.js";

/** Absolute, without the ending of a file that belongs to a recording. Its folder is there. */
export function readOut(args: Arguments): string {
  const text = textOption(args, "out");
  if (!text) throw new UsageError("record needs --out BASENAME.");
  const out = baseOf(text);
  if (/(^|\/)\.{0,2}$/.test(out)) {
    const folder = out.slice(0, out.lastIndexOf("/") + 1) || "./";
    const within = /(^|\/)\.{1,2}$/.test(out) ? out : folder;
    throw new UsageError(
      `--out takes a folder and a name, and "${text}" has no name. Write it as in ${join(within, "take")}.`,
    );
  }
  const path = resolve(out);
  checkFolder(dirname(path));
  return path;
}

/** A mistyped folder is refused instead of made. */
function checkFolder(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw fail("ENOENT", `There is no folder ${folder}. Make it first, or give another --out.`, {
      path: folder,
    });
  }
}

/** Throws EEXIST where the name is taken, as far as it is known before the stream is set up. */
export async function checkTaken(out: string, inParts: boolean): Promise<void> {
  const [folder, name] = [dirname(out), checkName(basename(out))];
  await checkFree(folder, name);
  if (inParts) await checkFree(folder, partName(name, 1));
}
