/** The window's files, read once into memory: a request can only name what is in the map. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".map": "application/json",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

export interface StaticFile {
  type: string;
  body: Buffer;
}

/** All files below a folder by their URL path; `/` is index.html. */
export function loadFiles(folder: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  const visit = (relative: string) => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else {
        const type = TYPES[extname(entry.name)] ?? "application/octet-stream";
        files.set(path, { type, body: readFileSync(join(folder, path)) });
      }
    }
  };
  visit("");
  const index = files.get("/index.html");
  if (index) files.set("/", index);
  return files;
}
