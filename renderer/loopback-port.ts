/**
 * The loopback door, seen from the window: a WebSocket carries requests and small messages, the streamed answer of one
 * POST carries messages with arrays (several times faster in Chromium than a WebSocket).
 */
import { MessageSplitter } from "../shared/codec.js";
import type { Port } from "../shared/port.js";

/** First message of the server: names the stream that belongs to this socket. */
interface DoorMessage {
  kind: "door";
  stream: string;
}

/** Connects to the server this page came from. Rejects if it refuses. */
export function connectLoopback(): Promise<Port> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(
      `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`,
    );
    const messageListeners = new Set<(message: unknown) => void>();
    const closeListeners = new Set<() => void>();
    const abort = new AbortController();
    let open = false;

    const port: Port = {
      post: (message) =>
        socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message)),
      onMessage: (listener) => void messageListeners.add(listener),
      onClose: (listener) => void closeListeners.add(listener),
      close: () => socket.close(),
      pendingBytes: () => socket.bufferedAmount,
    };
    const deliver = (message: unknown) => {
      for (const listener of messageListeners) listener(message);
    };

    socket.addEventListener("message", (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as DoorMessage | unknown;
      if (!open && isDoor(message)) {
        open = true;
        readStream(message.stream, deliver, abort.signal, () => resolve(port)).catch(() => {
          socket.close();
          reject(new Error("The studio's server refused its stream."));
        });
        return;
      }
      deliver(message);
    });
    socket.addEventListener("close", () => {
      abort.abort();
      reject(new Error("The studio's server is not reached."));
      for (const listener of closeListeners) listener();
    });
  });
}

function isDoor(message: unknown): message is DoorMessage {
  return (message as DoorMessage | null)?.kind === "door";
}

async function readStream(
  stream: string,
  deliver: (message: unknown) => void,
  signal: AbortSignal,
  opened: () => void,
): Promise<void> {
  const response = await fetch("/stream", { method: "POST", body: stream, signal });
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
  opened();
  const splitter = new MessageSplitter();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("ended");
    for (const message of splitter.push(value)) deliver(message);
  }
}
