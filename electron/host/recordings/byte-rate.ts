/** Bytes a second of what grows, measured anew each second: of a recording, or of all its parts together. */
const LEAST_SECONDS = 1;

export class ByteRate {
  private atMs = performance.now();
  private bytes = 0;
  perSecond = 0;

  /** To be called a few times a second with the bytes so far. */
  look(bytes: number, nowMs = performance.now()): void {
    const elapsed = (nowMs - this.atMs) / 1000;
    if (elapsed < LEAST_SECONDS) return;
    this.perSecond = Math.max(0, bytes - this.bytes) / elapsed;
    this.atMs = nowMs;
    this.bytes = bytes;
  }
}
