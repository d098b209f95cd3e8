/** Loads the one binary that serves Node and Electron alike. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Addon } from "./addon.js";

const FILE = join("native", "build", "iio_studio.node");

/** Finds the addon beside the bundle, above it (checkout) or unpacked beside the asar. */
export function findAddon(from: string = dirname(fileURLToPath(import.meta.url))): string | null {
  const override = process.env["IIO_STUDIO_ADDON"];
  if (override) return override;
  for (let folder = from; ; folder = dirname(folder)) {
    const unpacked = folder.replace(/app\.asar(?=$|[/\\])/, "app.asar.unpacked");
    const candidate = join(unpacked, FILE);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return null;
  }
}

let loaded: Addon | undefined;

export function loadAddon(): Addon {
  if (loaded) return loaded;
  const file = findAddon();
  if (!file) {
    throw new Error("The native addon is not built. Run: npm run build");
  }
  loaded = createRequire(import.meta.url)(file) as Addon;
  return loaded;
}
