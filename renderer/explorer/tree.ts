/** The explorer's rows, flat and in order: what is seen of contexts, devices, pairs, channels and recordings. */
import type {
  ChannelInfo,
  ChannelPair,
  ContextInfo,
  DeviceId,
  DeviceInfo,
} from "../../shared/device.js";
import type { RecordingEntry } from "../../shared/recording.js";
import { streamId, type StreamId, type StreamInfo } from "../../shared/stream.js";
import { deviceName, shortRecordingName } from "../lib/names.js";
import { bufferChannels, bufferPairs, channelName } from "../lib/traces.js";

interface RowBase {
  /** Stable over changes; the key of what is expanded. */
  key: string;
  /** aria-level, from 1. */
  level: number;
  /** Steps of indentation. */
  indent: number;
  /** undefined: a leaf. */
  expanded?: boolean;
  label: string;
}

export type TreeRow = RowBase &
  (
    | { kind: "context"; context: ContextInfo }
    | {
        kind: "note";
        note: "no-device" | "no-recording" | "no-match" | "unavailable";
        text: string;
      }
    | { kind: "device"; device: DeviceInfo; stream: StreamId | null; linked: boolean }
    | { kind: "buffer"; device: DeviceInfo; stream: StreamId }
    | {
        kind: "pair";
        device: DeviceInfo;
        stream: StreamId;
        pair: ChannelPair;
        index: number;
        on: boolean;
      }
    | { kind: "channel"; device: DeviceInfo; stream: StreamId; channel: ChannelInfo; on: boolean }
    | {
        kind: "recording";
        entry: RecordingEntry;
        device: DeviceInfo | null;
        stream: StreamId | null;
      }
  );

export interface TreeInput {
  contexts: ContextInfo[];
  devices: DeviceInfo[];
  streams: ReadonlyMap<StreamId, StreamInfo>;
  recordings: RecordingEntry[];
  expanded: Readonly<Record<string, boolean>>;
  selected: DeviceId | null;
  filter: string;
}

