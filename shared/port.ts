/**
 * The one thing a door has to offer. Messages are structured-cloneable values; typed arrays in them are copied
 * and must own their whole buffer (a view would clone all of its backing ArrayBuffer).
 */
export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(): void;
  /** Bytes posted and not yet taken by the other side, where the door can tell; display work is dropped at a bound. */
  pendingBytes?(): number;
}

/** Events the host sends a session beyond those it acknowledged. */
export const EVENT_WINDOW = 64;
