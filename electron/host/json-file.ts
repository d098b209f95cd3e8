/**
 * A small JSON file in the configuration folder: read once, checked, written whole and atomically. A damaged file is
 * kept aside and said, never overwritten. Writes are in order; one that is superseded before it began is left out.
 */
import { mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { toStudioError, type StudioError } from "../../shared/errors.js";

/** What went wrong with the file, to be shown once. */
export type JsonFileFault = { file: string; error: StudioError };

export class JsonFile<T> {
  private writing: Promise<void> = Promise.resolve();
  private waiting: T | undefined;

  constructor(
    readonly path: string,
    /** Turns what was read into a T; throws if it can't. */
    private readonly check: (value: unknown) => T,
    private readonly onFault: (fault: JsonFileFault) => void,
  ) {}

  /** What stands in the file, or undefined if there is none (or none that can be read). */
  async read(): Promise<T | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      this.report(error, "Its contents are not used in this session.");
      return undefined;
    }
    try {
      return this.check(JSON.parse(text));
    } catch (error) {
      const aside = `${this.path}.damaged-${new Date().toISOString().replace(/[:.]/g, "-")}`;
      await rename(this.path, aside).catch(() => {});
      this.report(error, `It was kept as ${aside}; the defaults are used.`);
      return undefined;
    }
  }

  /** Resolves when this or a newer value is on disk, or could not be written (which is told). */
  write(value: T): Promise<void> {
    const begun = this.waiting !== undefined;
    this.waiting = value;
    if (!begun) this.writing = this.writing.then(() => this.writeWaiting());
    return this.writing;
  }

  private async writeWaiting(): Promise<void> {
    const value = this.waiting;
    this.waiting = undefined;
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      await writeAtomically(this.path, `${JSON.stringify(value, null, 2)}\n`);
    } catch (error) {
      this.report(error, "The change holds until the program ends.");
    }
  }

  private report(thrown: unknown, next: string): void {
    const cause = toStudioError(thrown);
    this.onFault({
      file: this.path,
      error: { ...cause, path: this.path, message: `${sentence(cause.message)} ${next}` },
    });
  }
}

/** Readers see the old or the new text, never a part. Leaves nothing beside it that could not be written. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    const file = await open(fresh, "w", 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await unlink(fresh).catch(() => {});
    throw error;
  }
}

function sentence(text: string): string {
  return /[.]$/.test(text) ? text : `${text}.`;
}
