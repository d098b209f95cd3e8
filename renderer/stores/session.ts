/** Opens a session over a port: greets the host, fills the stores, and keeps them filled from its events. */
import { StudioClient } from "../../shared/client.js";
import { fail } from "../../shared/errors.js";
import { PROTOCOL } from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";
import { useConnection } from "./connection.js";
import { useInventory } from "./inventory.js";
import { useNotices } from "./notices.js";
import { useRecordings } from "./recordings.js";
import { useSettings } from "./settings.js";
import { useStreams } from "./streams.js";
import { useViews } from "./views.js";

/** Rejects if the host refuses; the stores are empty then. */
export async function openSession(port: Port): Promise<void> {
  const connection = useConnection();
  const client = new StudioClient(port);
  client.onClose(() =>
    connection.closed(
      fail("CLOSED", "The studio behind this window has ended. Start it again, then reload."),
    ),
  );
  connection.client = client;
  useInventory().listen(client);
  useStreams().listen(client);
  useRecordings().listen(client);
  useSettings().listen(client);
  useNotices().listen(client);

  const hello = await client.request("hello", { protocol: PROTOCOL });
  if (hello.protocol !== PROTOCOL) {
    throw fail("PROTOCOL", "This window and the studio are of different versions. Reload it.");
  }
  useSettings().load(hello.settings);
  useInventory().load(hello.inventory);
  useStreams().load(hello.streams);
  useRecordings().load(hello.recordings);
  useViews().restore();
  connection.state = { kind: "open", version: hello.version, shell: hello.shell };
}
