/** Files of the kernel by way of a device's control thread: never through libuv, whose pool a stuck driver would block. */
import type { NativeControl } from "../../../native/addon.js";
import { toStudioError } from "../../../shared/errors.js";
import type { StudioError } from "../../../shared/errors.js";

export interface SysfsEntry {
  name: string;
  kind: "file" | "directory" | "link";
  mode: number;
}

/** Many files of one go stay below the control thread's queue. */
const BATCH = 64;

export class Sysfs {
  constructor(private readonly control: NativeControl) {}

  /** Text without the newline at its end. */
  async read(path: string): Promise<string> {
    return trimEnd(await this.control.read(path));
  }

  async write(path: string, text: string): Promise<void> {
    await this.control.write(path, text);
  }

  /** Entries of a directory; none if it is not there. */
  async list(path: string): Promise<SysfsEntry[]> {
    try {
      return await this.control.list(path);
    } catch (error) {
      if (toStudioError(error).code === "ENOENT") return [];
      throw error;
    }
  }

  /** What could be read of many files, by path; what could not is left out, or told to `onFault`. */
  async readMany(
    paths: readonly string[],
    onFault: (path: string, error: StudioError) => void = () => {},
  ): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for (let at = 0; at < paths.length; at += BATCH) {
      const batch = paths.slice(at, at + BATCH);
      const answers = await this.control.readAll(batch);
      answers.forEach((answer, index) => {
        const path = batch[index]!;
        if ("text" in answer) texts.set(path, trimEnd(answer.text));
        else onFault(path, toStudioError(answer.error));
      });
    }
    return texts;
  }

  /** Text of a file, or null if it can't be read for whatever reason. */
  async tryRead(path: string): Promise<string | null> {
    try {
      return await this.read(path);
    } catch {
      return null;
    }
  }

  async exists(path: string): Promise<boolean> {
    try {
      return await this.control.exists(path);
    } catch {
      return false;
    }
  }

  close(): void {
    this.control.close();
  }
}

function trimEnd(text: string): string {
  return text.replace(/[\n\0]+$/, "");
}
