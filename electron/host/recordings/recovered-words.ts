/** What the user reads of a recording that was cut off and is whole again. */
import { basename } from "node:path";
import { formatCount } from "../../../shared/figures.js";
import type { Recovered } from "./recovery.js";

export function recoveredWords({ recording, samples, unjournaled, asides }: Recovered): string {
  const whole = `“${recording.name}” was cut off when the program or the machine stopped. Its ${formatCount(samples)} scans are whole; open it as any other.`;
  const last =
    unjournaled > 0
      ? ` Of the last ${formatCount(unjournaled)} nothing is known but themselves: what was lost before them can't be told.`
      : "";
  const aside =
    asides.length > 0
      ? ` The bytes of a scan that was being written are kept in ${asides.map((path) => basename(path)).join(", ")}.`
      : "";
  return whole + last + aside;
}
