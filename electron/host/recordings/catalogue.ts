/** What recordings a folder holds, followed as files come and go. Reads metadata only, each file once until it changes. */
import { watch, type FSWatcher } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fail, toStudioError } from "../../../shared/errors.js";
import type { RecordingEntry } from "../../../shared/recording.js";
import { text } from "../../../shared/sigmf/fields.js";
import { PARTS } from "../../../shared/sigmf/metadata.js";
import { readCollection, readMetadata } from "../../../shared/sigmf/read.js";
import { Emitter } from "../disposable.js";
import { readGroupFile } from "./group-files.js";
import { COLLECTION, DATA, isName, META } from "./names.js";

/** The newest are listed. */
const LIST_LIMIT = 2000;
/** Files come in bursts: metadata are replaced, collections follow … */
const SETTLE_MS = 300;
/** … and looking at them takes at most a tenth of the time, however long they are. */
const REST = 9;

/** One metadata file, boiled down. */
interface Part {
  startedAtMs: number;
  label: string;
  note: string;
  gaps: number;
  state: RecordingEntry["state"];
  collection: string | null;
  /** Name of the recording that it goes on from, or "". */
  continues: string;
  hashPending: boolean;
  error?: RecordingEntry["error"];
}

/** A collection of data files that are one recording. */
interface Collected {
  names: readonly string[];
  /** Why it can't be read, or not be followed. */
  fault?: unknown;
}

export class Catalogue {
  readonly changed = new Emitter<RecordingEntry[]>();
  private entries: RecordingEntry[] = [];
  private folder = "";
  private collections: ReadonlyMap<string, Collected> = new Map();
  /** Those that go on from another, by the name of that one. */
  private followers: ReadonlyMap<string, string> = new Map();
  private watcher: FSWatcher | null = null;
  private timer: NodeJS.Timeout | null = null;
  private scanning: Promise<void> | null = null;
  private again = false;
  private readonly parts = new Map<string, { key: string; part: Part }>();
  private closed = false;
  /** When what the last look took has been rested from. */
  private restedAtMs = 0;

  list(): RecordingEntry[] {
    return this.entries;
  }

  /** Whole recordings whose hash is still to be worked out, with the names of their parts. */
  hashPending(): { name: string; members: readonly string[] }[] {
    return this.entries.flatMap(({ name, state, hashPending }) =>
      hashPending && state !== "damaged" ? [{ name, members: this.membersOf(name) }] : [],
    );
  }

  /** Base names of the data files of a recording; none if its collection names none that can be. */
  membersOf(name: string): readonly string[] {
    return this.collections.get(name)?.names ?? [name];
  }

  /** It is listed because of a collection of that name. */
  isCollection(name: string): boolean {
    return this.collections.has(name);
  }

  /** A recording that goes on from this one, and names it; null: none does. */
  followerOf(name: string): string | null {
    return this.followers.get(name) ?? null;
  }

  async setFolder(folder: string): Promise<void> {
    if (folder === this.folder) return;
    this.folder = folder;
    this.parts.clear();
    this.watch();
    await this.refresh();
  }

  /** Looks now; if a look is going on, once more after it. */
  async refresh(): Promise<void> {
    if (this.closed) return;
    this.again = true;
    this.scanning ??= this.scanAll();
    await this.scanning;
  }

  /** Files have changed: looks once they have settled, and what the last look took has been rested from. */
  lookSoon(): void {
    if (!this.closed) this.timer ??= setTimeout(() => this.lookRested(), SETTLE_MS);
  }

  close(): void {
    this.closed = true;
    this.watcher?.close();
    this.watcher = null;
    if (this.timer) clearTimeout(this.timer);
    this.changed.dispose();
  }

  private watch(): void {
    this.watcher?.close();
    this.watcher = null;
    try {
      this.watcher = watch(this.folder, { persistent: false }, (_event, file) => {
        if (file && !file.endsWith(META) && !file.endsWith(COLLECTION)) return;
        this.lookSoon();
      });
      this.watcher.on("error", () => this.watcher?.close());
    } catch {
      // A folder that isn't there yet is watched once a recording made it; the list follows our own doing anyway.
      this.watcher = null;
    }
  }

  /** A file may have changed while a look went on: how long to rest from that is known only at its end. */
  private lookRested(): void {
    const leftMs = this.scanning ? SETTLE_MS : this.restedAtMs - performance.now();
    this.timer = leftMs > 0 ? setTimeout(() => this.lookRested(), Math.ceil(leftMs)) : null;
    if (!this.timer) void this.refresh();
  }

  private async scanAll(): Promise<void> {
    while (this.again && !this.closed) {
      this.again = false;
      if (!this.watcher) this.watch();
      const startedMs = performance.now();
      const entries = await this.scan().catch(() => [] as RecordingEntry[]);
      const endedMs = performance.now();
      this.restedAtMs = endedMs + REST * (endedMs - startedMs);
      const changed = summary(entries) !== summary(this.entries);
      this.entries = entries;
      if (changed) this.changed.fire(entries);
    }
    this.scanning = null;
  }

