/**
 * One window's port: a WebSocket for control and small messages, and the streamed answer of its POST for messages with
 * arrays. Nothing is queued without a bound: a window that stops reading is closed.
 */
import type { ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import { encodeMessage, hasArrays } from "../../shared/codec.js";
import type { Port } from "../../shared/port.js";

/** Beyond this a window is not reading any more. Display work is dropped long before, by the host's credits. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

export class SocketPort implements Port {
  private stream: ServerResponse | null = null;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private readonly messageListeners = new Set<(message: unknown) => void>();
  private readonly closeListeners = new Set<() => void>();
  private closed = false;

  constructor(private readonly socket: WebSocket) {
    socket.on("message", (data, isBinary) => this.receive(data as Buffer, isBinary));
    socket.on("close", () => this.end());
    socket.on("error", () => this.end());
  }

  /** Takes the answer of the window's POST as the way for arrays. False if it has one already. */
  attach(response: ServerResponse): boolean {
    if (this.stream || this.closed) return false;
    this.stream = response;
    response.on("close", () => this.close());
    for (const bytes of this.waiting) response.write(bytes);
    this.waiting = [];
    this.waitingBytes = 0;
    return true;
  }

  post(message: unknown): void {
    if (this.closed) return;
    if (!hasArrays(message)) {
      this.socket.send(JSON.stringify(message));
    } else {
      const bytes = encodeMessage(message);
      if (this.stream) this.stream.write(bytes);
      else {
        this.waiting.push(bytes);
        this.waitingBytes += bytes.byteLength;
      }
    }
    if (this.pendingBytes() > MAX_PENDING_BYTES) this.close();
  }

  onMessage(listener: (message: unknown) => void): void {
    this.messageListeners.add(listener);
  }

  onClose(listener: () => void): void {
    this.closeListeners.add(listener);
  }

  pendingBytes(): number {
    return this.waitingBytes + this.socket.bufferedAmount + (this.stream?.writableLength ?? 0);
  }

  close(): void {
    this.socket.close();
    this.end();
  }

  private receive(data: Buffer, isBinary: boolean): void {
    let message: unknown;
    try {
      if (isBinary) throw new SyntaxError("binary");
      message = JSON.parse(data.toString("utf8"));
    } catch {
      this.socket.close(1003, "not JSON");
      return;
    }
    for (const listener of this.messageListeners) listener(message);
  }

  private end(): void {
    if (this.closed) return;
    this.closed = true;
    this.stream?.end();
    this.waiting = [];
    for (const listener of this.closeListeners) listener();
  }
}
