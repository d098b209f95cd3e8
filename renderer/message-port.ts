import type { Port } from "../shared/port.js";

/** A MessagePort as a Port. Messages that came before somebody listened are kept by the browser until `onMessage`. */
export function wrapMessagePort(port: MessagePort): Port {
  const closed = new Set<() => void>();
  port.addEventListener("close", () => closed.forEach((listener) => listener()));
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.addEventListener("message", (event: MessageEvent) => listener(event.data));
      port.start();
    },
    onClose: (listener) => void closed.add(listener),
    close: () => port.close(),
  };
}
