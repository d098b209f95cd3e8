/**
 * Finds the host: through the port Electron's preload hands over, or at the loopback server this page came from.
 *
 * Electron: this page asks the preload with a nonce of its own making and takes a port only together with that nonce, so
 * that nothing else can slip one in.
 */
import type { Port } from "../shared/port.js";
import { connectLoopback } from "./loopback-port.js";
import { wrapMessagePort } from "./message-port.js";

/** All that the preload exposes: a call that asks for a port. */
interface StudioBridge {
  connect: (nonce: string) => void;
}

declare global {
  interface Window {
    studio?: StudioBridge;
  }
}

/** Rejects with a sentence when no host is reached. */
export async function connectPort(): Promise<Port> {
  if (import.meta.env.DEV) {
    const fake = new URLSearchParams(location.search).get("fake");
    if (fake !== null) return (await import("./dev/scenes.js")).openScene(fake);
  }
  return window.studio ? connectElectron(window.studio) : connectLoopback();
}

/** What the preload answers with, the port beside it. */
interface PortMessage {
  kind: "studio:port";
  nonce: string;
}

function connectElectron(bridge: StudioBridge): Promise<Port> {
  const nonce = crypto.randomUUID();
  return new Promise((resolve) => {
    const take = (event: MessageEvent<PortMessage | null>) => {
      const port = event.ports[0];
      if (event.source !== window || event.data?.kind !== "studio:port") return;
      if (event.data.nonce !== nonce || !port) return;
      window.removeEventListener("message", take);
      resolve(wrapMessagePort(port));
    };
    window.addEventListener("message", take);
    bridge.connect(nonce);
  });
}
