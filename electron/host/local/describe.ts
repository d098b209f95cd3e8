/** From a snapshot to what the device is: channels, attributes and where each attribute's file lies. Pure. */
import {
  attributeUnit,
  chooseControl,
  parseAttributeNumber,
  parseAvailable,
} from "../../../shared/attributes.js";
import type {
  AttributeAvailable,
  AttributeInfo,
  AttributeScope,
  ChannelInfo,
  ScanElement,
} from "../../../shared/device.js";
import { channelIds, sortAttributeFiles } from "../../../shared/names.js";
import type { FoundChannel } from "../../../shared/names.js";
import { describeScanFormat, parseScanFormat } from "../../../shared/parse-format.js";
import type { ScanFormat } from "../../../shared/scan-format.js";
import { channelUnit } from "../../../shared/units.js";
import { readable, writable } from "./snapshot.js";
import type { BufferSnapshot, DeviceSnapshot, ScanFiles } from "./snapshot.js";
import type { SysfsEntry } from "./sysfs.js";

/** An attribute and its file. Several attributes may share one file (shared by type). */
export interface LocalAttribute {
  info: AttributeInfo;
  path: string;
}

/** A channel's element in one buffer, with the files that switch it. */
export interface LocalElement {
  channel: string;
  files: ScanFiles;
}

export interface DeviceDescription {
  name: string;
  label: string;
  channels: ChannelInfo[];
  attributes: LocalAttribute[];
  /** By buffer index. */
  elements: Map<number, LocalElement[]>;
  /** Sentences about scan elements that can't be used. */
  faults: string[];
}

/** Clocks of `current_timestamp_clock` (industrialio-core.c). */
const CLOCKS =
  "realtime monotonic monotonic_raw realtime_coarse monotonic_coarse boottime tai".split(" ");

