/** Opens a session over a port: greets the host, fills the stores, and keeps them filled from its events. */
import { StudioClient } from "../../shared/client.js";
import { fail } from "../../shared/errors.js";
import { PROTOCOL } from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";
import type { StudioSettings } from "../../shared/settings.js";
import { streamId } from "../../shared/stream.js";
import { useConnection } from "./connection.js";
import { EventGate, type EventSource } from "./event-gate.js";
import { useGroups } from "./groups.js";
import { useInventory } from "./inventory.js";
import { useNotices } from "./notices.js";
import { useRecordings } from "./recordings.js";
import { useSettings } from "./settings.js";
import { useStreams } from "./streams.js";
import { useTuning } from "./tuning.js";
import { useViews } from "./views.js";

/** Rejects if the host refuses; the stores are empty then. */
export async function openSession(port: Port): Promise<void> {
  const connection = useConnection();
  const client = new StudioClient(port);
  client.onClose(() => connection.closed(fail("CLOSED", endedWords(connection.start))));
  connection.client = client;
  const events = new EventGate(client);
  for (const store of [
    useInventory(),
    useStreams(),
    useRecordings(),
    useSettings(),
    useNotices(),
    useTuning(),
    useGroups(),
  ]) {
    store.listen(events);
  }
  const followContexts = follow(events);

  const hello = await client.request("hello", { protocol: PROTOCOL });
  if (hello.protocol !== PROTOCOL) {
    throw fail("PROTOCOL", "This window and the studio are of different versions. Reload it.");
  }
  useSettings().load(hello.settings);
  useInventory().load(hello.inventory);
  useStreams().load(hello.streams);
  useRecordings().load(hello.recordings);
  useGroups().load(hello.recordings.groups ?? []);
  useViews().restore();
  followContexts(hello.settings);
  events.open();
  connection.start = hello.start ?? "";
  connection.endsWithWindow = hello.endsWithWindow ?? false;
  connection.state = { kind: "open", version: hello.version, shell: hello.shell };
}

/** A studio that was started again has another address: its own window, or what it prints, leads there. */
function endedWords(start: string): string {
  return start === ""
    ? "The studio behind this window has ended. Start it again."
    : `The studio behind this window has ended, or is not reached any more. Start it again with “${start}”: it opens a window of its own, or prints a new address.`;
}

/**
 * What concerns more than one store: streams come and go with their devices, contexts with the settings. Answers a
 * function that takes the settings to begin with.
 */
function follow(events: EventSource): (settings: StudioSettings) => void {
  const inventory = useInventory();
  const notices = useNotices();
  const streams = useStreams();
  const views = useViews();
  events.on("device", ({ device }) => {
    if (device.presence === "present") notices.deviceReturned(device.id);
    for (const buffer of device.buffers) {
      const id = streamId(device.id, buffer.index);
      // The device may have gone again before the answer: its own event tells.
      if (buffer.direction === "in" && !streams.infos.has(id)) {
        streams.ensure(id).catch(() => undefined);
      }
    }
  });
  events.on("device.removed", ({ device }) => views.forget(streams.forget(device)));
  /** What decides which contexts there are. */
  const shape = ({ simulator, recordings }: StudioSettings) =>
    JSON.stringify([simulator, recordings.folder]);
  let known = "";
  events.on("settings", (event) => {
    const wanted = shape(event.settings);
    if (wanted !== known) inventory.refresh().catch(() => undefined);
    known = wanted;
  });
  return (settings) => (known = shape(settings));
}
