/**
 * Writes the collection that ties the parts of a recording together: anew from what lies in the folder whenever a part came,
 * went or was changed, so that it is right after a crash too. Of thousands of parts that takes a while; where nobody waits
 * for it, it is rested from, and what comes meanwhile is written together.
 */
import { join } from "node:path";
import { buildPartsCollection, metadataText } from "../../../shared/sigmf/metadata.js";
import { writeAtomically } from "../json-file.js";
import { isDeleted, NONE_DELETED } from "./held.js";
import { COLLECTION } from "./names.js";
import { readParts, type PartsOnDisk } from "./parts-collection.js";
import { PartMembers } from "./parts-members.js";
import { unlinkIfThere } from "./remove.js";

/** A write that nobody waits for comes when so many times has passed what the last one took. */
const REST = 9;
/** Recordings of which it is remembered what lies in the folder. */
const REMEMBERED = 16;

export interface PartsAsk {
  note: string;
  /** As it stands when it is written; without, as it stands in the file that is there. */
  ring?: () => Pick<PartsOnDisk, "kept" | "deleted">;
}

/** By folder and name; the one that was used last is the last. */
const writers = new Map<string, PartsWriter>();

/** Resolves when it is written. Where no part is left, no collection is either. */
export function writeParts(folder: string, name: string, ask: PartsAsk): Promise<void> {
  return writerOf(folder, name).write(ask);
}

/** As soon as it has rested. `fault` is told why it could not be written. */
export function writePartsSoon(
  folder: string,
  name: string,
  ask: PartsAsk,
  fault: (error: unknown) => void,
): void {
  writerOf(folder, name).soon(ask, fault);
}

/** All that rests is written. */
export async function partsWritten(): Promise<void> {
  await Promise.all([...writers.values()].map((writer) => writer.flush()));
}

function writerOf(folder: string, name: string): PartsWriter {
  const path = join(folder, name);
  const writer = writers.get(path) ?? new PartsWriter(folder, name);
  writers.delete(path);
  writers.set(path, writer);
  for (const [other, { isIdle }] of writers) {
    if (writers.size <= REMEMBERED) break;
    if (isIdle && other !== path) writers.delete(other);
  }
  return writer;
}

class PartsWriter {
  private readonly members: PartMembers;
  /** One at a time: two of them would each miss what the other came for. */
  private last: Promise<unknown> = Promise.resolve();
  private writing = 0;
  private waiting: { ask: PartsAsk; fault: (error: unknown) => void } | null = null;
  private timer: NodeJS.Timeout | undefined;
  private restedAtMs = 0;

  constructor(
    private readonly folder: string,
    private readonly name: string,
  ) {
    this.members = new PartMembers(folder, name);
  }

  get isIdle(): boolean {
    return this.writing === 0 && this.waiting === null;
  }

  /** What rests is in it. */
  write(ask: PartsAsk): Promise<void> {
    this.waiting = null;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing++;
    const written = this.last.then(() => this.writeNow(ask));
    this.last = written
      .catch(() => {})
      .finally(() => {
        this.writing--;
        this.arm();
      });
    return written;
  }

  soon(ask: PartsAsk, fault: (error: unknown) => void): void {
    this.waiting = { ask, fault };
    this.arm();
  }

  async flush(): Promise<void> {
    const { waiting } = this;
    if (waiting) await this.write(waiting.ask).catch(waiting.fault);
    else await this.last;
  }

  /** How long to rest from a write is known only at its end. */
  private arm(): void {
    if (!this.waiting || this.timer !== undefined || this.writing > 0) return;
    const leftMs = Math.max(0, this.restedAtMs - performance.now());
    this.timer = setTimeout(() => void this.flush(), leftMs);
  }

  private async writeNow({ note, ring }: PartsAsk): Promise<void> {
    const { folder, name } = this;
    const startedMs = performance.now();
    try {
      const before = ring?.() ?? (await readParts(folder, name));
      const { kept, deleted } = before ?? { kept: [], deleted: NONE_DELETED };
      const stays = new Set(kept);
      const members = (await this.members.look()).filter(
        ({ part, number }) => !isDeleted({ name: part, number }, { kept: stays, deleted }),
      );
      const path = join(folder, name + COLLECTION);
      if (members.length === 0) {
        if (await readParts(folder, name)) await unlinkIfThere(path);
        return;
      }
      const there = new Set(members.map(({ part }) => part));
      const collection = buildPartsCollection(
        members.map(({ name: member, hash }) => ({ name: member, hash })),
        {
          note,
          kept: kept.filter((one) => there.has(one)),
          deleted: deleted.through > 0 ? deleted : null,
        },
      );
      await writeAtomically(path, metadataText(collection));
    } finally {
      const endedMs = performance.now();
      this.restedAtMs = endedMs + REST * (endedMs - startedMs);
    }
  }
}
