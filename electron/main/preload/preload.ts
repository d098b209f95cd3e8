/**
 * Runs sandboxed before the page. All it does is to pass one port on: the page asks with a nonce of its own making and
 * recognises the answer by it. No API of Electron's reaches the page.
 */
import { contextBridge, ipcRenderer } from "electron";

const CONNECT_CHANNEL = "studio:connect";
const PORT_CHANNEL = "studio:port";

ipcRenderer.on(PORT_CHANNEL, (event, nonce: unknown) => {
  window.postMessage({ kind: "studio:port", nonce }, location.origin, event.ports);
});

contextBridge.exposeInMainWorld("studio", {
  connect: (nonce: unknown): void => {
    if (typeof nonce === "string") ipcRenderer.send(CONNECT_CHANNEL, nonce);
  },
});
