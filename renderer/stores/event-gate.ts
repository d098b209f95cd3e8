/**
 * Events that come with or right behind the host's greeting must not be taken in before it: it would put the older state
 * over the newer. The gate holds them, in order, until the greeting is stored.
 */
import type { StudioClient } from "../../shared/client.js";
import type { EventName, Events } from "../../shared/messages.js";

/** What stores listen to. */
export type EventSource = Pick<StudioClient, "on">;

export class EventGate implements EventSource {
  private held: (() => void)[] | null = [];

  constructor(private readonly client: EventSource) {}

  on<N extends EventName>(name: N, listener: (data: Events[N]) => void): () => void {
    return this.client.on(name, (data) => {
      if (this.held) this.held.push(() => listener(data));
      else listener(data);
    });
  }

  open(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const deliver of held) deliver();
  }
}
