/** A host of one's own and a client of it, for the length of one command. */
import type { Host } from "../host/host.js";
import { createHost } from "../host/host.js";
import { StudioClient } from "../../shared/client.js";
import { PROTOCOL, type RequestResult } from "../../shared/messages.js";
import type { Arguments } from "./arguments.js";
import { portPair } from "./in-process-port.js";
import { VERSION } from "./version.js";

/** Nobody follows what comes later: a device that is slow to answer is waited for. */
const FIRST_LOOK_MS = 30_000;

export interface CliSession {
  host: Host;
  client: StudioClient;
  hello: RequestResult<"hello">;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Recordings go here instead of into the folder set. */
  recordingsFolder?: string;
  /** Complete recordings that were cut off in that folder. */
  recover?: boolean;
  /** Takes what the host wants read: a recording it completed, a buffer it found enabled. */
  note?: (line: string) => void;
}

export async function openSession(
  args: Arguments,
  { note, recover = false, ...options }: SessionOptions = {},
): Promise<CliSession> {
  const host = await createHost({
    version: VERSION,
    shell: "cli",
    roots: { sysfs: args.sysfs ?? "/sys", dev: args.dev ?? "/dev" },
    firstLookMs: FIRST_LOOK_MS,
    recover,
    ...options,
  });
  const [mine, its] = portPair();
  host.connect(its);
  const client = new StudioClient(mine);
  client.on("notice", ({ error }) => note?.(error.message));
  try {
    const hello = await client.request("hello", { protocol: PROTOCOL });
    return {
      host,
      client,
      hello,
      close: async () => {
        client.close();
        await host.close();
      },
    };
  } catch (error) {
    client.close();
    await host.close();
    throw error;
  }
}