const matches = (filter: string, ...texts: string[]) => {
  const text = texts.join(" ").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

function deviceMatches(device: DeviceInfo, filter: string): boolean {
  const channels = device.channels.flatMap(({ id, label }) => [id, label]);
  return matches(filter, device.name, device.label, device.detail, ...channels);
}

/** Devices and channels have labels of the user's, recordings names; a pair's follows from its channels. */
export function canRename(row: TreeRow): boolean {
  return row.kind === "device" || row.kind === "channel" || row.kind === "recording";
}

export function channelKey(stream: StreamId, channel: string): string {
  return `${stream} ${channel}`;
}

/** Rows under a device: channels in scan order, those of a pair under the pair. */
function channelRows(device: DeviceInfo, buffer: number, input: TreeInput): TreeRow[] {
  const stream = streamId(device.id, buffer);
  const on = new Set(input.streams.get(stream)?.settings.channels ?? []);
  const pairs = bufferPairs(device, buffer);
  const paired = new Map(
    pairs.flatMap((pair) => [[pair.i, pair] as const, [pair.q, pair] as const]),
  );
  const drawn = new Set<string>();
  const rows: TreeRow[] = [];
  const channels = bufferChannels(device, buffer);
  const row = (channel: ChannelInfo, level: number): TreeRow => ({
    kind: "channel",
    key: channelKey(stream, channel.id),
    level,
    indent: 3,
    label: channelName(channel),
    device,
    stream,
    channel,
    on: on.has(channel.id),
  });
  for (const channel of channels) {
    const pair = paired.get(channel.id);
    if (!pair) {
      rows.push(row(channel, 3));
      continue;
    }
    if (drawn.has(pair.id)) continue;
    drawn.add(pair.id);
    const key = `${stream} ${pair.id}`;
    const members = [pair.i, pair.q].flatMap(
      (id) => channels.find((known) => known.id === id) ?? [],
    );
    const anyOn = members.some(({ id }) => on.has(id));
    const expanded = input.expanded[key] ?? anyOn;
    rows.push({
      kind: "pair",
      key,
      level: 3,
      indent: 2,
      expanded,
      label: pair.label,
      device,
      stream,
      pair,
      index: pairs.indexOf(pair),
      on: anyOn,
    });
    if (expanded) rows.push(...members.map((member) => row(member, 4)));
  }
  return rows;
}

function underDevice(device: DeviceInfo, input: TreeInput): TreeRow[] {
  const buffers = device.buffers.filter(({ direction }) => direction === "in");
  if (buffers.length < 2) return buffers.flatMap(({ index }) => channelRows(device, index, input));
  return buffers.flatMap(({ index }) => {
    const stream = streamId(device.id, index);
    const key = `${stream}`;
    const expanded = input.expanded[key] ?? true;
    const row: TreeRow = {
      kind: "buffer",
      key,
      level: 3,
      indent: 2,
      expanded,
      label: `buffer${index}`,
      device,
      stream,
    };
    return expanded ? [row, ...channelRows(device, index, input)] : [row];
  });
}

function deviceRows(device: DeviceInfo, linkedTo: Set<DeviceId>, input: TreeInput): TreeRow[] {
  const input0 = device.buffers.find(({ direction }) => direction === "in");
  const children = underDevice(device, input);
  const expanded =
    input.expanded[device.id] ?? (device.id === input.selected || input.filter !== "");
  const row: TreeRow = {
    kind: "device",
    key: device.id,
    level: 2,
    indent: 1,
    ...(children.length > 0 ? { expanded } : {}),
    label: deviceName(device),
    device,
    stream: input0 ? streamId(device.id, input0.index) : null,
    linked: !input0 && linkedTo.has(device.id),
  };
  return children.length > 0 && expanded ? [row, ...children] : [row];
}

function recordingRows(context: ContextInfo, input: TreeInput): TreeRow[] {
  const entries = input.recordings.filter(({ name, label, note }) =>
    matches(input.filter, name, shortRecordingName(name), label, note),
  );
  return entries.flatMap((entry) => {
    const device = input.devices.find(({ id }) => id === entry.device) ?? null;
    const buffer = device?.buffers[0];
    const children = device ? underDevice(device, input) : [];
    const expanded = input.expanded[entry.device] ?? entry.device === input.selected;
    const row: TreeRow = {
      kind: "recording",
      key: entry.device,
      level: 2,
      indent: 1,
      ...(children.length > 0 ? { expanded } : {}),
      label: shortRecordingName(entry.name),
      entry,
      device,
      stream: device && buffer ? streamId(device.id, buffer.index) : null,
    };
    return children.length > 0 && expanded ? [row, ...children] : [row];
  });
}

function note(
  context: ContextInfo,
  kind: Extract<TreeRow, { kind: "note" }>["note"],
  text: string,
): TreeRow {
  return {
    kind: "note",
    key: `${context.id} note`,
    level: 2,
    indent: 1,
    label: text,
    note: kind,
    text,
  };
}

function underContext(context: ContextInfo, input: TreeInput): TreeRow[] {
  if (context.state.kind === "unavailable") {
    return [note(context, "unavailable", context.state.error.message)];
  }
  if (context.kind === "recordings") {
    const rows = recordingRows(context, input);
    if (rows.length > 0) return rows;
    return input.filter
      ? []
      : [note(context, "no-recording", "None yet. R records what is running.")];
  }
  const own = input.devices.filter((device) => device.context === context.id);
  const linkedTo = new Set(own.flatMap(({ links }) => links.map(({ device }) => device)));
  const fitting = own.filter((device) => deviceMatches(device, input.filter));
  if (own.length === 0 && context.kind === "local") {
    const text = "No IIO device yet. One that is plugged in appears here by itself.";
    return input.filter ? [] : [note(context, "no-device", text)];
  }
  return fitting.flatMap((device) => deviceRows(device, linkedTo, input));
}

export function buildTree(input: TreeInput): TreeRow[] {
  const rows = input.contexts.flatMap((context): TreeRow[] => {
    const children = underContext(context, input);
    if (input.filter && children.length === 0) return [];
    const key = `context ${context.id}`;
    const expanded = input.expanded[key] ?? true;
    const row: TreeRow = {
      kind: "context",
      key,
      level: 1,
      indent: 0,
      expanded,
      label: context.label,
      context,
    };
    return expanded ? [row, ...children] : [row];
  });
  if (rows.length > 0 || !input.filter) return rows;
  const text = `Nothing is called “${input.filter}”.`;
  return [
    { kind: "note", key: "no match", level: 1, indent: 0, label: text, note: "no-match", text },
  ];
}

/** The row the keyboard goes to from `at`, or null: a tree's arrow keys. */
export function neighbour(rows: TreeRow[], at: number, key: string): number | null {
  const focusable = (index: number) => rows[index] !== undefined && rows[index].kind !== "note";
  const walk = (from: number, by: 1 | -1): number | null => {
    for (let index = from; index >= 0 && index < rows.length; index += by) {
      if (focusable(index)) return index;
    }
    return null;
  };
  switch (key) {
    case "ArrowDown":
      return walk(at + 1, 1);
    case "ArrowUp":
      return walk(at - 1, -1);
    case "Home":
      return walk(0, 1);
    case "End":
      return walk(rows.length - 1, -1);
    default:
      return null;
  }
}

/** The row above with a lower level. */
export function parentOf(rows: TreeRow[], at: number): number | null {
  const level = rows[at]?.level ?? 1;
  for (let index = at - 1; index >= 0; index--) {
    if (rows[index]!.level < level) return index;
  }
  return null;
}
