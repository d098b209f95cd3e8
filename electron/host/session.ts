/**
 * One door's conversation with the host. Every message is checked here; whatever comes, the host goes on. A session has
 * at most REQUEST_LIMIT requests in flight (`TOO_MANY` beyond) and a bounded outbox of events.
 */
import * as v from "valibot";
import { fail, toStudioError } from "../../shared/errors.js";
import {
  requests,
  type Envelope,
  type EventName,
  type Events,
  type RequestName,
  type RequestResult,
} from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";
import type { Disposable } from "./disposable.js";
import { EventOutbox } from "./event-outbox.js";

export const REQUEST_LIMIT = 256;

export type Checked<N extends RequestName> = v.InferOutput<(typeof requests)[N]["params"]>;
export type Handlers = {
  [N in RequestName]: (
    params: Checked<N>,
    session: Session,
  ) => RequestResult<N> | Promise<RequestResult<N>>;
};

/** Pins and subscriptions of one session. */
const HELD_LIMIT = 1024;

export class Session implements Disposable {
  private readonly things = new Map<string, Disposable>();
  private readonly outbox: EventOutbox;
  private subscribed = false;
  private subscribedListener: (() => void) | null = null;
  private inFlight = 0;
  private closed = false;

  constructor(
    readonly id: number,
    private readonly port: Port,
    private readonly handlers: Handlers,
    private readonly onClosed: (session: Session) => void,
    /** Whether the studio ends when this window is closed. */
    readonly endsStudio: () => boolean = () => false,
  ) {
    this.outbox = new EventOutbox((name, data) => this.post({ kind: "event", name, data }));
    port.onMessage((message) => this.receive(message));
    port.onClose(() => this.dispose());
  }

  /** From `hello` on, the session gets events. */
  subscribe(): void {
    this.subscribed = true;
    this.subscribedListener?.();
  }

  onSubscribed(listener: () => void): void {
    this.subscribedListener = listener;
  }

  tell<N extends EventName>(name: N, key: string, data: Events[N]): void {
    if (this.subscribed && !this.closed) this.outbox.offer(name, key, data);
  }

  /** For what is dropped rather than kept: false if it was not sent. */
  tellNow<N extends EventName>(name: N, data: Events[N]): boolean {
    return this.subscribed && !this.closed && this.outbox.offerNow(name, data);
  }

  /** Keeps something that ends with the session, in the place of what had the same key. */
  hold(key: string, make: () => Disposable): void {
    this.letGo(key);
    if (this.things.size >= HELD_LIMIT) {
      throw fail("TOO_MANY", `A window holds at most ${HELD_LIMIT} spans. Let one go first.`);
    }
    const thing = make();
    if (this.closed) thing.dispose();
    else this.things.set(key, thing);
  }

  held(key: string): Disposable | undefined {
    return this.things.get(key);
  }

  letGo(key: string): void {
    this.things.get(key)?.dispose();
    this.things.delete(key);
  }

  close(): void {
    this.port.close();
    this.dispose();
  }

  dispose(): void {
    if (this.closed) return;
    this.closed = true;
    for (const key of [...this.things.keys()]) this.letGo(key);
    this.onClosed(this);
  }

  private receive(message: unknown): void {
    if (this.closed || typeof message !== "object" || message === null) return;
    const { kind, id, name, params, events } = message as Record<string, unknown>;
    if (kind === "ack") {
      if (Number.isSafeInteger(events)) this.outbox.acknowledge(events as number);
      return;
    }
    if (kind !== "request" || !Number.isSafeInteger(id)) return;
    void this.answer(id as number, name, params);
  }

  private async answer(id: number, name: unknown, params: unknown): Promise<void> {
    if (this.inFlight >= REQUEST_LIMIT) {
      const error = fail(
        "TOO_MANY",
        `${REQUEST_LIMIT} requests are being worked on already. Wait for a reply, then ask again.`,
      ).detail;
      this.post({ kind: "error", id, error });
      return;
    }
    this.inFlight++;
    try {
      const result = await this.dispatch(name, params);
      this.post({ kind: "reply", id, result: result ?? null });
    } catch (thrown) {
      this.post({ kind: "error", id, error: toStudioError(thrown) });
    } finally {
      this.inFlight--;
    }
  }

  private dispatch(name: unknown, params: unknown): unknown {
    if (typeof name !== "string" || !Object.hasOwn(requests, name)) {
      throw fail(
        "BAD_REQUEST",
        `There is no request named ${JSON.stringify(name)?.slice(0, 80)}. Window and host may be of different versions: start both anew.`,
        { field: "name" },
      );
    }
    const known = name as RequestName;
    const checked = checkParams(known, params);
    return this.handlers[known](checked as never, this);
  }

  private post(message: Envelope): void {
    if (this.closed) return;
    try {
      this.port.post(message);
    } catch {
      // A port that takes nothing has gone without saying so.
      this.close();
    }
  }
}

/** Throws BAD_REQUEST that names the field. */
function checkParams<N extends RequestName>(name: N, params: unknown): Checked<N> {
  const result = v.safeParse(requests[name].params as v.GenericSchema, params, {
    abortEarly: true,
    abortPipeEarly: true,
  });
  if (result.success) return result.output as Checked<N>;
  const issue = result.issues[0];
  const field = v.getDotPath(issue) ?? "params";
  throw fail(
    "BAD_REQUEST",
    plainly(field, issue) ?? `${field} of ${name} can't be used: ${issue.message}.`,
    { field },
  );
}

/** What a person may have typed, in words; null for what only a program gets wrong. */
function plainly(field: string, issue: v.BaseIssue<unknown>): string | null {
  const last = field.split(".").at(-1)!;
  const what = NAMES[last] ?? `“${last}”`;
  if (typeof issue.input !== "string") return null;
  if (issue.type === "min_length") return `${what} can't be empty. Type one.`;
  const most = (issue as { requirement?: unknown }).requirement;
  if (issue.type === "max_length") {
    return `${what} is too long: at most ${String(most)} characters. Shorten it.`;
  }
  return null;
}

const NAMES: Record<string, string> = {
  folder: "The folder",
  namePattern: "The name pattern",
  name: "The name",
  newName: "The name",
  note: "The note",
  label: "The name",
  value: "The value",
};
