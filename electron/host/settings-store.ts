/** The user's preferences: what `settings.get` answers and `settings.set` changes. */
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { fail } from "../../shared/errors.js";
import { DEFAULT_SETTINGS, LAYOUT_CHARS, type StudioSettings } from "../../shared/settings.js";
import type { RequestParams } from "../../shared/messages.js";
import { Emitter } from "./disposable.js";
import { JsonFile, type JsonFileFault } from "./json-file.js";

/** Unknown fields (of a newer version) are left out; wrong ones make the file count as damaged. */
const stored = v.object({
  theme: v.optional(v.picklist(["dark", "light", "system"]), DEFAULT_SETTINGS.theme),
  recordings: v.optional(
    v.object({
      folder: v.optional(v.pipe(v.string(), v.minLength(1)), DEFAULT_SETTINGS.recordings.folder),
      namePattern: v.optional(
        v.pipe(v.string(), v.minLength(1)),
        DEFAULT_SETTINGS.recordings.namePattern,
      ),
      hash: v.optional(v.boolean(), DEFAULT_SETTINGS.recordings.hash),
    }),
    DEFAULT_SETTINGS.recordings,
  ),
  simulator: v.optional(v.boolean(), DEFAULT_SETTINGS.simulator),
  layout: v.optional(v.pipe(v.string(), v.maxLength(LAYOUT_CHARS)), ""),
});

export class SettingsStore {
  readonly changed = new Emitter<StudioSettings>();
  private value: StudioSettings = structuredClone(DEFAULT_SETTINGS);
  private readonly file: JsonFile<StudioSettings>;

  constructor(configDir: string, onFault: (fault: JsonFileFault) => void) {
    this.file = new JsonFile(
      join(configDir, "settings.json"),
      (value) => v.parse(stored, value),
      onFault,
    );
  }

  async load(): Promise<void> {
    this.value = (await this.file.read()) ?? this.value;
  }

  get(): StudioSettings {
    return this.value;
  }

  async set(patch: RequestParams<"settings.set">): Promise<StudioSettings> {
    const { recordings, ...rest } = patch;
    if (recordings?.namePattern !== undefined) checkPattern(recordings.namePattern);
    this.value = {
      ...this.value,
      ...rest,
      recordings: { ...this.value.recordings, ...recordings },
    };
    const { value } = this;
    this.changed.fire(value);
    await this.file.write(value);
    return value;
  }
}

/** `~/Recordings` as the file system knows it. */
export function resolveFolder(folder: string): string {
  if (folder === "~") return homedir();
  if (folder.startsWith("~/")) return join(homedir(), folder.slice(2));
  if (!folder.startsWith("/")) return join(homedir(), folder);
  return folder;
}

function checkPattern(pattern: string): void {
  const unknown = /\{(?!device\}|date\}|time\}|n\})[^}]*\}?/.exec(pattern);
  if (unknown) {
    throw fail(
      "BAD_REQUEST",
      `The name pattern knows {device}, {date}, {time} and {n}, not ${unknown[0]}. Change that part.`,
      { field: "recordings.namePattern" },
    );
  }
  if (pattern.includes("/") || pattern.startsWith(".")) {
    throw fail(
      "BAD_REQUEST",
      "The name pattern can't hold a slash or begin with a dot. Set the folder in its own field.",
      { field: "recordings.namePattern" },
    );
  }
}