export function describeDevice(snapshot: DeviceSnapshot, nowMs: number): DeviceDescription {
  const { dir, texts } = snapshot;
  const names = snapshot.files.map((entry) => entry.name);
  const attributeNames = names.filter((name) => !/(_available|_label)$/.test(name));
  const labels = names.filter((name) => /_label$/.test(name));
  const scanStems = snapshot.buffers.flatMap((buffer) => buffer.scan);
  const sorted = sortAttributeFiles([...attributeNames, ...labels].sort(byName), scanStems);
  sorted.channels.sort(inScanOrder(snapshot));
  const ids = channelIds(sorted.channels);
  const describe = new AttributeMaker(snapshot, nowMs);

  const faults: string[] = [];
  const channels: ChannelInfo[] = [];
  const attributes: LocalAttribute[] = sorted.device.map((file) =>
    describe.make({ kind: "device" }, file, `${dir}/${file}`, file, null),
  );
  sorted.channels.forEach((found, at) => {
    const id = ids[at]!;
    const channel = describeChannel(snapshot, found, id, faults);
    channels.push(channel);
    for (const { file, attribute } of found.attributes) {
      if (attribute === "label") continue;
      const scope: AttributeScope = { kind: "channel", channel: id };
      attributes.push(describe.make(scope, attribute, `${dir}/${file}`, file, found));
    }
  });
  for (const buffer of snapshot.buffers) attributes.push(...describe.bufferAttributes(buffer));
  return {
    name: texts.get(`${dir}/name`) ?? snapshot.sysName,
    label: texts.get(`${dir}/label`) ?? "",
    channels,
    attributes: attributes.filter(firstOfItsName()),
    elements: elementsOf(snapshot, sorted.channels, ids),
    faults,
  };
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** As they stand in a scan; channels without an element behind, by name. sysfs itself has no order. */
function inScanOrder(snapshot: DeviceSnapshot): (a: FoundChannel, b: FoundChannel) => number {
  const rank = new Map<string, number>();
  for (const buffer of snapshot.buffers) {
    for (const scan of buffer.scan) {
      const index = Number(snapshot.texts.get(scan.index) ?? 0);
      rank.set(`${scan.direction}_${scan.stem}`, buffer.index * 10_000 + index);
    }
  }
  const key = ({ direction, stem }: FoundChannel) => `${direction}_${stem.stem}`;
  const of = (channel: FoundChannel) => rank.get(key(channel)) ?? Infinity;
  return (a, b) => {
    const [first, second] = [of(a), of(b)];
    return first === second ? byName(key(a), key(b)) : first - second;
  };
}

/** A name that is there as the channel's own and as shared by type: the channel's own came first. */
function firstOfItsName(): (attribute: LocalAttribute) => boolean {
  const seen = new Set<string>();
  return ({ info }) => {
    const key = JSON.stringify([info.scope, info.name]);
    return !seen.has(key) && Boolean(seen.add(key));
  };
}

function describeChannel(
  snapshot: DeviceSnapshot,
  found: FoundChannel,
  id: string,
  faults: string[],
): ChannelInfo {
  const { stem, direction } = found;
  const unit = channelUnit(stem.type, stem.modifier);
  const text = (attribute: string) => {
    const owned = found.attributes.find((a) => a.attribute === attribute && !a.shared);
    const file = owned ?? found.attributes.find((a) => a.attribute === attribute);
    return (file && snapshot.texts.get(`${snapshot.dir}/${file.file}`)) ?? "";
  };
  const scale = text("scale");
  const offset = text("offset");
  return {
    id,
    direction,
    type: stem.type,
    modifier: stem.modifier,
    label: text("label"),
    scan: scanElements(snapshot, found, faults),
    scale: parseAttributeNumber(scale)?.text ?? "",
    offset: parseAttributeNumber(offset)?.text ?? "",
    unitFactor: unit.factor,
    unit: unit.display,
    scaled: parseAttributeNumber(scale) !== null,
  };
}

function scanElements(
  snapshot: DeviceSnapshot,
  found: FoundChannel,
  faults: string[],
): ScanElement[] {
  const elements: ScanElement[] = [];
  for (const buffer of snapshot.buffers) {
    const files = buffer.scan.find(
      (scan) => scan.direction === found.direction && scan.stem === found.stem.stem,
    );
    if (!files) continue;
    const format = formatOf(snapshot.texts.get(files.type), faults);
    if (!format) continue;
    elements.push({
      buffer: buffer.index,
      index: Number(snapshot.texts.get(files.index) ?? 0),
      format,
      enabled: snapshot.texts.get(files.en)?.trim() === "1",
    });
  }
  return elements;
}

function formatOf(text: string | undefined, faults: string[]): ScanFormat | null {
  try {
    return text === undefined ? null : parseScanFormat(text);
  } catch (error) {
    faults.push((error as Error).message);
    return null;
  }
}

function elementsOf(
  snapshot: DeviceSnapshot,
  channels: readonly FoundChannel[],
  ids: readonly string[],
): Map<number, LocalElement[]> {
  const idOf = new Map(
    channels.map(({ direction, stem }, at) => [`${direction}_${stem.stem}`, ids[at]!]),
  );
  return new Map(
    snapshot.buffers.map((buffer) => [
      buffer.index,
      buffer.scan.map((files) => ({
        channel: idOf.get(`${files.direction}_${files.stem}`) ?? files.stem,
        files,
      })),
    ]),
  );
}

class AttributeMaker {
  private readonly entries: Map<string, SysfsEntry>;

  constructor(
    private readonly snapshot: DeviceSnapshot,
    private readonly nowMs: number,
  ) {
    this.entries = new Map(snapshot.files.map((entry) => [entry.name, entry]));
  }

  make(
    scope: AttributeScope,
    name: string,
    path: string,
    file: string,
    channel: FoundChannel | null,
  ): LocalAttribute {
    const available = this.available(availableFiles(file, name, channel), this.snapshot.dir, name);
    return this.finish(scope, name, path, this.entries.get(file)!, available, channel);
  }

  bufferAttributes(buffer: BufferSnapshot): LocalAttribute[] {
    // The stream itself writes `enable`: nobody else should.
    const hidden = /^(enable|direction)$|_available$/;
    return buffer.files
      .filter((entry) => !hidden.test(entry.name))
      .sort((a, b) => byName(a.name, b.name))
      .map((entry) => {
        const available = this.available([`${entry.name}_available`], buffer.dir, entry.name);
        const scope: AttributeScope = { kind: "buffer", buffer: buffer.index };
        const path = `${buffer.dir}/${entry.name}`;
        return this.finish(scope, entry.name, path, entry, available, null);
      });
  }

  private available(files: string[], dir: string, name: string): AttributeAvailable {
    if (name === "current_timestamp_clock") return { kind: "list", values: CLOCKS };
    for (const file of files) {
      const text = this.snapshot.texts.get(`${dir}/${file}`);
      if (text !== undefined) return parseAvailable(text);
    }
    return { kind: "any" };
  }

  private finish(
    scope: AttributeScope,
    name: string,
    path: string,
    entry: SysfsEntry,
    available: AttributeAvailable,
    channel: FoundChannel | null,
  ): LocalAttribute {
    const raw = this.snapshot.texts.get(path);
    const info: AttributeInfo = {
      scope,
      name,
      access: !readable(entry) ? "write" : writable(entry) ? "read-write" : "read",
      control: chooseControl(name, raw, available),
      available,
      unit: attributeUnit(name, channel?.stem ?? null, raw),
      value: raw === undefined ? { state: "unread" } : { state: "ok", raw, readAtMs: this.nowMs },
    };
    return { info, path };
  }
}

/** The most particular first: of the channel, of its number, of its type, of its direction, of the device. */
function availableFiles(file: string, name: string, channel: FoundChannel | null): string[] {
  const files = [`${file}_available`];
  if (channel) {
    const { stem, direction } = channel;
    const numbered = /^[a-z]+\d*(?:-[a-z]+\d*)?/.exec(stem.stem)?.[0] ?? stem.type;
    const type = stem.stem.includes("-") ? `${stem.type}-${stem.type}` : stem.type;
    for (const owner of [stem.stem, numbered, type, stem.type])
      files.push(`${direction}_${owner}_${name}_available`);
    files.push(`${direction}_${name}_available`, `${name}_available`);
  }
  return [...new Set(files)];
}

/** Quiet text beside the name: `16-bit, 4 ch`, `12-bit in 16 I/Q`, `3 axes`. */
export function deviceDetail(channels: readonly ChannelInfo[], bufferCount: number): string {
  const scanned = channels.filter(
    (channel) => channel.scan.length > 0 && channel.type !== "timestamp",
  );
  if (bufferCount === 0) return "no buffer";
  if (scanned.length === 0) return "no scan elements";
  const formats = new Set(scanned.map((channel) => describeScanFormat(channel.scan[0]!.format)));
  const bits = formats.size === 1 ? `${[...formats][0]!}, ` : "";
  const complex = scanned.filter((channel) => channel.modifier === "i").length;
  const axes = scanned.every((channel) => /^[xyz]$/.test(channel.modifier));
  if (complex > 0 && complex * 2 === scanned.length) {
    return `${bits.replace(/, $/, "")} I/Q${complex > 1 ? ` × ${complex}` : ""}`.trim();
  }
  if (axes) return `${bits}${scanned.length} axes`;
  return `${bits}${scanned.length} ch`;
}
