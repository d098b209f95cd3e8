/** A recording of this session that has ended: its name, note and hash can still change. */
import { rename, stat, unlink } from "node:fs/promises";
import type { StudioError } from "../../../shared/errors.js";
import type { JournalSummary } from "../../../shared/journal-summary.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";
import { Serial } from "../streams/serial.js";
import { writeMetadata } from "./complete.js";
import { recordingPaths } from "./names.js";

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

  /** Everything that belongs to it, absolute. */
  files(): string[] {
    const paths = recordingPaths(this.folder, this.shownName);
    return [
      ...this.facts.outputs.flatMap((output) => [paths.data(output), paths.meta(output)]),
      ...(this.facts.outputs.length > 1 ? [paths.collection] : []),
      paths.journal,
    ];
  }

  /** Takes its files away: for one that holds nothing. */
  async remove(): Promise<void> {
    for (const file of this.files()) await unlink(file).catch(() => {});
  }

  setHash(output: number, sha512: string): void {
    this.sha512[output] = sha512;
  }

  setNote(note: string): Promise<void> {
    this.journal.events.push({
      sample: this.journal.samples,
      timeNs: this.journal.lastTimeNs ?? 0n,
      json: { kind: "note", note },
    });
    return this.writeMetadata();
  }

  writeMetadata(): Promise<void> {
    return this.serial.run(() => this.write());
  }

  /** Data and journal first, then metadata under the new name; the old ones go last. */
  rename(name: string): Promise<void> {
    return this.serial.run(async () => {
      if (name === this.shownName) return;
      const from = recordingPaths(this.folder, this.shownName);
      const to = recordingPaths(this.folder, name);
      for (const output of this.facts.outputs) await rename(from.data(output), to.data(output));
      await rename(from.journal, to.journal);
      this.shownName = name;
      await this.write();
      const old = [...this.facts.outputs.map((output) => from.meta(output)), from.collection];
      for (const file of old) await unlink(file).catch(() => {});
    });
  }

  private write(): Promise<void> {
    return writeMetadata(this.folder, this.facts, {
      journal: this.journal,
      status: this.state,
      error: this.error,
      sha512: this.sha512,
      name: this.shownName,
    });
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
