/** Names that no file has yet and yet are taken: of recordings that begin, and of those that get another name at their end. */
import { toDisposable, type Disposable } from "../disposable.js";
import { checkFree, type NamedOutputs } from "./names.js";

export class PromisedNames {
  private readonly bases = new Set<string>();

  has(base: string): boolean {
    return this.bases.has(base);
  }

  /** Until disposed of. Throws EEXIST if a file has one of the names, or somebody else was promised it. */
  async hold(
    folder: string,
    name: string,
    outputs: NamedOutputs,
    field?: string,
  ): Promise<Disposable> {
    const bases = await checkFree(folder, name, { outputs, promised: this, field });
    return this.keep(bases);
  }

  /** What was found free just now. */
  keep(bases: readonly string[]): Disposable {
    for (const base of bases) this.bases.add(base);
    return toDisposable(() => {
      for (const base of bases) this.bases.delete(base);
    });
  }
}
