/** Everything that is opened can be closed. Tests count what was left open. */
export interface Disposable {
  dispose(): void;
}

let tracked: Map<Disposable, string> | null = null;

/** Starts to remember what is opened; answers a function that stops and tells what was left open, and where from. */
export function trackDisposables(): () => string[] {
  const open = new Map<Disposable, string>();
  tracked = open;
  return () => {
    if (tracked === open) tracked = null;
    return [...open.values()];
  };
}

/** A disposable that ends once. Both a tracked thing and what a listener registration answers. */
export function toDisposable(end: () => void): Disposable {
  let done = false;
  const self: Disposable = {
    dispose() {
      if (done) return;
      done = true;
      tracked?.delete(self);
      end();
    },
  };
  tracked?.set(self, new Error("opened here").stack ?? "");
  return self;
}

/** Ends many things in the reverse order of their coming. */
export class DisposableStore implements Disposable {
  private items: Disposable[] = [];
  private done = false;

  add<T extends Disposable>(item: T): T {
    if (this.done) item.dispose();
    else this.items.push(item);
    return item;
  }

  dispose(): void {
    this.done = true;
    for (const item of this.items.splice(0).reverse()) item.dispose();
  }
}

/** One kind of event. A listener that throws harms neither the others nor the one who told. */
export class Emitter<T> implements Disposable {
  private readonly listeners = new Map<(value: T) => void, Disposable>();

  constructor(private readonly onFault: (error: unknown) => void = () => {}) {}

  on(listener: (value: T) => void): Disposable {
    const own = (value: T): void => listener(value);
    const registration = toDisposable(() => this.listeners.delete(own));
    this.listeners.set(own, registration);
    return registration;
  }

  fire(value: T): void {
    for (const listener of [...this.listeners.keys()]) {
      try {
        listener(value);
      } catch (error) {
        this.onFault(error);
      }
    }
  }

  dispose(): void {
    for (const registration of [...this.listeners.values()]) registration.dispose();
  }
}
