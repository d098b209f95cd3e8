/** What the user said about devices (labels, pairs, links), laid over what the context found. Pure. */
import type { ChannelInfo, ChannelPair, DeviceInfo, DeviceLink } from "../../shared/device.js";
import { fail } from "../../shared/errors.js";
import { findPairs, makePair } from "../../shared/pairs.js";
import { sameFormat } from "../../shared/parse-format.js";
import { noteKey } from "./identity.js";
import { findLinkedRate } from "./rate-attribute.js";

export interface DeviceNotes {
  label?: string;
  /** Channel id → label. */
  channels?: Record<string, string>;
  /** Joined by hand, I then Q. */
  pairs?: { i: string; q: string }[];
  /** Ids of pairs recognised by modifier that were parted by hand. */
  parted?: string[];
  /** Identity of the other device → linked or not. */
  links?: Record<string, boolean>;
}

/** Identity of a device (see noteKey) → what the user said about it. */
export type AllNotes = Record<string, DeviceNotes>;

/** The device as everybody sees it. `all`: every device of every context, as their contexts tell them. */
export function overlayDevice(
  device: DeviceInfo,
  all: readonly DeviceInfo[],
  notes: AllNotes,
): DeviceInfo {
  const own = notes[noteKey(device, all, notes)] ?? {};
  const channels = device.channels.map((channel) => {
    const label = own.channels?.[channel.id];
    return label === undefined ? channel : { ...channel, label };
  });
  const shown: DeviceInfo = {
    ...device,
    label: own.label || device.label,
    channels,
    pairs: pairsOf(channels, own),
    links: linksOf(device, all, notes),
  };
  return { ...shown, buffers: shown.buffers.map((buffer) => withLinkedRate(buffer, shown, all)) };
}

function pairsByModifier(channels: readonly ChannelInfo[]): ChannelPair[] {
  const byId = new Map(channels.map((channel) => [channel.id, channel]));
  return findPairs(channels).filter(({ i, q }) => canPair(byId.get(i)!, byId.get(q)!));
}

function pairsOf(channels: readonly ChannelInfo[], notes: DeviceNotes): ChannelPair[] {
  const byUser: ChannelPair[] = [];
  for (const { i: iId, q: qId } of notes.pairs ?? []) {
    const [i, q] = [iId, qId].map((id) => channels.find((channel) => channel.id === id));
    if (i && q && canPair(i, q)) byUser.push(makePair(i, q, "user"));
  }
  const taken = new Set(byUser.flatMap((pair) => [pair.i, pair.q]));
  const byModifier = pairsByModifier(channels).filter(
    (pair) => !notes.parted?.includes(pair.id) && !taken.has(pair.i) && !taken.has(pair.q),
  );
  return [...byModifier, ...byUser];
}

/** Complex needs two elements of one kind in one buffer. */
function canPair(i: ChannelInfo, q: ChannelInfo): boolean {
  return i.scan.some((a) =>
    q.scan.some((b) => a.buffer === b.buffer && sameFormat(a.format, b.format)),
  );
}

function linksOf(device: DeviceInfo, all: readonly DeviceInfo[], notes: AllNotes): DeviceLink[] {
  const self = noteKey(device, all, notes);
  const links: DeviceLink[] = [];
  for (const other of all) {
    if (other.id === device.id) continue;
    const said = notes[self]?.links?.[noteKey(other, all, notes)];
    const proposed = device.links.find((link) => link.device === other.id);
    if (said === false) continue;
    if (proposed) links.push(proposed);
    else if (said) links.push({ device: other.id, role: roleOf(other), origin: "user" });
  }
  return links;
}

function roleOf(device: DeviceInfo): DeviceLink["role"] {
  if (device.buffers.length === 0) return "control";
  return device.buffers.some((buffer) => buffer.direction === "in") ? "receiver" : "transmitter";
}

function withLinkedRate(
  buffer: DeviceInfo["buffers"][number],
  device: DeviceInfo,
  all: readonly DeviceInfo[],
): DeviceInfo["buffers"][number] {
  if (buffer.rate) return buffer;
  const linked = device.links.flatMap((link) => all.find(({ id }) => id === link.device) ?? []);
  const found = findLinkedRate(linked, buffer.direction);
  return found ? { ...buffer, rate: found.address, rateHz: found.rateHz } : buffer;
}

/** `device.pair`: what the notes become. Throws if the two can't be one channel. */
export function notePair(
  device: DeviceInfo,
  notes: DeviceNotes,
  iId: string,
  qId: string,
  action: "join" | "part" | "swap",
): DeviceNotes {
  const [i, q] = [iId, qId].map((id) => device.channels.find((channel) => channel.id === id));
  const field = i ? "q" : "i";
  if (!i || !q) {
    throw fail("NOT_FOUND", `There is no channel ${i ? qId : iId}. Choose one of this device.`, {
      field,
    });
  }
  if (i.id === q.id || !canPair(i, q)) {
    throw fail(
      "BAD_REQUEST",
      `${iId} and ${qId} can't be one complex channel: both must be in one buffer, with the same format.`,
      { field: "q" },
    );
  }
  const involved = (pair: { i: string; q: string }): boolean =>
    [pair.i, pair.q].some((id) => id === i.id || id === q.id);
  const others = (notes.pairs ?? []).filter((pair) => !involved(pair));
  const recognised = pairsByModifier(device.channels).filter(involved);
  if (action === "part") {
    const parted = [...new Set([...(notes.parted ?? []), ...recognised.map((pair) => pair.id)])];
    return { ...notes, pairs: others, parted };
  }
  const wanted = action === "swap" ? { i: q.id, q: i.id } : { i: i.id, q: q.id };
  const parted = (notes.parted ?? []).filter((id) => !recognised.some((pair) => pair.id === id));
  const byItself = recognised.some((pair) => pair.i === wanted.i && pair.q === wanted.q);
  return { ...notes, pairs: byItself ? others : [...others, wanted], parted };
}
