/**
 * The third door: host and asker in one process. Messages are cloned and delivered in a later turn, so that nothing
 * works here which would not work over a real port.
 */
import type { Port } from "../../shared/port.js";

class Half implements Port {
  other!: Half;
  private closed = false;
  private readonly messageListeners = new Set<(message: unknown) => void>();
  private readonly closeListeners = new Set<() => void>();

  post(message: unknown): void {
    if (this.closed) return;
    const copy: unknown = structuredClone(message);
    setImmediate(() => this.other.deliver(copy));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.messageListeners.add(listener);
  }

  onClose(listener: () => void): void {
    this.closeListeners.add(listener);
  }

  close(): void {
    this.end();
    this.other.end();
  }

  private deliver(message: unknown): void {
    if (this.closed) return;
    for (const listener of this.messageListeners) listener(message);
  }

  private end(): void {
    if (this.closed) return;
    this.closed = true;
    for (const listener of this.closeListeners) listener();
  }
}

/** Two ends of one port. */
export function portPair(): [Port, Port] {
  const [left, right] = [new Half(), new Half()];
  left.other = right;
  right.other = left;
  return [left, right];
}
