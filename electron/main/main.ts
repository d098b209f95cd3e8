/** Electron's shell: life cycle, window, protocol, ports. Everything the studio does is in the host. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { app, dialog, ipcMain, Menu, MessageChannelMain, protocol, session, shell } from "electron";
import { toStudioError } from "../../shared/errors.js";
import { survivePipes } from "../cli/pipes.js";
import { runCli } from "../cli/run.js";
import { createHost, type Host } from "../host/host.js";
import { askBeforeClose } from "./ask-before-close.js";
import { typedCommand } from "./command-line.js";
import { offerPorts } from "./ports.js";
import { makeHandler, SCHEMES } from "./protocol.js";
import { guardContents, refusePermissions, SCHEME } from "./security.js";
import { openStudioWindow } from "./window.js";

const here = dirname(fileURLToPath(import.meta.url));

async function start(): Promise<void> {
  const dataFolder = app.getPath("userData");
  mkdirSync(dataFolder, { recursive: true });
  refusePermissions(session.defaultSession);
  protocol.handle(SCHEME, makeHandler(join(here, "..", "renderer")));
  // The window draws its own menu; the default one would add keys that act behind it.
  Menu.setApplicationMenu(null);
  const host = await createHost({
    version: app.getVersion(),
    shell: "electron",
    showFile: (path) => shell.showItemInFolder(path),
  });
  offerPorts(
    ipcMain,
    () => new MessageChannelMain(),
    (port) => void host.connect(port),
  );
  closeBeforeQuit(host);
  const open = () => {
    const opened = openStudioWindow({
      preload: join(here, "..", "preload", "preload.cjs"),
      dataFolder,
      icon: join(here, "..", "renderer", "icon.png"),
    });
    askBeforeClose(
      opened,
      () => host.unfinished(),
      (question) => dialog.showMessageBoxSync(opened, question),
    );
    return opened;
  };
  let window = open();
  app.on("second-instance", () => {
    if (window.isDestroyed()) window = open();
    if (window.isMinimized()) window.restore();
    window.focus();
  });
}

/** Streams are stopped and recordings finished before the process goes. */
function closeBeforeQuit(host: Host): void {
  let closed = false;
  app.on("before-quit", (event) => {
    if (closed) return;
    event.preventDefault();
    void host.close().finally(() => {
      closed = true;
      app.quit();
    });
  });
}

const command = typedCommand(process.argv, Boolean(process.defaultApp));

if (command) {
  // `iio-studio record …` needs no display, so that it works on a board, too.
  app.commandLine.appendSwitch("ozone-platform", "headless");
  survivePipes((status) => app.exit(status));
  void runCli(command).then((status) => app.exit(status));
} else if (!app.requestSingleInstanceLock()) {
  app.quit();
} else {
  protocol.registerSchemesAsPrivileged(SCHEMES);
  app.enableSandbox();
  guardContents(app, (url) => void shell.openExternal(url));
  app.on("window-all-closed", () => app.quit());
  app
    .whenReady()
    .then(start)
    .catch((error: unknown) => {
      dialog.showErrorBox("IIO Studio cannot start", toStudioError(error).message);
      app.exit(1);
    });
}
