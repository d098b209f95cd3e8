/** Serves the window's bundle under our own scheme instead of file://: the page has an origin, and no file is reachable. */
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import type { CustomScheme } from "electron";
import { CONTENT_SECURITY_POLICY, isOurPage, SCHEME } from "./security.js";

/** To be registered before the app is ready. */
export const SCHEMES: CustomScheme[] = [
  {
    scheme: SCHEME,
    privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
  },
];

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** Answers a request for a file below `folder`; anything else is 404. */
export function makeHandler(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const headers = {
      "content-security-policy": CONTENT_SECURITY_POLICY,
      "x-content-type-options": "nosniff",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
    };
    const missing = () => new Response("There is no such page.\n", { status: 404, headers });
    if (request.method !== "GET" || !isOurPage(request.url)) return missing();
    const path = fileFor(folder, new URL(request.url).pathname);
    const type = path && TYPES[extname(path)];
    if (!path || !type) return missing();
    try {
      return new Response(await readFile(path), { headers: { ...headers, "content-type": type } });
    } catch {
      return missing();
    }
  };
}

function fileFor(folder: string, pathname: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  const path = normalize(join(folder, decoded === "/" ? "/index.html" : decoded));
  return path.startsWith(folder + sep) && !decoded.includes("\0") ? path : null;
}
