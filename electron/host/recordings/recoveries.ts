/** Completes what was cut off in the folder of recordings, as often as it is looked into, and tells of it. */
import { join } from "node:path";
import type { Events } from "../../../shared/messages.js";
import { toStudioError, type StudioError } from "../../../shared/errors.js";
import { ForeignJournals } from "./foreign-journals.js";
import { recoveredWords } from "./recovered-words.js";
import { recoverRecordings, type Recovered } from "./recovery.js";

export interface RecoveriesDeps {
  folder(): string;
  /** Names that this program writes. */
  busy(): ReadonlySet<string>;
  recovered(one: Recovered): void;
  /** What lies in the folder. */
  changed(): Promise<void>;
  notice(notice: Events["notice"]): void;
}

/** What is still not complete, by name. */
export interface Unfinished {
  /** Somebody else writes it, or may. */
  written: Set<string>;
  /** Why it can't be completed. */
  faults: Map<string, StudioError>;
}

export class Recoveries {
  private readonly foreign = new ForeignJournals();
  /** Faults that were told. */
  private readonly told = new Set<string>();

  constructor(private readonly deps: RecoveriesDeps) {}

  async look(): Promise<Unfinished> {
    const { deps } = this;
    const written = new Set<string>();
    const faults = new Map<string, StudioError>();
    const folder = deps.folder();
    const recovered = await recoverRecordings(folder, {
      busy: deps.busy(),
      foreign: this.foreign,
      fault: (name, thrown) => faults.set(name, toStudioError(thrown)),
      written: (name) => written.add(name),
    });
    for (const [name, error] of faults) this.tellFault(folder, name, error);
    for (const one of recovered) {
      deps.notice({
        level: "warning",
        title: "A recording was recovered",
        error: { code: "RECOVERED", message: recoveredWords(one) },
      });
      deps.recovered(one);
    }
    if (recovered.length > 0) await deps.changed();
    return { written, faults };
  }

  /** Once, however often it is looked at. */
  private tellFault(folder: string, name: string, error: StudioError): void {
    const key = `${join(folder, name)} ${error.message}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    this.deps.notice({ level: "error", title: `“${name}” could not be completed`, error });
  }
}
