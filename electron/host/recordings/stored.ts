/** What can be done to a recording that lies in the folder: renamed, deleted, shown where it is. */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../shared/errors.js";
import type { RecordingEntry } from "../../../shared/recording.js";
import { isObject, text } from "../../../shared/sigmf/fields.js";
import type { Catalogue } from "./catalogue.js";
import { moveFiles } from "./move-files.js";
import { checkName, DATA, INDEX, JOURNAL, META, REST } from "./names.js";
import { partsWith, writeParts } from "./parts-collection.js";
import { isHashedElsewhere } from "./pending-hash.js";
import type { PromisedNames } from "./promised-names.js";
import { removeRecording } from "./remove.js";

export interface StoredDeps {
  catalogue: Catalogue;
  promised: PromisedNames;
  folder(): string;
  /** Why its files are not to be touched now; null if they may be. */
  busy(name: string, partOf: string | null): string | null;
  /** It is no more: nobody is to write its metadata again. */
  forget(name: string): void;
}

interface Found {
  entry: RecordingEntry;
  members: readonly string[];
  /** Name of the recording in parts that it belongs to. */
  partOf: string | null;
  note: string;
  /** It can be renamed without changing what other files say. */
  alone: boolean;
}

export class StoredRecordings {
  constructor(private readonly deps: StoredDeps) {}

  /** Where it lies: its metadata, absolute. */
  async pathOf(name: string): Promise<string> {
    const { members } = await this.find(name);
    return join(this.deps.folder(), members[0] + META);
  }

  /** All files of that recording, and none of another. */
  async remove(name: string): Promise<void> {
    const { members, partOf, note } = await this.free(name);
    const folder = this.deps.folder();
    this.deps.forget(name);
    await removeRecording(folder, name, members);
    if (partOf !== null) await writeParts(folder, partOf, { note });
    await this.deps.catalogue.refresh();
  }

  /** All files or none, and never over one that is there. */
  async rename(name: string, newName: string): Promise<void> {
    checkName(newName, "newName");
    const { entry, alone } = await this.free(name);
    if (!alone || entry.hashPending) {
      throw fail(
        "UNSUPPORTED",
        entry.hashPending
          ? `The SHA-512 of “${name}” is still to be worked out. Rename it when that is done.`
          : `Other files name “${name}”: it is one of several. Give it a note instead.`,
        { field: "newName" },
      );
    }
    const folder = this.deps.folder();
    const held = await this.deps.promised.hold(folder, newName, [{ suffix: "" }], "newName");
    try {
      const files = [DATA, META, JOURNAL, INDEX, REST].map((ending) => ({
        from: join(folder, name + ending),
        to: join(folder, newName + ending),
      }));
      const there = await Promise.all(files.map(({ from }) => isThere(from)));
      await moveFiles(files.filter((_, at) => there[at]));
    } finally {
      held.dispose();
    }
    await this.deps.catalogue.refresh();
  }

  private async free(name: string): Promise<Found> {
    const found = await this.find(name);
    const why =
      found.entry.state === "recording"
        ? `“${name}” is being recorded. Stop it first.`
        : this.deps.busy(name, found.partOf);
    if (why !== null) throw fail("BUSY_RECORDING", why, { field: "name" });
    if (found.entry.hashPending && (await isHashedElsewhere(this.deps.folder(), name))) {
      throw fail("BUSY", `Another program works out the SHA-512 of “${name}”. Close it first.`);
    }
    return found;
  }

  private async find(name: string): Promise<Found> {
    checkName(name);
    await this.deps.catalogue.refresh();
    const entry = this.deps.catalogue.list().find((one) => one.name === name);
    if (!entry) {
      throw fail("NOT_FOUND", `There is no recording named “${name}” in the folder. Look again.`, {
        field: "name",
      });
    }
    const members = this.deps.catalogue.membersOf(name);
    const global = await globalOf(join(this.deps.folder(), members[0] + META));
    const partOf = await partsWith(this.deps.folder(), name, global["iio:part"]);
    const group = text(global["iio:group"]);
    return {
      entry,
      members,
      partOf,
      note: text(global["core:description"]),
      alone: members.length === 1 && members[0] === name && partOf === null && group === "",
    };
  }
}

/** Of metadata that can't be read nothing is known: what is damaged can still be deleted. */
async function globalOf(path: string): Promise<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    return isObject(json) && isObject(json["global"]) ? json["global"] : {};
  } catch {
    return {};
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
