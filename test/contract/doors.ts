/** The three doors, each opened to a host the way its real user does. */
import { request as httpRequest } from "node:http";
import WebSocket from "ws";
import { portPair } from "../../electron/cli/in-process-port.js";
import type { Host } from "../../electron/host/host.js";
import { startLoopback } from "../../electron/loopback/server.js";
import { CONNECT_CHANNEL, offerPorts, PORT_CHANNEL } from "../../electron/main/ports.js";
import { ORIGIN } from "../../electron/main/security.js";
import { wrapMessagePort } from "../../renderer/message-port.js";
import { MessageSplitter } from "../../shared/codec.js";
import type { Port } from "../../shared/port.js";
import { fakeChannel, FakeIpcMain, FakePage } from "./fake-electron.js";

export interface Door {
  /** A new window, terminal or client. */
  open(): Promise<Port>;
  close(): Promise<void>;
}

export const DOORS: Record<string, (host: Host) => Promise<Door>> = {
  "Electron's ports": openElectron,
  "the loopback server": openLoopback,
  "the command line": openInProcess,
};

async function openElectron(host: Host): Promise<Door> {
  const ipc = new FakeIpcMain();
  offerPorts(ipc.asIpcMain(), fakeChannel, (port) => void host.connect(port));
  return {
    open: async () => {
      const page = new FakePage(ipc, `${ORIGIN}/`);
      const nonce = "0123456789abcdef";
      page.send(CONNECT_CHANNEL, nonce);
      const [handed] = page.received;
      if (handed?.channel !== PORT_CHANNEL || handed.nonce !== nonce) throw new Error("no port");
      return wrapMessagePort(handed.port as unknown as MessagePort);
    },
    close: async () => undefined,
  };
}

async function openInProcess(host: Host): Promise<Door> {
  return {
    open: async () => {
      const [mine, its] = portPair();
      host.connect(its);
      return mine;
    },
    close: async () => undefined,
  };
}

async function openLoopback(host: Host): Promise<Door> {
  const server = await startLoopback({
    port: 0,
    files: new Map(),
    connect: (port) => void host.connect(port),
    newAddress: () => ({ enter: false, command: "iio-studio serve --url" }),
  });
  return { open: () => loopbackClient(server.port, server.newUrl()), close: () => server.close() };
}

/** The window's side of the loopback door, spoken from Node. */
export async function loopbackClient(port: number, url: string): Promise<Port> {
  const host = `127.0.0.1:${port}`;
  const entered = await fetch(url, { headers: { host } });
  const cookie = entered.headers.get("set-cookie")!.split(";")[0]!;
  const headers = { host, cookie, origin: `http://${host}` };
  const socket = new WebSocket(`ws://${host}/ws`, { headers });
  const messageListeners = new Set<(message: unknown) => void>();
  const held: unknown[] = [];
  const deliver = (message: unknown) => {
    if (messageListeners.size === 0) held.push(message);
    for (const listener of messageListeners) listener(message);
  };
  const closeListeners = new Set<() => void>();
  socket.on("close", () => closeListeners.forEach((listener) => listener()));

  const stream = await new Promise<string>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("message", (data) =>
      resolve((JSON.parse(String(data)) as { stream: string }).stream),
    );
  });
  socket.on("message", (data) => deliver(JSON.parse(String(data))));
  await new Promise<void>((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path: "/stream", method: "POST", headers });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const splitter = new MessageSplitter();
      response.on("data", (chunk: Buffer) => splitter.push(chunk).forEach(deliver));
      response.on("error", () => undefined);
      resolve();
    });
    sent.end(stream);
  });
  return {
    post: (message) => socket.send(JSON.stringify(message)),
    onMessage: (listener) => {
      messageListeners.add(listener);
      held.splice(0).forEach(listener);
    },
    onClose: (listener) => void closeListeners.add(listener),
    close: () => socket.close(),
  };
}
