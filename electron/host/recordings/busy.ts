/** Whether a recording that lies in a folder is still in work. */
import type { FinishedList } from "./finished-list.js";
import { nameOf, type GoingRecordings } from "./going.js";
import type { Keeps } from "./keep.js";

export interface InWork {
  going: GoingRecordings;
  keeps: Keeps;
  finished: FinishedList;
}

/** Names of those that are being recorded into a folder. */
export function goingIn(folder: string, going: GoingRecordings): string[] {
  const here = going.all().filter(({ recording }) => recording.request.folder === folder);
  return here.map(nameOf);
}

/** Why its files are not to be touched now; null if they may be. `partOf`: the recording in parts that it belongs to. */
export function whyBusy(
  folder: string,
  { name, partOf }: { name: string; partOf: string | null },
  { going, keeps, finished }: InWork,
): string | null {
  const names = [...goingIn(folder, going), ...keeps.running().map((one) => one.name)];
  if (names.includes(name)) return `“${name}” is being recorded. Stop it first.`;
  if (partOf !== null && names.includes(partOf)) {
    return `“${partOf}”, which it is a part of, is being recorded. Stop that first.`;
  }
  return finished.isHashing(folder, name)
    ? `The SHA-512 of “${name}” is being worked out. Wait until that is done.`
    : null;
}
