// Brings a checkout up to date: packages, addon, bundles. Each step does nothing when nothing changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPrerequisites } from "./prerequisites.mjs";
import { CACHE, ROOT } from "./paths.mjs";
import { run } from "./run.mjs";
import { Refusal, step } from "./say.mjs";

/** The checkout, its stamps and what runs programs; tests give others. */
const HERE = { root: ROOT, cache: CACHE, exec: run };

/** Does a step unless its stamp is of `print` and all it made is there. What was cut off is done again. */
async function renew({ root, cache }, name, print, makes, work) {
  const folder = join(cache, "stamps");
  const file = join(folder, name);
  const stamp = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (stamp === print && makes.every((made) => existsSync(join(root, made)))) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, "");
  await work();
  writeFileSync(file, print);
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
export async function ensurePackages(here = HERE) {
  const wanted = createHash("sha256")
    .update(readFileSync(join(here.root, "package-lock.json")))
    .digest("hex");
  await renew(here, "packages", wanted, ["node_modules/vite"], async () => {
    step("installing packages (npm ci)");
    const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
    const { code, output } = await here.exec("npm", args, { capture: true, cwd: here.root });
    if (code !== 0) throw new Refusal(`npm could not install the packages.\n${output.trim()}`);
  });
}

/** make addon; make itself knows what is stale, the stamp saves its start. */
export async function ensureAddon(here = HERE) {
  const print = fingerprint([join(here.root, "native")], (path) =>
    /\.(cc|h)$|Makefile$/.test(path),
  );
  await renew(here, "addon", print, ["native/build/iio_studio.node"], async () => {
    step("building the native addon");
    const args = ["-s", "-j2", "-C", "native", "addon"];
    const { code, output } = await here.exec("make", args, { capture: true, cwd: here.root });
    if (code !== 0) throw new Refusal(`The native addon could not be built.\n${output.trim()}`);
  });
}

const SOURCES = ["shared", "electron", "renderer", "native", "package-lock.json"];

/** What the bundles are begun at; one that is missing is as good as stale. */
const BUNDLES = [
  "dist/cli/cli.js",
  "dist/main/main.js",
  "dist/preload/preload.cjs",
  "dist/renderer/index.html",
];

const buildAll = async () => (await import("./bundles.mjs")).buildBundles();

/** Vite bundles of the main process, the command line and the window. */
export async function ensureBundles(here = HERE, build = buildAll) {
  const print = fingerprint(
    SOURCES.map((name) => join(here.root, name)),
    (path) => /\.(ts|vue|css|html|mjs|json|svg)$/.test(path),
  );
  await renew(here, "bundles", print, BUNDLES, async () => {
    step("building the bundles");
    await build();
  });
}

/** Everything `npm start` needs. */
export async function ensureReady() {
  process.chdir(ROOT);
  checkPrerequisites();
  await ensurePackages();
  await ensureAddon();
  await ensureBundles();
}
