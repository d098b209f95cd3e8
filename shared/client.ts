/** The asking side of a port: typed requests, typed events. Used by the renderer, the command line and the tests. */
import { StudioFailure } from "./errors.js";
import type {
  Envelope,
  EventName,
  Events,
  RequestName,
  RequestParams,
  RequestResult,
} from "./messages.js";
import type { Port } from "./port.js";

type Pending = { resolve: (value: unknown) => void; reject: (error: Error) => void };
type Listener = (data: never) => void;

export class StudioClient {
  private next = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Map<EventName, Set<Listener>>();
  private readonly closeListeners = new Set<() => void>();
  private closed = false;
  private events = 0;
  private acknowledging = false;

  constructor(private readonly port: Port) {
    port.onMessage((message) => this.receive(message as Envelope));
    port.onClose(() => this.dropAll());
  }

  /** Asks the host. Rejects with StudioFailure; with code `CLOSED` when the port goes. */
  request<N extends RequestName>(name: N, params: RequestParams<N>): Promise<RequestResult<N>> {
    if (this.closed) return Promise.reject(closedFailure());
    const id = this.next++;
    return new Promise<RequestResult<N>>((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.port.post({ kind: "request", id, name, params } satisfies Envelope);
    });
  }

  /** Listens until the returned function is called. */
  on<N extends EventName>(name: N, listener: (data: Events[N]) => void): () => void {
    const set = this.listeners.get(name) ?? new Set<Listener>();
    this.listeners.set(name, set);
    set.add(listener as Listener);
    return () => set.delete(listener as Listener);
  }

  onClose(listener: () => void): () => void {
    this.closeListeners.add(listener);
    return () => this.closeListeners.delete(listener);
  }

  close(): void {
    this.port.close();
    this.dropAll();
  }

  private receive(message: Envelope): void {
    if (message.kind === "event") {
      for (const listener of this.listeners.get(message.name) ?? [])
        listener(message.data as never);
      this.acknowledge();
      return;
    }
    if (message.kind !== "reply" && message.kind !== "error") return;
    const waiting = this.pending.get(message.id);
    if (!waiting) return;
    this.pending.delete(message.id);
    if (message.kind === "reply") waiting.resolve(message.result);
    else waiting.reject(new StudioFailure(message.error));
  }

  /**
   * What came in one turn together, and every event: where messages with arrays take a way of their own (the loopback
   * door), progress may overtake an event sent before it, and then only the later count covers it.
   */
  private acknowledge(): void {
    this.events++;
    if (this.acknowledging) return;
    this.acknowledging = true;
    void Promise.resolve().then(() => {
      this.acknowledging = false;
      if (!this.closed) this.port.post({ kind: "ack", events: this.events } satisfies Envelope);
    });
  }

  private dropAll(): void {
    if (this.closed) return;
    this.closed = true;
    for (const waiting of this.pending.values()) waiting.reject(closedFailure());
    this.pending.clear();
    for (const listener of this.closeListeners) listener();
  }
}

function closedFailure(): StudioFailure {
  return new StudioFailure({
    code: "CLOSED",
    message: "The connection to the studio has closed. Start it again, or reload this window.",
  });
}
