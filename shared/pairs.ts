/** I/Q pairs: two channels seen as one complex channel. */
import type { ChannelInfo, ChannelPair } from "./device.js";

/** `voltage0_i+voltage0_q`. Channel names hold no plus (quaternion modifiers that do are no I/Q). */
export function pairId(i: string, q: string): string {
  return `${i}+${q}`;
}

/** The two channels of a pair id, or null if it is a plain channel's. */
export function splitPairId(id: string): { i: string; q: string } | null {
  const match = /^([^+]+)\+([^+]+)$/.exec(id);
  return match && !match[1]!.includes("(") ? { i: match[1]!, q: match[2]! } : null;
}

/** Pairs proposed by modifier: `…_i` with `…_q` of the same direction, both of them scan elements. */
export function findPairs(
  channels: readonly Pick<ChannelInfo, "id" | "direction" | "modifier" | "label" | "scan">[],
): ChannelPair[] {
  const pairs: ChannelPair[] = [];
  for (const i of channels) {
    if (i.modifier !== "i" || i.scan.length === 0) continue;
    const wanted = counterpart(i.id);
    const q = channels.find(
      (other) =>
        other.id === wanted &&
        other.direction === i.direction &&
        other.modifier === "q" &&
        other.scan.some((element) => i.scan.some((own) => own.buffer === element.buffer)),
    );
    if (q) pairs.push(makePair(i, q, "modifier"));
  }
  return pairs;
}

export function makePair(
  i: Pick<ChannelInfo, "id" | "label">,
  q: Pick<ChannelInfo, "id" | "label">,
  origin: ChannelPair["origin"],
): ChannelPair {
  return {
    id: pairId(i.id, q.id),
    i: i.id,
    q: q.id,
    label: pairLabel(i.label || i.id, q.label || q.id),
    origin,
  };
}

/** What both names share (`voltage0_i`, `voltage0_q` → `voltage0`), else `a + jb`. */
function pairLabel(i: string, q: string): string {
  const [a, b] = [i.replace(/[ _]?i$/i, ""), q.replace(/[ _]?q$/i, "")];
  return a === b && a !== "" ? a : `${i} + j ${q}`;
}

function counterpart(id: string): string {
  return id.replace(/_i(?=$|_)/, "_q");
}
