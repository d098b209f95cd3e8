/** What a user of this installation types: a clone has npm's scripts, an installed program its own name. */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Installation {
  /** Opens the studio. */
  start: string;
  /** Before the name of a command: `devices`, `serve --url`. */
  command: string;
}

/**
 * `own`: the folder of the bundle, or of this file: either is two below a clone, which has the launcher. `program`: how
 * the running script was named; a link into a clone that is called iio-studio is that program.
 */
export function findInstallation(
  own = dirname(fileURLToPath(import.meta.url)),
  program = process.argv[1] ?? "",
): Installation {
  const launcher = join(own, "..", "..", "electron", "launch", "cli.mjs");
  return existsSync(launcher) && basename(program) !== "iio-studio"
    ? { start: "npm start", command: "npm run --silent cli --" }
    : { start: "iio-studio", command: "iio-studio" };
}
