/**
 * Events on their way to one session. At most EVENT_WINDOW are beyond what the session acknowledged. What can't go at
 * once is kept as the newest state per key, progress is merged, and a key's newest state goes when there is room: so
 * memory is bounded by the number of things there are, however slow the session is.
 */
import type { EventName, Events } from "../../shared/messages.js";
import { EVENT_WINDOW } from "../../shared/port.js";
import { mergeProgress } from "./streams/progress.js";

/** Notices kept for a session that takes none; the oldest go first. */
export const NOTICE_LIMIT = 32;
/** Last bound, far above the number of things of any machine. */
const KEY_LIMIT = 16_384;

interface Waiting {
  name: EventName;
  data: unknown;
}

export class EventOutbox {
  private sent = 0;
  private acknowledged = 0;
  private notices = 0;
  private readonly waiting = new Map<string, Waiting>();
  /** Stream id → number of its newest progress event. */
  private readonly progressAt = new Map<string, number>();

  constructor(private readonly post: (name: EventName, data: unknown) => void) {}

  /** `key`: the thing the event tells the state of. */
  offer<N extends EventName>(name: N, key: string, data: Events[N]): void {
    const slot = name === "notice" ? `notice:${this.notices++}` : key;
    if (!this.waiting.has(slot) && this.hasRoom(name, data)) {
      this.send(name, data);
      return;
    }
    const earlier = this.waiting.get(slot);
    const merged =
      earlier?.name === "stream.progress" && name === "stream.progress"
        ? mergeProgress(
            earlier.data as Events["stream.progress"],
            data as Events["stream.progress"],
          )
        : data;
    this.waiting.set(slot, { name, data: merged });
    this.trim(name);
  }

  /** For what is better dropped than kept: false if there is no room now. */
  offerNow<N extends EventName>(name: N, data: Events[N]): boolean {
    if (!this.hasRoom(name, data)) return false;
    this.send(name, data);
    return true;
  }

  /** The session has taken in so many events since the first. Nonsense is ignored. */
  acknowledge(events: number): void {
    if (events <= this.acknowledged || events > this.sent) return;
    this.acknowledged = events;
    for (const [slot, { name, data }] of this.waiting) {
      if (this.sent - this.acknowledged >= EVENT_WINDOW) return;
      if (!this.hasRoom(name, data)) continue;
      this.waiting.delete(slot);
      this.send(name, data);
    }
  }

  private hasRoom(name: EventName, data: unknown): boolean {
    if (this.sent - this.acknowledged >= EVENT_WINDOW) return false;
    if (name !== "stream.progress") return true;
    const { stream } = data as Events["stream.progress"];
    return (this.progressAt.get(stream) ?? 0) <= this.acknowledged;
  }

  private send(name: EventName, data: unknown): void {
    this.sent++;
    if (name === "stream.progress") {
      this.progressAt.set((data as Events["stream.progress"]).stream, this.sent);
    }
    this.post(name, data);
  }

  private trim(name: EventName): void {
    if (name === "notice") {
      const notices = [...this.waiting.keys()].filter((slot) => slot.startsWith("notice:"));
      for (const slot of notices.slice(0, Math.max(0, notices.length - NOTICE_LIMIT))) {
        this.waiting.delete(slot);
      }
    }
    if (this.waiting.size > KEY_LIMIT) {
      this.waiting.delete(this.waiting.keys().next().value as string);
    }
  }
}
