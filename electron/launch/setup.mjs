// Brings a checkout up to date: packages, addon, bundles. Each step does nothing when nothing changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPrerequisites } from "./prerequisites.mjs";
import { at, CACHE, ROOT } from "./paths.mjs";
import { run } from "./run.mjs";
import { Refusal, step } from "./say.mjs";

const stampFile = (name) => join(CACHE, "stamps", name);

function readStamp(name) {
  return existsSync(stampFile(name)) ? readFileSync(stampFile(name), "utf8") : "";
}

function writeStamp(name, text) {
  mkdirSync(dirname(stampFile(name)), { recursive: true });
  writeFileSync(stampFile(name), text);
}

/** Name, size and time of every file under the given places, as one hash: cheap, and any edit changes it. */
export function fingerprint(places, accept = () => true) {
  const hash = createHash("sha256");
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (name !== "node_modules" && name !== "build") visit(join(path, name));
      }
    } else if (accept(path)) {
      hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
    }
  };
  for (const place of places) visit(place);
  return hash.digest("hex");
}

/** npm ci, when package-lock.json is not the one installed last. */
export async function ensurePackages() {
  const wanted = createHash("sha256")
    .update(readFileSync(at("package-lock.json")))
    .digest("hex");
  if (readStamp("packages") === wanted && existsSync(at("node_modules", "vite"))) return;
  step("installing packages (npm ci)");
  const { code, output } = await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    capture: true,
  });
  if (code !== 0) {
    throw new Refusal(`npm could not install the packages.\n${output.trim()}`);
  }
  writeStamp("packages", wanted);
}

/** make addon; make itself knows what is stale, the stamp saves its start. */
export async function ensureAddon() {
  const print = fingerprint([at("native")], (path) => /\.(cc|h)$|Makefile$/.test(path));
  const built = at("native", "build", "iio_studio.node");
  if (readStamp("addon") === print && existsSync(built)) return;
  step("building the native addon");
  const { code, output } = await run("make", ["-s", "-j2", "-C", "native", "addon"], {
    capture: true,
  });
  if (code !== 0) throw new Refusal(`The native addon could not be built.\n${output.trim()}`);
  writeStamp("addon", print);
}

const SOURCES = ["shared", "electron", "renderer", "native", "package-lock.json"];

/** Vite bundles of the main process, the command line and the window. */
export async function ensureBundles() {
  const print = fingerprint(
    SOURCES.map((name) => at(name)),
    (path) => /\.(ts|vue|css|html|mjs|json|svg)$/.test(path),
  );
  if (readStamp("bundles") === print && existsSync(at("dist", "cli", "cli.js"))) return;
  step("building the bundles");
  const { buildBundles } = await import("./bundles.mjs");
  await buildBundles();
  writeStamp("bundles", print);
}

/** Everything `npm start` needs. */
export async function ensureReady() {
  process.chdir(ROOT);
  checkPrerequisites();
  await ensurePackages();
  await ensureAddon();
  await ensureBundles();
}
