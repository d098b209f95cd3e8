// The bundles: one Vite configuration a target. Imported only once the packages are there.
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { build } from "vite";
import { at, ROOT } from "./paths.mjs";

const node = [...builtinModules, ...builtinModules.map((name) => `node:${name}`)];
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));

function nodeTarget(outDir, entries, { format = "es", target = "node20" } = {}) {
  return {
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    define: { __STUDIO_VERSION__: JSON.stringify(version) },
    ssr: { noExternal: true },
    build: {
      ssr: true,
      target,
      outDir: at("dist", outDir),
      emptyOutDir: true,
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: entries,
        external: [...node, "electron", "bufferutil", "utf-8-validate"],
        output: {
          format,
          entryFileNames: format === "cjs" ? "[name].cjs" : "[name].js",
          chunkFileNames: "[name]-[hash].js",
        },
      },
    },
  };
}

/** Every target that exists in this checkout. */
export function targets() {
  const list = [nodeTarget("cli", { cli: at("electron", "cli", "cli.ts") })];
  if (existsSync(at("electron", "main", "main.ts"))) {
    list.push(
      nodeTarget("main", { main: at("electron", "main", "main.ts") }, { target: "node24" }),
      nodeTarget(
        "preload",
        { preload: at("electron", "main", "preload", "preload.ts") },
        { format: "cjs", target: "chrome140" },
      ),
    );
  }
  if (existsSync(at("renderer", "vite.config.ts"))) {
    list.push({
      configFile: at("renderer", "vite.config.ts"),
      root: at("renderer"),
      logLevel: "warn",
    });
  }
  return list;
}

export async function buildBundles() {
  for (const target of targets()) await build(target);
}
