/** Recordings that ended in this session: hashed in the background, and still to be named and described. */
import { join } from "node:path";
import { fail } from "../../../shared/errors.js";
import type { RequestParams } from "../../../shared/messages.js";
import type { RecordingStatus } from "../../../shared/recording.js";
import type { FinishedRecording } from "./finished.js";
import { HashQueue, type Hashable } from "./hashing.js";
import { partsWritten } from "./parts-writer.js";
import type { PromisedNames } from "./promised-names.js";

const LIMIT = 32;

interface Entry {
  recording: FinishedRecording;
  status: RecordingStatus | null;
}

export class FinishedList {
  /** By path: another folder may hold another recording of that name. */
  private readonly entries = new Map<string, Entry>();
  private readonly hashes: HashQueue;
  /** Whose hash is being worked out, or waits for that. */
  private readonly unhashed = new Set<Hashable>();

  constructor(
    private readonly promised: PromisedNames,
    private readonly events: {
      status(recording: FinishedRecording, status: RecordingStatus): void;
      /** 0 … 1; null when it is over: its metadata have changed. */
      hash(name: string, done: number | null): void;
      /** Before those that ended learn its new name. */
      renamed(recording: FinishedRecording, from: string): void;
      changed(): void;
      fault(recording: Hashable, error: unknown): void;
    },
  ) {
    this.hashes = new HashQueue(
      (recording, done) => this.hashed(recording, done),
      (recording, error) => events.fault(recording, error),
    );
  }

  /** `status`: as it was last told; null for one of an earlier session. */
  add(recording: FinishedRecording, status: RecordingStatus | null): void {
    this.keep({ recording, status });
    if (recording.facts.hash) this.resumeHash(recording);
  }

  isHashing(folder: string, name: string): boolean {
    return [...this.unhashed].some((one) => one.folder === folder && one.name === name);
  }

  /** Recorded in this session, and known by that name. */
  has(folder: string, name: string): boolean {
    return Boolean(this.entries.get(join(folder, name))?.status);
  }

  /** It was deleted. */
  forget(folder: string, name: string): void {
    this.entries.delete(join(folder, name));
  }

  /** One of an earlier session, whose hash was left for later. */
  resumeHash(recording: Hashable): void {
    this.unhashed.add(recording);
    this.hashes.add(recording);
  }

  /** Of that name in `folder`, else the one that ended last in another. `beforeFiles`: before any file is renamed. */
  async annotate(
    { name, newName, note }: RequestParams<"recording.annotate">,
    folder: string,
    beforeFiles?: () => Promise<void>,
  ): Promise<RecordingStatus> {
    const elsewhere = (): Entry | undefined =>
      [...this.entries.values()].findLast((one) => one.recording.name === name);
    const found = this.entries.get(join(folder, name)) ?? elsewhere();
    if (!found?.status) {
      throw fail(
        "NOT_FOUND",
        `“${name}” was not recorded in this session. Edit its metadata file.`,
        { field: "name" },
      );
    }
    const { recording } = found;
    if (newName !== undefined && newName !== recording.name) {
      const { facts } = recording;
      const held = await this.promised.hold(recording.folder, newName, facts.outputs, "newName");
      await recording.rename(newName, { field: "newName", beforeFiles }).finally(() => {
        held.dispose();
      });
      this.entries.delete(join(recording.folder, name));
    }
    if (note !== undefined) await recording.setNote(note);
    const status = { ...found.status, name: recording.name, note: note ?? found.status.note };
    this.keep({ recording, status });
    this.events.status(recording, status);
    this.events.changed();
    if (recording.name !== name) await this.followRename(recording, name);
    return status;
  }

  /** Recordings that go on from one that was renamed. */
  private async followRename(to: FinishedRecording, from: string): Promise<void> {
    this.events.renamed(to, from);
    for (const { recording } of this.entries.values()) {
      if (recording.folder === to.folder && recording.continues === from) {
        await recording.setContinues(to.name);
      }
    }
  }

  async close(finishHashes: boolean): Promise<void> {
    if (finishHashes) await this.hashes.settled();
    await this.hashes.cancel();
    await partsWritten();
  }

  private keep(entry: Entry): void {
    const { folder, name } = entry.recording;
    this.entries.set(join(folder, name), entry);
    const [oldest] = this.entries.keys();
    if (this.entries.size > LIMIT && oldest !== undefined) this.entries.delete(oldest);
  }

  private hashed(recording: Hashable, done: number | null): void {
    if (done === null) this.unhashed.delete(recording);
    this.events.hash(recording.name, done);
    const entry = this.entries.get(join(recording.folder, recording.name));
    if (entry?.status) {
      entry.status = { ...entry.status, hashing: done };
      this.events.status(entry.recording, entry.status);
    }
  }
}
