/** What a session holds of a stream's history, until it lets go or ends. */
import type { StreamId } from "../../shared/stream.js";
import { toDisposable } from "./disposable.js";
import type { Session } from "./session.js";
import type { LiveStream } from "./streams/live-stream.js";

export interface Span {
  fromScan: number;
  toScan: number;
}

const nameOf = (stream: StreamId, key: string): string => `pin ${stream} ${key}`;

/** Pins a span for a session until it lets go; a pin of the same key takes its place without a moment in between. */
export function pinFor(
  session: Session,
  { id, view }: LiveStream,
  key: string,
  fromScan: number,
  toScan: number,
): Span {
  const own = `${session.id}/${key}`; // two windows may use the same key
  if (!session.held(nameOf(id, key))) {
    session.hold(nameOf(id, key), () => toDisposable(() => view.unpin(own)));
  }
  return view.pin(own, fromScan, toScan);
}

/** The last two pictures that each view was shown: the window may freeze what it has while the next is on its way. */
export class ShownPictures {
  private readonly turns = new WeakMap<Session, Map<string, { turn: number }>>();

  /** To be called before a picture is made; what it answers pins that picture, unless the view was left meanwhile. */
  begin(session: Session, stream: LiveStream, view: string): (picture: Span) => void {
    const own = this.turns.get(session) ?? new Map<string, { turn: number }>();
    this.turns.set(session, own);
    const key = nameOf(stream.id, view);
    const shown = own.get(key) ?? { turn: 0 };
    own.set(key, shown);
    return ({ fromScan, toScan }) => {
      if (own.get(key) !== shown) return;
      shown.turn ^= 1;
      pinFor(session, stream, `shown ${view} ${shown.turn}`, fromScan, toScan);
    };
  }

  leave(session: Session, stream: StreamId, view: string): void {
    this.turns.get(session)?.delete(nameOf(stream, view));
    for (const turn of [0, 1]) session.letGo(nameOf(stream, `shown ${view} ${turn}`));
  }
}

/** Lets go of a pin. */
export function unpinFor(session: Session, stream: StreamId, key: string): void {
  session.letGo(nameOf(stream, key));
}
