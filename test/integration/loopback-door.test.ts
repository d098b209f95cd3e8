import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { askForAddress, offerAddresses } from "../../electron/loopback/address-socket.js";
import { writeRedirect } from "../../electron/loopback/browser.js";
import { findInstallation } from "../../electron/host/installation.js";
import { startLoopback, type LoopbackServer } from "../../electron/loopback/server.js";
import { MessageSplitter } from "../../shared/codec.js";
import type { Port } from "../../shared/port.js";

let server: LoopbackServer;
let ports: Port[];
let nowMs: number;
let inTerminal: boolean;

beforeEach(async () => {
  inTerminal = true;
  ports = [];
  nowMs = 1_000_000;
  server = await startLoopback({
    port: 0,
    files: new Map([["/", { type: "text/html", body: Buffer.from("<title>studio</title>") }]]),
    connect: (port) => ports.push(port),
    newAddress: (port) => ({
      enter: inTerminal,
      command: `npm run cli -- serve --url --port ${port}`,
    }),
    now: () => nowMs,
  });
});
afterEach(() => server.close());

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A raw request: every header is the attacker's to choose. */
function ask(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port: server.port, path, method, headers },
      (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode!, headers: response.headers, body: text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Asks for an upgrade that will be refused, and resets the connection at its answer. */
function resetUpgrade(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.write(
      "GET /ws HTTP/1.1\r\nHost: evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    );
    socket.once("data", () => socket.resetAndDestroy());
  });
}

const path = (url: string) => url.slice(url.indexOf("/enter"));
const own = () => `127.0.0.1:${server.port}`;

async function enter(): Promise<string> {
  const answer = await ask(path(server.newUrl()), { host: own() });
  expect(answer.status).toBe(200);
  return (answer.headers["set-cookie"] as string[])[0]!;
}

const cookieOf = (set: string) => set.split(";")[0]!;
const samePage = (cookie: string) => ({ host: own(), cookie, "sec-fetch-site": "same-origin" });

describe("the entrance", () => {
  it("turns a secret into a strict cookie whose name holds the port, once", async () => {
    const url = path(server.newUrl());
    const first = await ask(url, { host: own() });
    const cookie = (first.headers["set-cookie"] as string[])[0]!;
    expect(cookie).toContain(`iio-studio-${server.port}=`);
    expect(cookie).toContain("HttpOnly");
    expect(cookie).toContain("SameSite=Strict");
    expect((await ask(url, { host: own() })).status).toBe(401);
  });

  it("refuses a secret after 60 s", async () => {
    const url = path(server.newUrl());
    nowMs += 60_001;
    expect((await ask(url, { host: own() })).status).toBe(401);
  });

  it("refuses a guessed secret", async () => {
    expect((await ask("/enter?secret=guess", { host: own() })).status).toBe(401);
    expect((await ask("/enter", { host: own() })).status).toBe(401);
  });
});

