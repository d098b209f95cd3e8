/** Completes what was cut off in the folder of recordings, as often as it is looked into, and tells of it. */
import type { Events } from "../../../shared/messages.js";
import { toStudioError } from "../../../shared/errors.js";
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

export class Recoveries {
  private readonly foreign = new ForeignJournals();

  constructor(private readonly deps: RecoveriesDeps) {}

  async look(): Promise<void> {
    const { deps } = this;
    const recovered = await recoverRecordings(deps.folder(), {
      busy: deps.busy(),
      foreign: this.foreign,
      fault: (name, thrown) =>
        deps.notice({
          level: "error",
          title: `“${name}” could not be completed`,
          error: toStudioError(thrown),
        }),
    });
    for (const one of recovered) {
      deps.notice({
        level: "warning",
        title: "A recording was recovered",
        error: { code: "RECOVERED", message: recoveredWords(one) },
      });
      deps.recovered(one);
    }
    if (recovered.length > 0) await deps.changed();
  }
}
