// npm run dev: the window with live reload from Vite's server; host and addon rebuilt, and the host restarted, when their
// sources change.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { createServer } from "vite";
import { at } from "./paths.mjs";
import { isSource, oneAtATime, rebuilder } from "./rebuild.mjs";
import { main, Refusal, say, step } from "./say.mjs";
import { ensureAddon, ensureBundles, ensureReady } from "./setup.mjs";

const HOST_PORT = 5180;
const WATCHED = ["electron/host", "electron/loopback", "electron/cli", "shared", "native"];

await main(async () => {
  await ensureReady();
  const host = oneAtATime(() =>
    spawn(process.execPath, [at("dist", "cli", "cli.js"), "serve", "--port", String(HOST_PORT)], {
      stdio: "inherit",
    }),
  );
  const vite = await createServer({
    configFile: at("renderer", "vite.config.ts"),
    root: at("renderer"),
    server: {
      host: "127.0.0.1",
      port: HOST_PORT + 1,
      // The page comes from Vite, everything else from the host: one origin as far as the guard can see.
      proxy: Object.fromEntries(
        ["/enter", "/stream", "/ws"].map((path) => [
          path,
          { target: `http://127.0.0.1:${HOST_PORT}`, ws: path === "/ws" },
        ]),
      ),
    },
  });
  await vite.listen();
  host.restart();
  say(`In the address the host prints, replace ${HOST_PORT} by ${HOST_PORT + 1} for live reload.`);
  const changed = rebuilder({
    // Each says what it builds, and does nothing where nothing is stale.
    build: async () => {
      await ensureAddon();
      await ensureBundles();
    },
    restart: () => {
      step("restarting the host");
      host.restart();
    },
    tell: (thrown) => say(thrown instanceof Refusal ? thrown.message : String(thrown)),
  });
  const watchers = WATCHED.map((folder) =>
    watch(at(folder), { recursive: true }, (_, file) => isSource(folder, file) && changed()),
  );
  await new Promise((resolve) => process.once("SIGINT", resolve));
  for (const watcher of watchers) watcher.close();
  host.stop();
  await vite.close();
});
