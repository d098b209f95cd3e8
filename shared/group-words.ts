/** What a group's timing says, in sentences. */
import { formatSi, formatSignificant, MINUS } from "./figures.js";
import type { GroupMember } from "./group.js";

/** One sentence for each recording behind the first, and one on what the samples of all are to one another. */
export function groupLines(members: readonly GroupMember[], sharedClock: boolean): string[] {
  const [first, ...others] = members;
  if (!first) return [];
  const lines = others.map((member) => memberLine(member, first.name));
  if (others.length === 0) return lines;
  if (!sharedClock) {
    return [
      ...lines,
      "Which samples belong together is not said: each device has a clock of its own, as far as anybody told.",
    ];
  }
  return [...lines, ...others.map((member) => offsetLine(member, first.name))];
}

/** `take-rx: begins 1.20 ms after take-adc (± 42 µs), its clock runs 3.1 ppm faster (± 0.6 ppm).` */
function memberLine(member: GroupMember, first: string): string {
  const { startSkewSeconds: skew, driftPpm: drift } = member;
  const begins =
    skew === null
      ? `when it began against ${first} is not known`
      : `begins ${formatSi(Math.abs(skew), "s", 3)} ${skew < 0 ? "before" : "after"} ${first}${within(member.startSkewUncertaintySeconds, "s")}`;
  const sure = member.driftUncertaintyPpm;
  const runs =
    drift === null
      ? "how fast its clock runs against it is not known"
      : sure !== null && Math.abs(drift) <= sure
        ? `its clock was not seen to run at another rate${within(sure, "ppm")}`
        : `its clock runs ${ppm(Math.abs(drift))} ${drift < 0 ? "slower" : "faster"}${within(member.driftUncertaintyPpm, "ppm")}`;
  return `${member.name}: ${begins}, ${runs}.`;
}

function within(uncertainty: number | null, unit: "s" | "ppm"): string {
  if (uncertainty === null) return "";
  return ` (± ${unit === "s" ? formatSi(uncertainty, "s", 2) : ppm(uncertainty)})`;
}

/** No finer than clocks keep. */
const FINEST_PPM = 0.001;
const ppm = (value: number): string =>
  `${formatSignificant(Math.max(value, FINEST_PPM), 2, { most: 3 })} ppm`;

function offsetLine({ name, offsetSamples, rateHz }: GroupMember, first: string): string {
  if (offsetSamples === null) {
    const why =
      rateHz === null ? "no rate is known" : "the times are not sure enough, or the rates differ";
    return `${name}: which of its samples belongs to one of ${first} can't be told: ${why}.`;
  }
  const signed = `${offsetSamples < 0 ? MINUS : "+"} ${Math.abs(offsetSamples)}`;
  return `${name}: its sample n belongs to sample n ${signed} of ${first}, if they share a clock as you said.`;
}
