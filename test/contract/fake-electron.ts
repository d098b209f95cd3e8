/**
 * A stand-in for Electron's ports and IPC that obeys the real rules (read in Electron's sources and tried out):
 * - only ports can be transferred: anything else in a transfer list throws TypeError in the main process, and from the
 *   page the message's data is lost and the buffer detached;
 * - messages are structured-cloned when posted, and a view clones all of its backing buffer: the fake refuses views that
 *   do not own their buffer, so that the waste shows;
 * - messages wait until the port is started; `close` comes when the other end goes; nothing is delivered afterwards.
 */
import { EventEmitter } from "node:events";
import type { IpcMain, IpcMainEvent, MessageChannelMain, MessagePortMain } from "electron";

function cloneForPort(message: unknown): unknown {
  checkOwnership(message);
  return structuredClone(message);
}

function checkOwnership(value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    if (value.byteLength !== value.buffer.byteLength) {
      throw new Error(
        `A view of ${value.byteLength} bytes would clone ${value.buffer.byteLength}.`,
      );
    }
    return;
  }
  if (typeof value === "function") throw new Error("An object could not be cloned.");
  if (value !== null && typeof value === "object") Object.values(value).forEach(checkOwnership);
}

/** What both ends share: a queue that waits for start, and a close that reaches the other end. */
abstract class FakeEnd {
  other!: FakeEnd;
  private queue: unknown[] = [];
  private started = false;
  protected closed = false;

  protected abstract emitMessage(data: unknown): void;
  protected abstract emitClose(): void;

  protected send(message: unknown): void {
    if (this.closed) return;
    const copy = cloneForPort(message);
    setImmediate(() => this.other.arrive(copy));
  }

  private arrive(message: unknown): void {
    if (this.closed) return;
    if (this.started) this.emitMessage(message);
    else this.queue.push(message);
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    setImmediate(() => {
      for (const message of this.queue.splice(0)) if (!this.closed) this.emitMessage(message);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.emitClose();
    setImmediate(() => this.other.close());
  }
}

class FakeMainPort extends FakeEnd {
  readonly events = new EventEmitter();
  on(name: string, listener: (...args: unknown[]) => void): this {
    this.events.on(name, listener);
    return this;
  }
  postMessage(message: unknown, transfer: unknown[] = []): void {
    if (transfer.some((item) => !(item instanceof FakeEnd))) {
      throw new TypeError("Port at index 0 is not a valid port");
    }
    this.send(message);
  }
  protected emitMessage(data: unknown): void {
    this.events.emit("message", { data, ports: [] });
  }
  protected emitClose(): void {
    this.events.emit("close");
  }
}

/** The page's end, as a DOM MessagePort. */
export class FakePagePort extends FakeEnd {
  private readonly target = new EventTarget();
  addEventListener(name: string, listener: (event: MessageEvent) => void): void {
    this.target.addEventListener(name, listener as unknown as EventListener);
  }
  postMessage(message: unknown, transfer: ArrayBuffer[] = []): void {
    if (transfer.length > 0) {
      for (const buffer of transfer) structuredClone(buffer, { transfer: [buffer] });
      this.send(undefined);
    } else {
      this.send(message);
    }
  }
  protected emitMessage(data: unknown): void {
    this.target.dispatchEvent(new MessageEvent("message", { data }));
  }
  protected emitClose(): void {
    this.target.dispatchEvent(new Event("close"));
  }
}

export function fakeChannel(): MessageChannelMain {
  const [main, page] = [new FakeMainPort(), new FakePagePort()];
  main.other = page;
  page.other = main;
  return {
    port1: main as unknown as MessagePortMain,
    port2: page as unknown as MessagePortMain,
  };
}

/** A page that asks for a port through IPC; answers what it was handed. */
export class FakePage {
  received: { channel: string; nonce: unknown; port: FakePagePort }[] = [];

  constructor(
    private readonly ipc: FakeIpcMain,
    private readonly url: string,
    private readonly topFrame = true,
  ) {}

  send(channel: string, ...args: unknown[]): void {
    const senderFrame = {
      url: this.url,
      parent: this.topFrame ? null : {},
      postMessage: (reply: string, nonce: unknown, ports: unknown[]) =>
        this.received.push({ channel: reply, nonce, port: ports[0] as FakePagePort }),
    };
    this.ipc.emit(channel, { senderFrame } as unknown as IpcMainEvent, ...args);
  }
}

export class FakeIpcMain extends EventEmitter {
  asIpcMain(): IpcMain {
    return this as unknown as IpcMain;
  }
}
