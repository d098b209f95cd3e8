/** A recording opened: its files as stores, and what they say as a device. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Addon, NativeCaptures, NativeFileStore } from "../../../native/addon.js";
import { parseAttributeName } from "../../../shared/attributes.js";
import type { AttributeInfo, AttributeValue, DeviceInfo } from "../../../shared/device.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { JOURNAL_CAUSES, JOURNAL_GRADES } from "../../../shared/journal.js";
import { toNumericLayout } from "../../../shared/layout.js";
import { describeScanFormat } from "../../../shared/parse-format.js";
import { readMetadata, type OpenedRecording } from "../../../shared/sigmf/read.js";
import { memberNames } from "./members.js";
import { checkName, COLLECTION, DATA, INDEX, META } from "./names.js";

/** One data file. */
export interface OpenedFile {
  recording: OpenedRecording;
  store: NativeFileStore;
  /** It holds nothing but the device's times of the scans. */
  timestamps: boolean;
}

export interface OpenedSet {
  name: string;
  files: OpenedFile[];
  timestampClock: string;
}

/** Opens every data file of a recording; leaves none open if one can't be. */
export async function openRecording(
  addon: Addon,
  folder: string,
  name: string,
): Promise<OpenedSet> {
  checkName(name);
  const members = await membersOf(folder, name);
  const files: OpenedFile[] = [];
  let timestampClock = "";
  try {
    for (const member of members) {
      const json: unknown = JSON.parse(await readText(join(folder, member + META), name));
      const recording = readMetadata(json);
      const { global } = json as { global: Record<string, unknown> };
      const clock = global["iio:timestamp_clock"];
      if (typeof clock === "string") timestampClock = clock;
      const store = await addon.openFile({
        path: join(folder, member + DATA),
        headerBytes: recording.headerBytes,
        layout: toNumericLayout(recording.layout),
        rateHz: recording.rateHz ?? 0,
        captures: captureColumns(recording.captures),
        firstTimeNs: recording.captures[0]?.realtimeNs ?? -1n,
        indexPath: join(folder, member + INDEX),
      });
      const [first] = recording.layout.elements;
      const timestamps = recording.layout.elements.length === 1 && first?.channel === "timestamp";
      files.push({ recording, store, timestamps });
    }
  } catch (error) {
    for (const { store } of files) await store.close();
    throw error instanceof SyntaxError ? unreadable(name, error) : error;
  }
  return { name, files, timestampClock };
}

async function membersOf(folder: string, name: string): Promise<string[]> {
  const text = await readFile(join(folder, name + COLLECTION), "utf8").catch(() => null);
  try {
    return memberNames(name, text === null ? undefined : JSON.parse(text));
  } catch (error) {
    throw toStudioError(error).code === "IN_PARTS" ? error : unreadable(name, error);
  }
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      throw fail("NOT_FOUND", `There is no recording named “${name}” in the folder. Look again.`, {
        field: "name",
        path,
      });
    }
    throw error;
  }
}

function unreadable(name: string, error: unknown): Error {
  return fail(
    "BAD_RECORDING",
    `The metadata of “${name}” can't be read: ${toStudioError(error).message}. Mend or remove the file.`,
    { field: "name" },
  );
}

function captureColumns(captures: OpenedRecording["captures"]): NativeCaptures {
  const numbers = (of: (capture: (typeof captures)[number]) => number): Float64Array =>
    Float64Array.from(captures, of);
  return {
    scan: numbers(({ scan }) => scan),
    sample: numbers(({ sampleStart }) => sampleStart),
    lost: numbers(({ gap }) => gap?.lost ?? 0),
    lostMin: numbers(({ gap }) => gap?.lostMin ?? 0),
    lostMax: numbers(({ gap }) => (gap ? (gap.lostMax ?? -1) : 0)),
    grade: Uint8Array.from(captures, ({ gap }) => JOURNAL_GRADES.indexOf(gap?.grade ?? "exact")),
    cause: Uint8Array.from(captures, ({ gap }) => JOURNAL_CAUSES.indexOf(gap?.cause ?? "overrun")),
    timeNs: BigInt64Array.from(captures, ({ realtimeNs }) => realtimeNs ?? -1n),
  };
}

export function openedDevice(set: OpenedSet): DeviceInfo {
  const recordings = set.files.map((file) => file.recording);
  const [first] = recordings as [OpenedRecording];
  const channels = recordings
    .flatMap((recording) => recording.channels)
    .map((channel, index) => ({
      ...channel,
      scan: channel.scan.map((element) => ({ ...element, index })),
    }));
  const format = first.layout.elements[0];
  return {
    id: `rec:${set.name}`,
    context: "rec",
    name: set.name,
    label: set.name,
    detail: [
      format ? describeScanFormat(format) : "",
      `${channels.filter((channel) => channel.id !== "timestamp").length} ch`,
    ]
      .filter(Boolean)
      .join(", "),
    presence: "present",
    channels,
    pairs: recordings.flatMap((recording) => recording.pairs),
    buffers: [
      {
        index: 0,
        direction: "in",
        transport: "replay",
        why: "Read from its files, as it was recorded.",
        dmabuf: { state: "unknown", reason: "A recording has no kernel buffer." },
        read: { state: "unknown", reason: "A recording has no kernel buffer." },
        heaps: [],
        lengthAlignBytes: 1,
        needsTrigger: false,
        rate: null,
        rateHz: first.rateHz,
      },
    ],
    attributes: openedAttributes(recordings),
    links: [],
    triggers: [],
    currentTrigger: null,
  };
}

/** As they were at the start; those of linked devices carry the device's name before theirs. */
function openedAttributes(recordings: readonly OpenedRecording[]): AttributeInfo[] {
  const all = recordings.find((recording) => recording.attributes.length > 0)?.attributes ?? [];
  const own = all[0]?.device;
  return all.map(({ device, deviceName, name, value, unit, notRead }) => {
    const parsed = parseAttributeName(name);
    const place =
      device === own && parsed
        ? parsed
        : { scope: { kind: "device" } as const, name: `${deviceName} ${name}` };
    return {
      ...place,
      access: "read",
      control: "text",
      available: { kind: "any" },
      unit,
      value: value === null ? notRecorded(notRead) : { state: "ok", raw: value, readAtMs: 0 },
    };
  });
}

function notRecorded(why: string): AttributeValue {
  const message = why || "It was not read when the recording began.";
  return { state: "failed", error: { code: "NOT_READ", message } };
}
