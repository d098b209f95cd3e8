import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventEmitter } from "node:events";
import type { App, Session } from "electron";
import { describe, expect, it, vi } from "vitest";
import { typedCommand } from "../../electron/main/command-line.js";
import { CONNECT_CHANNEL, offerPorts } from "../../electron/main/ports.js";
import { makeHandler } from "../../electron/main/protocol.js";
import {
  CONTENT_SECURITY_POLICY,
  guardContents,
  isOpenableLink,
  ORIGIN,
  refusePermissions,
  webPreferences,
} from "../../electron/main/security.js";
import { fakeChannel, FakeIpcMain, FakePage, FakePagePort } from "../contract/fake-electron.js";

const NONCE = "0123456789abcdef-0123";

describe("the hand-over of a port", () => {
  function offer() {
    const ipc = new FakeIpcMain();
    const connect = vi.fn();
    offerPorts(ipc.asIpcMain(), fakeChannel, connect);
    return { ipc, connect };
  }

  it("answers our own top frame with its own nonce", () => {
    const { ipc, connect } = offer();
    const page = new FakePage(ipc, `${ORIGIN}/index.html`);
    page.send(CONNECT_CHANNEL, NONCE);
    expect(connect).toHaveBeenCalledOnce();
    expect(page.received[0]!.nonce).toBe(NONCE);
    expect(page.received[0]!.port).toBeInstanceOf(FakePagePort);
  });

  it.each([
    ["another page", "https://evil.example/", true, NONCE],
    ["a look-alike host", "studio://app.evil/", true, NONCE],
    ["a frame inside our page", `${ORIGIN}/`, false, NONCE],
    ["a nonce that is no nonce", `${ORIGIN}/`, true, { toString: (): string => NONCE }],
    ["a nonce too short to be one", `${ORIGIN}/`, true, "1"],
  ])("refuses %s", (_what, url, top, nonce) => {
    const { ipc, connect } = offer();
    const page = new FakePage(ipc, url, top);
    page.send(CONNECT_CHANNEL, nonce);
    expect(connect).not.toHaveBeenCalled();
    expect(page.received).toHaveLength(0);
  });
});

describe("a port of Electron's", () => {
  it("refuses to transfer a buffer from the main process", () => {
    const { port1 } = fakeChannel();
    const buffer = new ArrayBuffer(8);
    expect(() => port1.postMessage({ buffer }, [buffer as never])).toThrow(TypeError);
  });

  it("loses a message whose buffer the page transfers, and the buffer with it", async () => {
    const { port1, port2 } = fakeChannel();
    const seen = new Promise((resolve) => port1.on("message", (event) => resolve(event.data)));
    port1.start();
    const buffer = new ArrayBuffer(8);
    (port2 as unknown as FakePagePort).postMessage({ buffer }, [buffer]);
    expect(await seen).toBeUndefined();
    expect(buffer.byteLength).toBe(0);
  });

  it("shows when a view would clone more than it views", () => {
    const { port1 } = fakeChannel();
    expect(() => port1.postMessage(new Float64Array(8).subarray(0, 2))).toThrow(/would clone/);
  });
});

describe("the window", () => {
  it("has no Node, is isolated and sandboxed", () => {
    expect(webPreferences("/preload.cjs")).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
    });
    expect(CONTENT_SECURITY_POLICY).not.toContain("unsafe");
  });

  it("grants no permission", () => {
    const session = {
      setPermissionRequestHandler: vi.fn(),
      setPermissionCheckHandler: vi.fn(),
      setDevicePermissionHandler: vi.fn(),
    };
    refusePermissions(session as unknown as Session);
    const answer = vi.fn();
    (session.setPermissionRequestHandler.mock.calls[0]![0] as (...args: unknown[]) => void)(
      {},
      "media",
      answer,
    );
    expect(answer).toHaveBeenCalledWith(false);
    expect((session.setPermissionCheckHandler.mock.calls[0]![0] as () => boolean)()).toBe(false);
  });

  it("goes nowhere else, embeds nothing, and opens only web links outside", () => {
    const app = new EventEmitter();
    const opened = vi.fn();
    guardContents(app as unknown as App, opened);
    const contents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: vi.fn(),
    });
    app.emit("web-contents-created", {}, contents);
    for (const name of ["will-navigate", "will-redirect", "will-frame-navigate"]) {
      const away = { url: "https://evil.example/", preventDefault: vi.fn() };
      contents.emit(name, away);
      expect(away.preventDefault).toHaveBeenCalled();
      const home = { url: `${ORIGIN}/`, preventDefault: vi.fn() };
      contents.emit(name, home);
      expect(home.preventDefault).not.toHaveBeenCalled();
    }
    const webview = { preventDefault: vi.fn() };
    contents.emit("will-attach-webview", webview);
    expect(webview.preventDefault).toHaveBeenCalled();
    const handler = contents.setWindowOpenHandler.mock.calls[0]![0] as (details: {
      url: string;
    }) => { action: string };
    expect(handler({ url: "https://sigmf.org/" }).action).toBe("deny");
    expect(handler({ url: "file:///etc/passwd" }).action).toBe("deny");
    expect(opened.mock.calls).toEqual([["https://sigmf.org/"]]);
    expect(isOpenableLink("javascript:alert(1)")).toBe(false);
  });
});

describe("the installed program", () => {
  const typed = (...words: string[]) =>
    typedCommand(["/opt/IIO Studio/iio-studio", ...words], false);

  it("runs what was typed, right or wrong, and leaves the answer to the command line", () => {
    expect(typed("record", "sim:adc", "--out", "x")).toEqual(["record", "sim:adc", "--out", "x"]);
    expect(typed("--no-sandbox", "devices", "--json")).toEqual(["devices", "--json"]);
    for (const words of [["recrod", "x"], ["--help"], ["-h"], ["help"], ["-x"]]) {
      expect(typed(...words)).toEqual(words);
    }
  });

  it("opens its window without a command, whatever a desktop or Chromium adds", () => {
    expect(typed()).toBeNull();
    expect(typed("--no-sandbox", "--ozone-platform-hint=auto")).toBeNull();
    expect(typed("file:///home/user/notes.txt")).toBeNull();
    expect(typedCommand(["electron", "/checkout"], true)).toBeNull();
    expect(typedCommand(["electron", "--no-sandbox", "/checkout"], true)).toBeNull();
    expect(typedCommand(["electron", ".", "doctor"], true)).toEqual(["doctor"]);
  });
});

describe("the window's own protocol", () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-page-"));
  writeFileSync(join(folder, "index.html"), "<title>studio</title>");
  const handle = makeHandler(folder);

  it("serves the bundle with its policy", async () => {
    const answer = await handle(new Request(`${ORIGIN}/`));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toBe(CONTENT_SECURITY_POLICY);
    expect(await answer.text()).toContain("studio");
  });

  it.each([
    `${ORIGIN}/%2e%2e/%2e%2e/etc/passwd`,
    `${ORIGIN}/..%2f..%2fetc%2fpasswd`,
    `${ORIGIN}/%00`,
    `${ORIGIN}/%`,
    "studio://other/index.html",
  ])("has nothing for %s", async (url) => {
    expect((await handle(new Request(url))).status).toBe(404);
  });
});
