// Which packages `npm run dist` makes, and how it ends.
import { Refusal } from "./say.mjs";

const KNOWN = ["dir", "deb", "AppImage"];

/** Those asked for; without, all. */
export function readTargets(argv) {
  const unknown = argv.find((target) => !KNOWN.includes(target));
  if (unknown) throw new Refusal(`There is no target "${unknown}". Known: ${KNOWN.join(", ")}.`, 2);
  return argv.length > 0 ? argv : KNOWN;
}

/** Of what was asked for all must come; unasked it is enough that something does: not every machine has the tools. */
export function distStatus(argv, targets, failed) {
  const most = argv.length > 0 ? 0 : targets.length - 1;
  return failed.length <= most ? 0 : 1;
}
