/** Lets several go on only when all have come. */
export class Barrier {
  private missing: number;
  private open!: () => void;
  private fall!: (error: unknown) => void;
  private readonly gate: Promise<void>;

  constructor(count: number) {
    this.missing = count;
    this.gate = new Promise((resolve, reject) => {
      this.open = resolve;
      this.fall = reject;
    });
    this.gate.catch(() => {});
  }

  /** Resolves when all have come; rejects if one can't come any more. */
  arrive(): Promise<void> {
    if (--this.missing === 0) this.open();
    return this.gate;
  }

  /** One of them won't come. Nothing once all have. */
  break(error: unknown): void {
    this.fall(error);
  }
}
