// The studio as the suite runs it: a copy of what is built, so that a build meanwhile changes nothing.

import fs from "node:fs";
import path from "node:path";

import { cache, repository } from "./paths.mjs";
import { Sentence } from "./say.mjs";

const parts = ["dist/cli", "native/build/iio_studio.node", "package.json"];

/**
 * Copies the command line and the addon, and bundles the host without a door beside them. Returns
 * the folder; the caller removes it.
 */
export async function takeSnapshot() {
  for (const part of parts) {
    if (!fs.existsSync(path.join(repository, part))) {
      throw new Sentence(`${part} is not built. Run: npm run build`);
    }
  }
  fs.mkdirSync(cache, { recursive: true });
  const folder = fs.mkdtempSync(path.join(cache, "studio-"));
  try {
    for (const part of parts) {
      fs.cpSync(path.join(repository, part), path.join(folder, part), { recursive: true });
    }
    await bundleHost(path.join(folder, "host"));
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

async function bundleHost(outDir) {
  const { build } = await import("vite");
  await build({
    root: repository,
    configFile: false,
    logLevel: "warn",
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target: "node20",
      outDir,
      minify: false,
      rolldownOptions: {
        input: { host: path.join(repository, "test/kernel/suite/host-entry.ts") },
        output: { format: "es", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" },
      },
    },
  });
}
