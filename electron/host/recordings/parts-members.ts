/** Which parts of a recording lie in a folder, by their metadata: each file is read once, until it is another one. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../../shared/sigmf/fields.js";
import { META } from "./names.js";
import { partName } from "./parts-plan.js";

export interface Member {
  name: string;
  /** Base name of the part that it is a file of. */
  part: string;
  number: number;
  /** SHA-512 of its metadata. */
  hash: string;
}

interface Known {
  /** Of the file as it was read. */
  key: string;
  /** null: it is no part, or still being written. */
  member: Member | null;
}

export class PartMembers {
  private known: ReadonlyMap<string, Known> = new Map();

  constructor(
    private readonly folder: string,
    /** Of the recording in parts. */
    private readonly name: string,
  ) {}

  /** Recordings in the folder that say that they are parts of this one and have ended, in order. */
  async look(): Promise<Member[]> {
    const { name } = this;
    const files = (await readdir(this.folder)).filter(
      (file) => file === name + META || (file.startsWith(`${name}-part`) && file.endsWith(META)),
    );
    const keys = await Promise.all(files.map((file) => keyOf(join(this.folder, file))));
    const known = new Map<string, Known>();
    for (const [at, file] of files.entries()) {
      const key = keys[at] ?? null;
      if (key === null) continue;
      const before = this.known.get(file);
      known.set(file, before?.key === key ? before : { key, member: await this.read(file) });
    }
    this.known = known;
    const members = [...known.values()].flatMap(({ member }) => member ?? []);
    return members.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
  }

  private async read(file: string): Promise<Member | null> {
    const bytes = await readFile(join(this.folder, file)).catch(() => null);
    const isLone = file === this.name + META;
    const number = bytes && partNumber(bytes.toString("utf8"), this.name, isLone);
    if (!bytes || number === null) return null;
    const hash = createHash("sha512").update(bytes).digest("hex");
    const part = isLone ? this.name : partName(this.name, number);
    return { name: file.slice(0, -META.length), part, number, hash };
  }
}

/** Another one with each write; null: it is gone. */
async function keyOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && `${found.ino} ${found.size} ${found.ctimeNs}`;
}

/** `isLone`: it has the name of all together, and is the first of them. */
function partNumber(json: string, name: string, isLone: boolean): number | null {
  try {
    const { global } = JSON.parse(json) as { global?: Record<string, unknown> };
    const part = global?.["iio:part"];
    // One that is still being written changes all the time.
    const over = global?.["iio:state"] !== "recording";
    if (over && isLone && part === undefined) return 1;
    if (!over || !isObject(part) || part["of"] !== name) return null;
    return typeof part["number"] === "number" ? part["number"] : null;
  } catch {
    return null;
  }
}
