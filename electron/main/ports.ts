/**
 * The first door: hands a page one end of a MessageChannel and the host the other. The page asks with a nonce of its own
 * and takes the port only together with that nonce; who asks is checked before anything is made.
 */
import type { IpcMain, IpcMainEvent, MessageChannelMain, MessagePortMain } from "electron";
import type { Port } from "../../shared/port.js";
import { isOurPage } from "./security.js";

export const CONNECT_CHANNEL = "studio:connect";
export const PORT_CHANNEL = "studio:port";

const NONCE = /^[0-9a-zA-Z-]{16,64}$/;

/** A MessagePortMain as a Port. Only ports could be transferred, so messages are posted without a transfer list. */
export function portOf(main: MessagePortMain): Port {
  const closeListeners = new Set<() => void>();
  let closed = false;
  main.on("close", () => {
    if (closed) return;
    closed = true;
    for (const listener of closeListeners) listener();
  });
  return {
    post: (message) => {
      if (!closed) main.postMessage(message);
    },
    onMessage: (listener) => {
      main.on("message", (event) => listener(event.data));
      // Messages wait in the port until it is started.
      main.start();
    },
    onClose: (listener) => void closeListeners.add(listener),
    close: () => main.close(),
  };
}

/** Whether a request for a port comes from the top frame of our own page, with a nonce. */
export function mayConnect(event: IpcMainEvent, nonce: unknown): nonce is string {
  const frame = event.senderFrame;
  return (
    frame !== null &&
    frame.parent === null &&
    isOurPage(frame.url) &&
    typeof nonce === "string" &&
    NONCE.test(nonce)
  );
}

/** Listens for pages that want a port. `makeChannel` is Electron's MessageChannelMain (a fake in tests). */
export function offerPorts(
  ipc: IpcMain,
  makeChannel: () => MessageChannelMain,
  connect: (port: Port) => void,
): void {
  ipc.on(CONNECT_CHANNEL, (event, nonce: unknown) => {
    if (!mayConnect(event, nonce)) return;
    const { port1, port2 } = makeChannel();
    connect(portOf(port1));
    event.senderFrame!.postMessage(PORT_CHANNEL, nonce, [port2]);
  });
}
