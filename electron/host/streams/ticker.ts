/** Display rate: at most 30 ticks a second while there is news, two a second without. */
import type { Disposable } from "../disposable.js";

const TICK_MS = 33;
const IDLE_TICK_MS = 500;

export class Ticker implements Disposable {
  private timer: NodeJS.Timeout | null = null;
  private due: NodeJS.Timeout | null = null;
  private lastMs = -Infinity;
  private running = false;

  /** `onFault`: a tick that throws must not end the program. */
  constructor(
    private readonly tick: () => void,
    private readonly onFault: (error: unknown) => void,
  ) {}

  start(): void {
    this.running = true;
    this.timer ??= setInterval(() => this.fire(), IDLE_TICK_MS);
  }

  stop(): void {
    this.running = false;
    if (this.timer) clearInterval(this.timer);
    if (this.due) clearTimeout(this.due);
    this.timer = null;
    this.due = null;
  }

  /** Something changed. */
  news(): void {
    if (!this.running || this.due) return;
    const wait = Math.max(0, this.lastMs + TICK_MS - performance.now());
    this.due = setTimeout(() => {
      this.due = null;
      this.fire();
    }, wait);
  }

  dispose(): void {
    this.stop();
  }

  private fire(): void {
    if (!this.running) return;
    this.lastMs = performance.now();
    try {
      this.tick();
    } catch (error) {
      this.onFault(error);
    }
  }
}
