/** A recording of this session that has ended: its name, note and hash can still change. */
import { rename, stat, unlink } from "node:fs/promises";
import { parse } from "node:path";
import type { StudioError } from "../../../shared/errors.js";
import type { JournalSummary } from "../../../shared/journal-summary.js";
import { continuesOf, noteOf } from "../../../shared/sigmf/metadata.js";
import type { RecordingEvent, RecordingFacts } from "../../../shared/sigmf/types.js";
import { Serial } from "../streams/serial.js";
import { writeMetadata } from "./complete.js";
import { moveFiles } from "./move-files.js";
import { nameTaken, recordingPaths } from "./names.js";
import { partsWith } from "./parts-collection.js";
import { partsKeepNames } from "./parts-plan.js";
import { writeParts, writePartsSoon, type PartsAsk } from "./parts-writer.js";

export class FinishedRecording {
  private readonly sha512: (string | undefined)[];
  private readonly serial = new Serial();
  private shownName: string;

  constructor(
    readonly folder: string,
    readonly facts: RecordingFacts,
    private readonly journal: JournalSummary,
    private readonly state: "complete" | "recovered",
    private readonly error: StudioError | null,
    name: string,
    /** By output, where files differ; `journal` tells of all of them then. */
    private readonly samples: readonly number[] | null = null,
  ) {
    this.shownName = name;
    this.sha512 = facts.outputs.map(() => undefined);
  }

  get name(): string {
    return this.shownName;
  }

  dataFiles(): string[] {
    const paths = recordingPaths(this.folder, this.shownName);
    return this.facts.outputs.map((output) => paths.data(output));
  }

  /** What it can't be without, absolute. */
  files(): string[] {
    return this.filesNamed(this.shownName);
  }

  /** Those, and its side indexes, which it may be without. */
  async filesThere(): Promise<string[]> {
    const indexes = this.indexesNamed(this.shownName);
    const sizes = await fileSizes(indexes);
    return [...this.files(), ...indexes.filter((_, at) => (sizes[at] as number) > 0)];
  }

  /** Takes its files away: for one that holds nothing. */
  async remove(): Promise<void> {
    const files = [...this.files(), ...this.indexesNamed(this.shownName)];
    for (const file of files) await unlink(file).catch(() => {});
  }

  setHash(output: number, sha512: string): void {
    this.sha512[output] = sha512;
  }

  get continues(): string {
    return continuesOf(this.facts, this.journal);
  }

  setNote(note: string): Promise<void> {
    return this.note({ kind: "note", note });
  }

  setContinues(name: string): Promise<void> {
    return this.note({ kind: "continues", name });
  }

  private note(json: RecordingEvent): Promise<void> {
    const { samples, lastTimeNs, events } = this.journal;
    events.push({ sample: samples, timeNs: lastTimeNs ?? 0n, json });
    return this.writeMetadata();
  }

  writeMetadata(): Promise<void> {
    return this.serial.run(() => this.write());
  }

  /** Of the recording in parts that it belongs to, the collection follows: `fault` is told why it can't. */
  writeHashes(fault: (error: unknown) => void): Promise<void> {
    return this.serial.run(() =>
      this.write((partOf, ask) => writePartsSoon(this.folder, partOf, ask, fault)),
    );
  }

  /**
   * All files or none, and never over a file that is there: rejects with EEXIST then. `beforeFiles`: once nothing that is
   * known refuses it.
   */
  rename(
    name: string,
    {
      field,
      beforeFiles,
    }: { field?: string; beforeFiles?: (() => Promise<void>) | undefined } = {},
  ): Promise<void> {
    return this.serial.run(async () => {
      const old = this.shownName;
      if (name === old) return;
      const partOf = await this.partOf();
      if (partOf !== null) throw partsKeepNames(partOf);
      await beforeFiles?.();
      const to = this.filesNamed(name);
      const undo = await moveFiles(
        this.filesNamed(old).map((from, index) => ({ from, to: to[index] as string })),
      ).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST" || error.path === undefined) throw error;
        throw nameTaken(this.folder, name, parse(error.path).name, field);
      });
      this.shownName = name;
      try {
        await this.write();
      } catch (error) {
        this.shownName = old;
        await undo();
        await this.write().catch(() => {});
        throw error;
      }
      await this.moveIndexes(old, name);
    });
  }

  /** What can be made anew from the data is no reason for a rename to fail. */
  private async moveIndexes(old: string, name: string): Promise<void> {
    const to = this.indexesNamed(name);
    for (const [at, from] of this.indexesNamed(old).entries()) {
      await rename(from, to[at] as string).catch(() => {});
    }
  }

  private indexesNamed(name: string): string[] {
    const paths = recordingPaths(this.folder, name);
    return this.facts.outputs.map((output) => paths.index(output));
  }

  private filesNamed(name: string): string[] {
    const paths = recordingPaths(this.folder, name);
    return [
      ...this.facts.outputs.flatMap((output) => [paths.data(output), paths.meta(output)]),
      ...(this.facts.outputs.length > 1 ? [paths.collection] : []),
      paths.journal,
    ];
  }

  private async write(
    toldTo: (partOf: string, ask: PartsAsk) => unknown = (partOf, ask) =>
      writeParts(this.folder, partOf, ask),
  ): Promise<void> {
    await writeMetadata(this.folder, this.facts, {
      journal: this.journal,
      samples: this.samples,
      status: this.state,
      error: this.error,
      sha512: this.sha512,
      name: this.shownName,
    });
    const partOf = await this.partOf();
    if (partOf !== null) await toldTo(partOf, { note: noteOf(this.facts, this.journal) });
  }

  private partOf(): Promise<string | null> {
    return partsWith(this.folder, this.shownName, this.facts.part);
  }
}

/** Sizes of files, 0 for those that are not there. Asks the directory only. */
export function fileSizes(files: readonly string[]): Promise<number[]> {
  return Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
}