describe("a window that has no session here", () => {
  const reload = () => ({
    ...{ host: own(), "sec-fetch-site": "none", "sec-fetch-mode": "navigate" },
    ...{ "sec-fetch-dest": "document", accept: "text/html,*/*" },
  });

  it("is shown a page of its own, with what leads to a new address", async () => {
    const { status, headers, body } = await ask("/", reload());
    expect(status).toBe(401);
    expect(headers["content-type"]).toContain("text/html");
    expect(body).toContain(`npm run cli -- serve --url --port ${server.port}`);
    expect(body).toMatch(/Press <b>Enter<\/b>/);
    // Nothing else is let in: the style by its hash.
    const style = /<style>([^]*)<\/style>/.exec(body)![1]!;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(headers["content-security-policy"]).toContain(`style-src 'sha256-${hash}'`);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(body).not.toMatch(/<script|src=|href="[^d]/);
  });

  it("is not told to press Enter where no terminal listens", async () => {
    inTerminal = false;
    const { body } = await ask("/enter?secret=old", reload());
    expect(body).not.toContain("Enter</b>");
    expect(body).toContain("Open the new address that this prints");
  });

  it("gets a line where it asked for no page", async () => {
    const { headers, body } = await ask("/main.js", {
      host: own(),
      "sec-fetch-site": "same-origin",
    });
    expect(headers["content-type"]).toContain("text/plain");
    expect(body).toContain("Press Enter in the studio's terminal");
  });
});

describe("an attacker", () => {
  it("is refused under a name that is not a loopback name (DNS rebinding)", async () => {
    const cookie = cookieOf(await enter());
    for (const host of ["evil.example", `evil.example:${server.port}`, "127.0.0.1.evil.example"]) {
      expect((await ask("/", { ...samePage(cookie), host })).status).toBe(403);
      expect((await ask(path(server.newUrl()), { host })).status).toBe(403);
    }
  });

  it("is refused without a cookie, or with a wrong one", async () => {
    expect((await ask("/", { host: own(), "sec-fetch-site": "same-origin" })).status).toBe(401);
    const wrong = `iio-studio-${server.port}=AAAA`;
    expect((await ask("/", samePage(wrong))).status).toBe(401);
  });

  it("is refused from another page of this machine, which cookies and SameSite let through", async () => {
    const cookie = cookieOf(await enter());
    for (const site of ["same-site", "cross-site", undefined]) {
      const headers: Record<string, string> = { host: own(), cookie };
      if (site) headers["sec-fetch-site"] = site;
      expect((await ask("/", headers)).status).toBe(403);
    }
    expect((await ask("/", { ...samePage(cookie), origin: "http://127.0.0.1:1" })).status).toBe(
      403,
    );
  });

  it("is refused to embed or subresource-load a page with a user's own navigation headers", async () => {
    const cookie = cookieOf(await enter());
    const base = { host: own(), cookie, "sec-fetch-site": "none" };
    expect((await ask("/", { ...base, "sec-fetch-mode": "no-cors" })).status).toBe(403);
    const navigation = { ...base, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await ask("/", navigation)).status).toBe(200);
  });

  it("is refused to POST without an Origin or with another one", async () => {
    const cookie = cookieOf(await enter());
    expect((await ask("/stream", samePage(cookie), "POST", "x")).status).toBe(403);
    const foreign = { ...samePage(cookie), origin: "http://evil.example" };
    expect((await ask("/stream", foreign, "POST", "x")).status).toBe(403);
  });

  it("cannot take a stream by guessing its name, nor send a long body", async () => {
    const cookie = cookieOf(await enter());
    const headers = { ...samePage(cookie), origin: `http://${own()}` };
    expect((await ask("/stream", headers, "POST", "guess")).status).toBe(404);
    await expect(ask("/stream", headers, "POST", "x".repeat(100_000))).rejects.toThrow();
  });

  it("cannot leave the window's files", async () => {
    const cookie = cookieOf(await enter());
    for (const attempt of ["/../package.json", "/%2e%2e/package.json", "//etc/passwd"]) {
      expect((await ask(attempt, samePage(cookie))).status).toBe(404);
    }
  });

  it("cannot open a socket without cookie or origin", async () => {
    const cookie = cookieOf(await enter());
    const open = (headers: Record<string, string>) =>
      new Promise<boolean>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, { headers });
        socket.on("open", () => resolve(true));
        socket.on("error", () => resolve(false));
      });
    expect(await open({ cookie })).toBe(false);
    expect(await open({ origin: `http://${own()}` })).toBe(false);
    expect(await open({ cookie, origin: "http://evil.example" })).toBe(false);
    expect(ports).toHaveLength(0);
    expect(await open({ cookie, origin: `http://${own()}` })).toBe(true);
  });

  it("cannot end the server with a request target that is no URL", async () => {
    for (const target of ["//", "///", "http://[", "/%", "*"]) {
      expect((await ask(target, { host: "evil.example" })).status).toBe(403);
      expect((await ask(target, { host: own(), "sec-fetch-site": "same-origin" })).status).toBe(
        401,
      );
    }
    const cookie = cookieOf(await enter());
    expect((await ask("//", samePage(cookie))).status).toBe(404);
  });

  it("cannot end the server by resetting a socket whose upgrade is refused", async () => {
    for (let i = 0; i < 20; i++) await resetUpgrade();
    expect((await ask(path(server.newUrl()), { host: own() })).status).toBe(200);
  });

  it("finds every answer with isolation headers", async () => {
    const cookie = cookieOf(await enter());
    const { headers } = await ask("/", samePage(cookie));
    expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
  });
});

