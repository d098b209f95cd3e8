// Where things are, for the scripts that run before anything is built. Plain JavaScript without dependencies.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { homedir } from "node:os";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const at = (...parts) => join(ROOT, ...parts);
export const CACHE = at(".cache");

/** Our own folder in the user's cache (a failed download is remembered there, the browser's profile lives there). */
export function userCache() {
  return join(process.env.XDG_CACHE_HOME || join(homedir() || "/tmp", ".cache"), "iio-studio");
}
