import { describe, expect, it } from "vitest";
import { StudioClient } from "../../shared/client.js";
import type { Envelope, EventName } from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";

function connected() {
  const posted: Envelope[] = [];
  let deliver: (message: unknown) => void = () => undefined;
  const port: Port = {
    post: (message) => void posted.push(message as Envelope),
    onMessage: (listener) => (deliver = listener),
    onClose: () => undefined,
    close: () => undefined,
  };
  const client = new StudioClient(port);
  const event = (name: EventName) => deliver({ kind: "event", name, data: {} });
  const acks = () => posted.flatMap((m) => (m.kind === "ack" ? [m.events] : []));
  return { client, event, acks };
}

describe("acknowledgements", () => {
  it("cover an event that progress overtook, so that progress goes on", async () => {
    const { event, acks } = connected();
    // Sent as event 1 (stream) and event 2 (progress); the second came by the faster way.
    event("stream.progress");
    await Promise.resolve();
    expect(acks()).toEqual([1]);
    event("stream");
    await Promise.resolve();
    expect(acks()).toEqual([1, 2]);
  });

  it("of one turn go together", async () => {
    const { event, acks } = connected();
    for (let n = 0; n < 20; n++) event("attribute");
    await Promise.resolve();
    expect(acks()).toEqual([20]);
  });
});
