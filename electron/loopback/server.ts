/**
 * The loopback door: the host behind an authenticated server on 127.0.0.1, for machines without Electron's runtime and
 * for boards without a screen. What may enter is decided in guard.ts, who may in secrets.ts.
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { fail } from "../../shared/errors.js";
import type { Port } from "../../shared/port.js";
import type { StaticFile } from "./files.js";
import { cookieName, judge, type Rules } from "./guard.js";
import { newAddressWords, refusalPage, REFUSAL_POLICY, type NewAddress } from "./refusal-page.js";
import { Secrets } from "./secrets.js";
import { SocketPort } from "./socket-port.js";

export interface LoopbackOptions {
  /** 0: any free one. */
  port: number;
  files: Map<string, StaticFile>;
  /** Called with the port of each window that connects. */
  connect: (port: Port) => void;
  /** How one gets a new address of the server at that port. */
  newAddress: (port: number) => NewAddress;
  now?: () => number;
}

export interface LoopbackServer {
  readonly port: number;
  /** An address that lets one window in within 60 s. */
  newUrl(): string;
  close(): Promise<void>;
}

const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_BODY_BYTES = 256;

function securityHeaders(host: string): Record<string, string> {
  return {
    "content-security-policy":
      `default-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws://${host}; ` +
      "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
}

/** Starts listening. Rejects with EADDRINUSE as a sentence. */
export async function startLoopback(options: LoopbackOptions): Promise<LoopbackServer> {
  const door = new LoopbackDoor(options);
  await door.listen();
  return door;
}

class LoopbackDoor implements LoopbackServer {
  private readonly secrets: Secrets;
  private readonly server = createServer((request, response) => this.answer(request, response));
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  private readonly ports = new Map<string, SocketPort>();

  constructor(private readonly options: LoopbackOptions) {
    this.secrets = new Secrets(options.now);
    this.server.on("upgrade", (request, socket, head) => this.upgrade(request, socket, head));
    this.server.headersTimeout = 10_000;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      // Once it listens there is nobody to tell, and an unheard one would end the program.
      this.server.on("error", (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "EADDRINUSE"
            ? fail("EADDRINUSE", `Port ${this.options.port} is in use. Choose another with --port.`)
            : error,
        );
      });
      this.server.listen(this.options.port, "127.0.0.1", () => resolve());
    });
  }

  newUrl(): string {
    return `http://127.0.0.1:${this.port}/enter?secret=${this.secrets.issue()}`;
  }

  async close(): Promise<void> {
    for (const port of this.ports.values()) port.close();
    for (const client of this.sockets.clients) client.terminate();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { path, query } = splitTarget(request.url ?? "/");
    const post = request.method === "POST";
    const entrance = !post && path === "/enter";
    const verdict = this.judge(request, { changing: post, entrance });
    if (!verdict.ok) return this.refuse(request, response, verdict.status, verdict.reason);
    const headers = securityHeaders(request.headers.host!);
    if (entrance) return this.enter(query, request, response, headers);
    if (post && path === "/stream") return this.openStream(request, response, headers);
    if (request.method !== "GET")
      return this.refuse(request, response, 405, "This server knows GET and POST only.");
    const file = this.options.files.get(path);
    if (!file) return this.refuse(request, response, 404, "There is no such page.");
    response.writeHead(200, { ...headers, "content-type": file.type }).end(file.body);
  }

  private judge(request: IncomingMessage, rules: Rules) {
    return judge(request, rules, this.secrets, this.port);
  }

  /**
   * The cookie is SameSite=Strict, and a redirect from a foreign first page would not carry it: so this answers a page of
   * ours that goes on by itself.
   */
  private enter(
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
  ): void {
    const token = this.secrets.enter(new URLSearchParams(query).get("secret") ?? "");
    if (!token) {
      const reason = "This address has been used, or is older than 60 s.";
      return this.refuse(request, response, 401, reason);
    }
    response
      .writeHead(200, {
        ...headers,
        "content-type": "text/html; charset=utf-8",
        "set-cookie": `${cookieName(this.port)}=${token}; HttpOnly; SameSite=Strict; Path=/`,
      })
      .end(
        '<!doctype html><link rel="icon" href="data:,"><meta http-equiv="refresh" content="0;url=/"><title>IIO Studio</title>',
      );
  }

  private openStream(
    request: IncomingMessage,
    response: ServerResponse,
    headers: Record<string, string>,
  ): void {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
      if (body.length > MAX_BODY_BYTES) request.destroy();
    });
    request.on("end", () => {
      const port = this.ports.get(body);
      if (!port)
        return this.refuse(request, response, 404, "There is no such stream. Reload the window.");
      response.writeHead(200, { ...headers, "content-type": "application/octet-stream" });
      response.flushHeaders();
      if (!port.attach(response)) response.end();
    });
  }

  /** A page for a browser that was to show one, else a line; what is not known here is told the way in. */
  private refuse(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    reason: string,
  ): void {
    const address = status === 401 ? this.options.newAddress(this.port) : null;
    const asPage = request.headers.accept?.includes("text/html") ?? false;
    const title = address ? "This window is not known here" : "Not shown";
    const line = address ? `${reason} ${newAddressWords(address)}` : reason;
    response
      .writeHead(status, {
        "content-type": `text/${asPage ? "html" : "plain"}; charset=utf-8`,
        "cross-origin-resource-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "content-security-policy": REFUSAL_POLICY,
      })
      .end(asPage ? refusalPage(title, reason, address) : `${line}\n`);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node takes its own listener away here, and a reset of an unheard socket would end the program.
    socket.on("error", () => socket.destroy());
    const verdict = this.judge(request, { changing: true, entrance: false });
    if (!verdict.ok || request.url !== "/ws") {
      const status = verdict.ok ? "404 Not Found" : `${verdict.status} Refused`;
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const port = new SocketPort(webSocket);
      const stream = randomBytes(16).toString("base64url");
      this.ports.set(stream, port);
      port.onClose(() => this.ports.delete(stream));
      webSocket.send(JSON.stringify({ kind: "door", stream }));
      this.options.connect(port);
    });
  }
}

/** By string: what a stranger sends may be no URL (`//`), and a parser would throw at it. */
function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
