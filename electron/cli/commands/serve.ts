/** `serve`: the loopback shell alone. Enter prints a new address; Ctrl+C ends it. */
import { existsSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Port } from "../../../shared/port.js";
import { fail } from "../../../shared/errors.js";
import { createHost, type Host } from "../../host/host.js";
import { findInstallation } from "../../host/installation.js";
import { askForAddress, offerAddresses } from "../../loopback/address-socket.js";
import { openWindow, untilClosed } from "../../loopback/browser.js";
import { loadFiles } from "../../loopback/files.js";
import { startLoopback, type LoopbackServer } from "../../loopback/server.js";
import { numberOption, operands, type Arguments } from "../arguments.js";
import { closer } from "../closer.js";
import { onInterrupt, type Interrupt } from "../interrupts.js";
import type { Output } from "../output.js";
import { OwnWindow } from "../own-window.js";
import { VERSION } from "../version.js";

const MOST_PORT = 65_535;

/** The way to a new address, as it works for how this was started. */
const newAddress = (port: number) => ({
  enter: Boolean(process.stdin.isTTY),
  command: `${findInstallation().command} serve --url --port ${port}`,
});

export async function serve(args: Arguments, output: Output): Promise<void> {
  operands(args, 0, 0, "no operands");
  const port = numberOption(args, "port", { integer: true, least: 0, most: MOST_PORT }) ?? 0;
  if (args.values["url"]) {
    const url = await askForAddress(port);
    output.answer({ url }, () => [url]);
    return;
  }
  const files = loadFiles(rendererFolder());
  const served: { host?: Host } = {};
  let press: (signal: Interrupt) => void = () => {};
  const asked = new Promise<void>((resolve) => {
    press = closer({
      waiting: () => served.host?.unfinished().startsAtMs ?? [],
      say: (line) => output.note(line),
      close: resolve,
    });
  });
  // Never taken away again: whatever comes while the studio closes must not cut its recordings off.
  onInterrupt((_, signal) => press(signal));
  const own = new OwnWindow();
  const studio = await createHost({
    version: VERSION,
    shell: "loopback",
    roots: { sysfs: args.sysfs ?? "/sys", dev: args.dev ?? "/dev" },
  });
  served.host = studio;
  let server: LoopbackServer | undefined;
  try {
    let tellShown: () => void;
    const shown = new Promise<void>((resolve) => (tellShown = resolve));
    const connect = (each: Port) => {
      studio.connect(each, own.connected(each));
      tellShown();
    };
    server = await startLoopback({ port, files, connect, newAddress });
    const ends = { asked, shown, press, own };
    await serveUntilEnd(server, ends, args, output);
  } finally {
    await server?.close();
    await studio.close();
  }
}

interface Ends {
  asked: Promise<void>;
  shown: Promise<void>;
  press: (signal: Interrupt) => void;
  own: OwnWindow;
}

async function serveUntilEnd(
  server: LoopbackServer,
  { asked, shown, press, own }: Ends,
  args: Arguments,
  output: Output,
): Promise<void> {
  const offer = await offerAddresses(server.port, () => server.newUrl());
  const ends = [asked];
  const opened = args.values["open"] ? openWindow(server.newUrl()) : null;
  if (opened) {
    own.opened();
    output.note(
      "The studio is open in a window of its own. Closing it, or Ctrl+C here, ends the studio.",
    );
    ends.push(
      untilClosed(opened.closed, shown, () => {
        own.missing();
        output.note("The browser did not show the studio. Open this in one:");
        announce(server, args, output);
      }),
    );
  } else {
    if (args.values["open"]) {
      output.note(
        "No Chromium or Chrome is installed (sudo apt install chromium). Open this in a browser:",
      );
    }
    announce(server, args, output);
  }
  const lines = process.stdin.isTTY ? createInterface({ input: process.stdin }) : null;
  lines?.on("line", () => output.note(`  ${server.newUrl()}`));
  // In raw terminals readline takes Ctrl+C for itself.
  lines?.on("SIGINT", () => press("SIGINT"));
  await Promise.race(ends);
  lines?.close();
  offer.close();
}

function announce(server: LoopbackServer, args: Arguments, output: Output): void {
  const url = server.newUrl();
  const { enter, command } = newAddress(server.port);
  const tunnel = `ssh -L ${server.port}:127.0.0.1:${server.port} ${userInfo().username}@${hostname()}`;
  output.answer({ url, port: server.port, tunnel }, () => [
    url,
    `Good for one window, for 60 s. ${enter ? "Enter prints a new one" : `A new one: ${command}`}; Ctrl+C ends.`,
    `From elsewhere: ${tunnel}`,
  ]);
}

/** The built window: beside the bundle, in a checkout and in a package alike. */
function rendererFolder(): string {
  const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "renderer");
  if (!existsSync(join(folder, "index.html"))) {
    throw fail("ENOENT", "The window is not built. Run: npm run build", { path: folder });
  }
  return folder;
}
