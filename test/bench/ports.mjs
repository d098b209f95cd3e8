// What the studio's ports carry, each message taken and decoded on the other side: the loopback door into Chromium with
// its own codec, a MessagePort as Electron's window has it, and the command line's pair of ports.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { chromium } from "playwright-core";
import { build } from "vite";

const SIZES = [64 * 1024, 1024 * 1024];
const SECONDS = 1.5;
/** Posted and not yet taken by the other side, at most: a quarter of what closes a window that does not read. */
const AHEAD_BYTES = 16 * 1024 * 1024;

export async function benchPorts(_addon, report, _folder, root) {
  const folder = mkdtempSync(join(tmpdir(), "studio-ports-"));
  try {
    const studio = await bundle(root, folder);
    for (const [name, open] of [
      ["MessagePort in one process", () => openMessagePort(studio)],
      ["ports of the command line", () => openPair(studio)],
    ]) {
      for (const size of SIZES) await measure(report, name, size, await open());
    }
    await benchLoopback(report, studio);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(report, name, size, { near, far, close }) {
  const taking = takeAll(far);
  await flood(near, size);
  add(report, name, size, await taking);
  close?.();
}

function add(report, name, size, value) {
  const what = `${name}, ${size / 1024} KiB messages`;
  report.add({ section: "ports", what, value, unit: "MB/s" });
}

/** Posts messages as frames are, with an array of their own, as fast as the other side acknowledges them. */
function flood(port, size) {
  return new Promise((resolve) => {
    const until = performance.now() + SECONDS * 1000;
    let ahead = 0;
    const fill = () => {
      if (performance.now() >= until) {
        if (ahead === 0) resolve(port.post({ end: new Uint8Array(1) }));
        return;
      }
      for (; ahead < AHEAD_BYTES; ahead += size) port.post({ samples: new Float32Array(size / 4) });
    };
    port.onMessage(() => {
      ahead -= size;
      fill();
    });
    fill();
  });
}

/** Takes until the end; answers MB/s from the first message to the last. Runs in Chromium too: uses nothing outside. */
function takeAll(port) {
  return new Promise((resolve) => {
    let [bytes, startedAt, endedAt] = [0, 0, 0];
    port.onMessage(({ samples, end }) => {
      if (end) return resolve(bytes / (endedAt - startedAt) / 1000);
      endedAt = performance.now();
      // The first one starts the clock and is not counted.
      if (startedAt === 0) startedAt = endedAt;
      else bytes += samples.byteLength;
      port.post({ taken: 1 });
    });
  });
}

function openMessagePort({ wrapMessagePort }) {
  const { port1, port2 } = new MessageChannel();
  const [near, far] = [wrapMessagePort(port1), wrapMessagePort(port2)];
  return { near, far, close: () => near.close() };
}

function openPair({ portPair }) {
  const [near, far] = portPair();
  return { near, far };
}

async function benchLoopback(report, { startLoopback, page: script }) {
  let connected;
  const server = await startLoopback({
    port: 0,
    files: new Map([
      ["/", { type: "text/html", body: Buffer.from("<!doctype html><title>ports</title>") }],
      ["/page.js", { type: "text/javascript", body: script }],
    ]),
    connect: (port) => connected(port),
    newAddress: () => ({ enter: false, command: "" }),
  });
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    for (const size of SIZES) {
      const near = new Promise((resolve) => (connected = resolve));
      const page = await browser.newPage();
      await page.goto(server.newUrl());
      // The address lets the page in and sends it on.
      await page.waitForFunction(() => document.title === "ports");
      const taking = page.evaluate(
        `import("/page.js").then(({ connectLoopback }) => connectLoopback()).then(${takeAll})`,
      );
      const [value] = await Promise.all([taking, near.then((port) => flood(port, size))]);
      add(report, "loopback door into Chromium", size, value);
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The studio's own sources: the server's and the ports' for Node, the window's end of the door for the page. */
async function bundle(root, folder) {
  const common = { root, configFile: false, logLevel: "silent", publicDir: false };
  const node = {
    server: join(root, "electron", "loopback", "server.ts"),
    pair: join(root, "electron", "cli", "in-process-port.ts"),
    wrap: join(root, "renderer", "message-port.ts"),
  };
  await build({
    ...common,
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: "node20",
      outDir: join(folder, "node"),
      rolldownOptions: {
        input: node,
        external: [
          ...builtinModules,
          ...builtinModules.map((name) => `node:${name}`),
          "bufferutil",
          "utf-8-validate",
        ],
        output: { format: "es", entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" },
      },
    },
  });
  await build({
    ...common,
    build: {
      target: "chrome120",
      outDir: join(folder, "page"),
      lib: { entry: join(root, "renderer", "loopback-port.ts"), formats: ["es"], fileName: "page" },
    },
  });
  const load = (name) => import(pathToFileURL(join(folder, "node", `${name}.mjs`)).href);
  return {
    ...(await load("server")),
    ...(await load("pair")),
    ...(await load("wrap")),
    page: readFileSync(join(folder, "page", "page.js")),
  };
}