  private async scan(): Promise<RecordingEntry[]> {
    const { folder } = this;
    const files = new Set(await readdir(folder));
    const parts = new Map<string, Part>();
    for (const file of files) {
      if (!file.endsWith(META)) continue;
      parts.set(file.slice(0, -META.length), await this.part(folder, file));
    }
    for (const path of this.parts.keys()) {
      if (!files.has(path)) this.parts.delete(path);
    }
    const collections = new Map<string, Collected>();
    for (const file of files) {
      if (!file.endsWith(COLLECTION)) continue;
      const name = file.slice(0, -COLLECTION.length);
      // Its recordings stand in the list by themselves.
      if (await readGroupFile(folder, name)) continue;
      const found = await collectedIn(join(folder, file), name);
      if (found) collections.set(name, found);
    }
    // While a recording of several files runs, its collection may not be there yet; one that can't be read tells nothing.
    for (const [base, { collection }] of parts) {
      const name = collection ?? (collections.get(base)?.fault ? base : null);
      if (name === null || (files.has(name + COLLECTION) && !collections.get(name)?.fault))
        continue;
      const known = collections.get(name) ?? { names: [] };
      collections.set(name, { ...known, names: [...known.names, base] });
    }
    this.collections = collections;
    this.followers = new Map([...parts].map(([name, { continues }]) => [continues, name]));
    const inCollection = new Set([...collections.values()].flatMap(({ names }) => names));
    const entries: RecordingEntry[] = [];
    for (const [name, collected] of collections) {
      entries.push(await entryOf(folder, name, collected, parts));
    }
    for (const name of parts.keys()) {
      if (!inCollection.has(name))
        entries.push(await entryOf(folder, name, { names: [name] }, parts));
    }
    return entries.sort((a, b) => b.startedAtMs - a.startedAtMs).slice(0, LIST_LIMIT);
  }

  private async part(folder: string, file: string): Promise<Part> {
    const path = join(folder, file);
    try {
      const { mtimeMs, size } = await stat(path);
      const key = `${mtimeMs} ${size}`;
      const known = this.parts.get(file);
      if (known?.key === key) return known.part;
      const part = partOf(JSON.parse(await readFile(path, "utf8")), mtimeMs);
      this.parts.set(file, { key, part });
      return part;
    } catch (error) {
      return damaged(error);
    }
  }
}

/** What makes a list another one. A recording that runs grows all the time; its status tells how far. */
function summary(entries: readonly RecordingEntry[]): string {
  return JSON.stringify(
    entries.map((entry) => (entry.state === "recording" ? { ...entry, bytes: 0 } : entry)),
  );
}

/** `writtenAtMs` of the file: one that just begins does not say yet when it did. */
function partOf(json: unknown, writtenAtMs: number): Part {
  const opened = readMetadata(json);
  const { global } = json as { global: Record<string, unknown> };
  const device = global["iio:device"] as { label?: unknown } | undefined;
  return {
    startedAtMs: opened.startedAtMs ?? writtenAtMs,
    label: typeof device?.label === "string" ? device.label : opened.hardware,
    note: opened.note,
    // What was left out on purpose is none.
    gaps: opened.captures.filter(({ gap }) => gap && gap.cause !== "not-recorded").length,
    state: opened.state ?? "complete",
    // What can't be a name beside it is none.
    collection: opened.collection !== null && isName(opened.collection) ? opened.collection : null,
    continues: text(global["iio:continues"]),
    hashPending: opened.hashPending,
  };
}

function damaged(thrown: unknown): Part {
  return {
    startedAtMs: 0,
    label: "",
    note: "",
    gaps: 0,
    state: "damaged",
    collection: null,
    continues: "",
    hashPending: false,
    error: toStudioError(thrown),
  };
}

/** null: a collection of parts, each of which is listed for itself. */
async function collectedIn(path: string, name: string): Promise<Collected | null> {
  const unusable = (why: string): Collected => ({
    names: [],
    fault: fail("BAD_RECORDING", `The collection of “${name}” ${why}. Mend or remove the file.`),
  });
  try {
    const json = JSON.parse(await readFile(path, "utf8")) as { collection?: object };
    if (json.collection && PARTS in json.collection) return null;
    const names = readCollection(json).map((member) => member.name);
    return names.every(isName) ? { names } : unusable("names files that do not lie beside it");
  } catch (error) {
    return unusable(`can't be read: ${toStudioError(error).message.replace(/\.$/, "")}`);
  }
}

async function entryOf(
  folder: string,
  name: string,
  { names: members, fault }: Collected,
  parts: ReadonlyMap<string, Part>,
): Promise<RecordingEntry> {
  const first = parts.get(members[0] ?? "") ?? damaged(fault ?? missing(name));
  let bytes = 0;
  let worst = fault ? damaged(fault) : first;
  let hashPending = false;
  for (const member of members) {
    const part = parts.get(member) ?? damaged(missing(member));
    const size = await stat(join(folder, member + DATA)).then(
      (found) => found.size,
      () => null,
    );
    bytes += size ?? 0;
    hashPending ||= part.hashPending;
    if (fault) continue;
    if (part.state === "damaged") worst = part;
    else if (size === null) worst = damaged(missing(member));
  }
  return {
    name,
    device: `rec:${name}`,
    label: first.label,
    startedAtMs: first.startedAtMs,
    bytes,
    gaps: first.gaps,
    state: worst.state,
    note: first.note,
    ...(hashPending ? { hashPending: true as const } : {}),
    ...(worst.error ? { error: worst.error } : {}),
  };
}

function missing(name: string): Error {
  return fail("ENOENT", `A file of “${name}” is missing. Bring it back beside the others.`);
}
