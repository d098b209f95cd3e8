/** A host over the fake addon, in a folder of its own, with clients. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { portPair } from "../../../electron/cli/in-process-port.js";
import { createHost, type Host, type HostOptions } from "../../../electron/host/host.js";
import { StudioClient } from "../../../shared/client.js";
import { PROTOCOL, type Events, type RequestResult } from "../../../shared/messages.js";
import { createFakeAddon, type FakeAddon } from "./addon.js";

export interface Bench {
  host: Host;
  addon: FakeAddon;
  folder: string;
  client: StudioClient;
  hello: RequestResult<"hello">;
  connect(): Promise<StudioClient>;
  /** The next event of a kind that is accepted. */
  next<N extends keyof Events>(
    name: N,
    accept?: (data: Events[N]) => boolean,
    client?: StudioClient,
  ): Promise<Events[N]>;
  close(): Promise<void>;
}

export async function makeBench(options: Partial<HostOptions> = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "studio-host-"));
  const addon = (options.addon as FakeAddon | undefined) ?? createFakeAddon();
  const host = await createHost({
    version: "test",
    shell: "cli",
    configDir: join(folder, "config"),
    recordingsFolder: join(folder, "recordings"),
    local: null,
    addon,
    ...options,
  });
  const clients: StudioClient[] = [];
  const plain = async (): Promise<{ client: StudioClient; hello: RequestResult<"hello"> }> => {
    const [mine, its] = portPair();
    host.connect(its);
    const client = new StudioClient(mine);
    clients.push(client);
    return { client, hello: await client.request("hello", { protocol: PROTOCOL }) };
  };
  const { client, hello } = await plain();
  return {
    host,
    addon,
    folder,
    client,
    hello,
    connect: async () => (await plain()).client,
    next: (name, accept = () => true, from = client) =>
      new Promise((resolve) => {
        const off = from.on(name, (data) => {
          if (!accept(data)) return;
          off();
          resolve(data);
        });
      }),
    close: async () => {
      for (const one of clients) one.close();
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const ADC = "sim:adc/buffer0";
export const RX = "sim:transceiver/buffer0";
export const IMU = "sim:inertial/buffer0";

/** What an error of the host says. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ code: string; message: string; field?: string; kept?: string }> {
  try {
    await work;
  } catch (error) {
    return (error as { detail: { code: string; message: string } }).detail;
  }
  throw new Error("was not refused");
}
