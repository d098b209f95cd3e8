/**
 * The one thing a door has to offer. Messages are structured-cloneable values; typed arrays in them are copied
 * and must own their whole buffer (electron.md: a view clones all of its backing ArrayBuffer).
 */
export interface Port {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}
