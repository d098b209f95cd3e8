/** Names that no file has yet and yet are taken: of recordings that begin, and of those that get another name at their end. */
import { toDisposable, type Disposable } from "../disposable.js";
import { baseNames, checkFree, nameTaken, type NamedOutputs } from "./names.js";

export class PromisedNames {
  /** How many hold each. */
  private readonly bases = new Map<string, number>();

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
    const bases = baseNames(name, outputs);
    const promised = bases.find((base) => this.has(base));
    if (promised !== undefined) throw nameTaken(folder, name, promised, field);
    // Before the folder is asked: nobody else is promised it meanwhile.
    const held = this.keep(bases);
    try {
      await checkFree(folder, name, { outputs, field });
      return held;
    } catch (error) {
      held.dispose();
      throw error;
    }
  }

  /** What was found free just now. */
  keep(bases: readonly string[]): Disposable {
    for (const base of bases) this.bases.set(base, (this.bases.get(base) ?? 0) + 1);
    return toDisposable(() => {
      for (const base of bases) {
        const left = (this.bases.get(base) ?? 0) - 1;
        if (left > 0) this.bases.set(base, left);
        else this.bases.delete(base);
      }
    });
  }
}
