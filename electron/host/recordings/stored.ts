/** What can be done to a recording that lies in the folder: renamed, deleted, shown where it is. */
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../shared/errors.js";
import type { RecordingEntry } from "../../../shared/recording.js";
import { isObject, text } from "../../../shared/sigmf/fields.js";
import type { Catalogue } from "./catalogue.js";
import { moveFiles } from "./move-files.js";
import { leaveGroup } from "./group-files.js";
import { checkName, COLLECTION, DATA, INDEX, isName, JOURNAL, META, REST } from "./names.js";
import { partsWith } from "./parts-collection.js";
import { writeParts } from "./parts-writer.js";
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
  /** Name of the group that it belongs to. */
  group: string | null;
  note: string;
  /** Why it can't get another name: other files name it. null: none does. */
  named: string | null;
}

/** Called when nothing refuses it any more, before the first file is touched. */
type BeforeFiles = () => Promise<void>;

export class StoredRecordings {
  constructor(private readonly deps: StoredDeps) {}

  /** Where it lies: its metadata, absolute. */
  async pathOf(name: string): Promise<string> {
    const { members } = await this.find(name);
    const [first] = members;
    return join(this.deps.folder(), first === undefined ? name + COLLECTION : first + META);
  }

  /** All files of that recording, and none of another. What it belonged to is told. */
  async remove(name: string, beforeFiles: BeforeFiles): Promise<void> {
    const { members, partOf, group, note } = await this.free(name);
    const folder = this.deps.folder();
    await beforeFiles();
    this.deps.forget(name);
    try {
      await removeRecording(folder, name, members, this.deps.catalogue.isCollection(name));
      if (partOf !== null) await writeParts(folder, partOf, { note });
      if (group !== null) await leaveGroup(folder, group, name);
    } finally {
      await this.deps.catalogue.refresh();
    }
  }

  /** All files or none, and never over one that is there. */
  async rename(name: string, newName: string, beforeFiles: BeforeFiles): Promise<void> {
    checkName(newName, "newName");
    const { entry, named } = await this.free(name);
    const why = entry.hashPending
      ? `The SHA-512 of “${name}” is still to be worked out. Rename it when that is done.`
      : named;
    if (why !== null) throw fail("UNSUPPORTED", why, { field: "newName" });
    const folder = this.deps.folder();
    const held = await this.deps.promised.hold(folder, newName, [{ suffix: "" }], "newName");
    try {
      const files = [DATA, META, JOURNAL, INDEX, REST].map((ending) => ({
        from: join(folder, name + ending),
        to: join(folder, newName + ending),
      }));
      const there = await Promise.all(files.map(({ from }) => isThere(from)));
      await beforeFiles();
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
    const { catalogue } = this.deps;
    const members = catalogue.membersOf(name);
    const global = await globalOf(join(this.deps.folder(), members[0] + META));
    const partOf = await partsWith(this.deps.folder(), name, global["iio:part"]);
    const group = text(global["iio:group"]);
    const inOthers = catalogue.isCollection(name) || partOf !== null || group !== "";
    const follower = catalogue.followerOf(name);
    return {
      entry,
      members,
      partOf,
      group: isName(group) ? group : null,
      note: text(global["core:description"]),
      named: inOthers
        ? `Other files name “${name}”: it is one of several. Give it a note instead.`
        : follower === null
          ? null
          : `“${follower}” goes on from “${name}” and names it. Give it a note instead.`,
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
