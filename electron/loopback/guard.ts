/**
 * What the loopback server lets in. Cookies ignore ports, other ports of 127.0.0.1 are same-site, same-origin GETs carry
 * no Origin, and `ssh -L` changes the port in Host: so each of Host, Origin, Sec-Fetch-Site and cookie is checked.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Secrets } from "./secrets.js";

export type Verdict = { ok: true } | { ok: false; status: 400 | 401 | 403; reason: string };

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

const refuse = (status: 400 | 401 | 403, reason: string): Verdict => ({
  ok: false,
  status,
  reason,
});

/** The cookie's name holds the server's port: cookies ignore ports, and two studios must not share one. */
export function cookieName(port: number): string {
  return `iio-studio-${port}`;
}

export function readCookie(headers: IncomingHttpHeaders, name: string): string | null {
  for (const part of (headers.cookie ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim();
  }
  return null;
}

/** Host must be a loopback name (any port: a tunnel changes it); Origin, where sent, must be that same host. */
function checkHost(headers: IncomingHttpHeaders, originNeeded: boolean): Verdict {
  const host = headers.host ?? "";
  if (!LOOPBACK_HOST.test(host)) {
    return refuse(403, "This server answers loopback names only. Use 127.0.0.1 or localhost.");
  }
  const origin = headers.origin;
  if (origin === undefined) {
    return originNeeded ? refuse(403, "A request of this kind needs an Origin.") : { ok: true };
  }
  return origin.toLowerCase() === `http://${host.toLowerCase()}`
    ? { ok: true }
    : refuse(403, "This request comes from another page.");
}

export interface Rules {
  /** WebSocket or POST: Origin is required. */
  changing: boolean;
  /** The first navigation of a window, with a secret and from anywhere. */
  entrance: boolean;
}

/** Judges a request before anything of it is used. */
export function judge(
  request: IncomingMessage,
  rules: Rules,
  secrets: Secrets,
  port: number,
): Verdict {
  const host = checkHost(request.headers, rules.changing);
  if (!host.ok || rules.entrance) return host;
  if (!rules.changing && !fromThisPage(request.headers)) {
    return refuse(
      403,
      "This request comes from another page. Type the studio's address into the address bar instead.",
    );
  }
  const token = readCookie(request.headers, cookieName(port));
  if (token === null || !secrets.isSession(token)) {
    return refuse(
      401,
      "Its session has ended: the studio was started again, or this tab was closed.",
    );
  }
  return { ok: true };
}

/** Same-origin, or a page the user opened by hand (typed, bookmarked, reloaded): those navigations say `none`. */
function fromThisPage(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site === "same-origin") return true;
  return (
    site === "none" &&
    headers["sec-fetch-mode"] === "navigate" &&
    headers["sec-fetch-dest"] === "document"
  );
}