describe("a tunnel", () => {
  it("may change the port of the host name", async () => {
    const answer = await ask(path(server.newUrl()), { host: "localhost:9000" });
    const cookie = cookieOf((answer.headers["set-cookie"] as string[])[0]!);
    const headers = { host: "localhost:9000", cookie, "sec-fetch-site": "same-origin" };
    expect((await ask("/", headers)).status).toBe(200);
  });
});

describe("a window's port", () => {
  async function openWindow() {
    const cookie = cookieOf(await enter());
    const origin = `http://${own()}`;
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws`, {
      headers: { cookie, origin },
    });
    const stream = await new Promise<string>((resolve) =>
      socket.once("message", (data) =>
        resolve((JSON.parse(String(data)) as { stream: string }).stream),
      ),
    );
    return { socket, stream, headers: { ...samePage(cookie), origin } };
  }

  it("carries text by the socket and arrays by the stream", async () => {
    const { socket, stream, headers } = await openWindow();
    const received: unknown[] = [];
    ports[0]!.onMessage((message) => received.push(message));
    socket.send(JSON.stringify({ hello: 1 }));

    const arrays = new Promise<unknown>((resolve) => {
      const sent = httpRequest(
        { host: "127.0.0.1", port: server.port, path: "/stream", method: "POST", headers },
        (response) => {
          const splitter = new MessageSplitter();
          response.on("data", (chunk: Buffer) => {
            const [message] = splitter.push(chunk);
            if (message) resolve(message);
          });
        },
      );
      sent.end(stream);
    });
    const text = new Promise<string>((resolve) =>
      socket.once("message", (data) => resolve(String(data))),
    );
    ports[0]!.post({ plain: true });
    ports[0]!.post({ y: new Float64Array([1, 2]) });
    expect(JSON.parse(await text)).toEqual({ plain: true });
    expect(await arrays).toEqual({ y: new Float64Array([1, 2]) });
    expect(received).toEqual([{ hello: 1 }]);
    socket.close();
  });

  it("is closed when the window sends what is not JSON", async () => {
    const { socket } = await openWindow();
    const closed = new Promise((resolve) => ports[0]!.onClose(() => resolve(true)));
    socket.send("{");
    expect(await closed).toBe(true);
  });

  it("is closed when the window stops reading, instead of filling the memory", async () => {
    const { socket } = await openWindow();
    const closed = new Promise((resolve) => ports[0]!.onClose(() => resolve(true)));
    const block = new Uint8Array(8 * 1024 * 1024);
    for (let i = 0; i < 10; i++) ports[0]!.post({ block });
    expect(await closed).toBe(true);
    socket.terminate();
  });
});

describe("addresses", () => {
  it("reach the browser by a file that only its user can read", () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-"));
    const file = writeRedirect("http://127.0.0.1:1/enter?secret=s", folder);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("are handed out by a running server to its own user", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-"));
    const offer = await offerAddresses(server.port, () => server.newUrl(), folder);
    const url = await askForAddress(0, folder);
    expect((await ask(path(url), { host: own() })).status).toBe(200);
    await new Promise((resolve) => offer.close(resolve));
    await expect(askForAddress(0, folder)).rejects.toThrow("No studio of yours is serving");
  });
});

describe("the command that is told", () => {
  it("is the one that works for how this was installed", () => {
    const clone = mkdtempSync(join(tmpdir(), "studio-clone-"));
    const bundle = join(clone, "dist", "cli");
    const installed = { start: "iio-studio", command: "iio-studio" };
    expect(findInstallation(bundle, "/opt/cli.js")).toEqual(installed);
    mkdirSync(join(clone, "electron", "launch"), { recursive: true });
    writeFileSync(join(clone, "electron", "launch", "cli.mjs"), "");
    expect(findInstallation(bundle, join(bundle, "cli.js"))).toEqual({
      start: "npm start",
      command: "npm run --silent cli --",
    });
    expect(findInstallation(bundle, "/usr/local/bin/iio-studio")).toEqual(installed);
  });
});
