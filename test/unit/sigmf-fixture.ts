/** A small recording for tests: facts, journal, and scans as a device delivers them. */
import type { ChannelInfo, ChannelPair } from "../../shared/device.js";
import { computeLayout } from "../../shared/layout.js";
import { makePair } from "../../shared/pairs.js";
import { parseScanFormat } from "../../shared/parse-format.js";
import type { LayoutElement, ScanLayout } from "../../shared/scan-format.js";
import { planRecording } from "../../shared/sigmf/plan.js";
import type { PlannedOutput, RecordingFacts } from "../../shared/sigmf/types.js";
import { channelUnit } from "../../shared/units.js";
import { parseStem } from "../../shared/names.js";

export function channel(id: string, index: number, type: string): ChannelInfo {
  const stem = parseStem(id);
  const unit = channelUnit(stem.type, stem.modifier);
  return {
    id,
    direction: "in",
    type: stem.type,
    modifier: stem.modifier,
    label: "",
    scan: [{ buffer: 0, index, format: parseScanFormat(type), enabled: true }],
    scale: "0.305175",
    offset: "-2",
    unitFactor: unit.factor,
    unit: unit.display,
    scaled: stem.type !== "timestamp",
  };
}

/** `["voltage0", "le:s16/16"]` in scan order. */
export function channelsOf(...types: [string, string][]): ChannelInfo[] {
  return types.map(([id, type], index) => channel(id, index, type));
}

export function layoutOf(channels: readonly ChannelInfo[]): ScanLayout {
  return computeLayout(
    channels.map(({ id, scan }) => ({
      channel: id,
      index: scan[0]!.index,
      format: scan[0]!.format,
    })),
  );
}

export function pair(channels: readonly ChannelInfo[], i: string, q: string): ChannelPair {
  const find = (id: string) => channels.find((candidate) => candidate.id === id)!;
  return makePair(find(i), find(q), "modifier");
}

export function planOf(
  channels: readonly ChannelInfo[],
  pairs: readonly ChannelPair[] = [],
  raw = false,
) {
  return planRecording({ layout: layoutOf(channels), pairs, raw });
}

/** The files that are planned, a line each: suffix, datatype, channels, and how words come into it. */
export function brief(...of: Parameters<typeof planOf>): string[] {
  return planOf(...of).outputs.map(
    ({ suffix, datatype, numChannels, verbatim, stored }) =>
      `${suffix || "."} ${datatype} ${numChannels}${verbatim ? " as it is" : ""}${stored ? " stored" : ""}`,
  );
}

export function factsOf(
  channels: readonly ChannelInfo[],
  pairs: readonly ChannelPair[] = [],
  more: Partial<RecordingFacts> = {},
): RecordingFacts {
  const layout = layoutOf(channels);
  return {
    formatVersion: 1,
    name: "bench",
    startedAtMs: 1_795_178_467_000,
    note: "20 dB pad",
    recorder: { name: "IIO Studio", version: "0.1.0" },
    device: { id: "local:iio:device0", name: "ad7768", label: "" },
    linked: [],
    facts: {
      hardware: "ZedBoard",
      driver: "ad7768",
      kernel: "Linux 6.12.117",
      uri: "local:",
      timestampClock: "realtime",
    },
    buffer: 0,
    layout,
    channels: [...channels],
    pairs: [...pairs],
    counter: [],
    rateHz: 1000,
    rateSource: "sampling_frequency",
    frequencyHz: null,
    transport: { kind: "dmabuf", heap: "system", directWrites: false, why: "DMABUF works." },
    geometry: { blockCount: 16, queueDepth: 8, payloadBytes: 4096 },
    deviceTrigger: null,
    attributes: [],
    clocks: { monotonicNs: "1000000000", realtimeNs: "1795178467000000000" },
    outputs: planRecording({ layout, pairs }).outputs,
    writer: { pid: 1, startTicks: "2", bootId: "b" },
    hash: true,
    ...more,
  };
}

/** One scan with `value(element, repeat)` in the meaningful bits and rubbish everywhere else. */
export function encodeScan(
  layout: ScanLayout,
  value: (element: number, repeat: number) => bigint,
): Uint8Array {
  const bytes = new Uint8Array(layout.scanBytes).fill(0xee);
  layout.elements.forEach((element, at) => {
    for (let repeat = 0; repeat < element.repeat; repeat++) {
      const mask = (1n << BigInt(element.bits)) - 1n;
      const rubbish = 0xa5a5a5a5a5a5a5a5n & ~(mask << BigInt(element.shift));
      const word = ((value(at, repeat) & mask) << BigInt(element.shift)) | rubbish;
      putWord(bytes, element, repeat, word);
    }
  });
  return bytes;
}

function putWord(bytes: Uint8Array, element: LayoutElement, repeat: number, word: bigint): void {
  const size = element.storageBits / 8;
  const at = element.offsetBytes + repeat * size;
  for (let byte = 0; byte < size; byte++) {
    const place = element.endianness === "le" ? byte : size - 1 - byte;
    bytes[at + place] = Number((word >> BigInt(8 * byte)) & 255n);
  }
}

/** The value of an element in a scan, sign-extended: what `_type` means. */
export function decodeElement(bytes: Uint8Array, element: LayoutElement, repeat: number): bigint {
  const size = element.storageBits / 8;
  const at = element.offsetBytes + repeat * size;
  let word = 0n;
  for (let byte = 0; byte < size; byte++) {
    const place = element.endianness === "le" ? byte : size - 1 - byte;
    word |= BigInt(bytes[at + place]!) << BigInt(8 * byte);
  }
  word >>= BigInt(element.shift);
  return element.kind === "s"
    ? BigInt.asIntN(element.bits, word)
    : BigInt.asUintN(element.bits, word);
}

const WIDTH: Record<string, number> = { i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, f32: 4 };

/** What the native recorder writes for one scan (integers only). */
export function writeScan(layout: ScanLayout, output: PlannedOutput, scan: Uint8Array): Uint8Array {
  if (output.verbatim) return scan;
  const bytes: number[] = [];
  for (const { element, as } of output.elements) {
    const from = layout.elements[element]!;
    if (as === "stored") {
      const size = (from.storageBits / 8) * from.repeat;
      bytes.push(...scan.subarray(from.offsetBytes, from.offsetBytes + size));
      continue;
    }
    for (let repeat = 0; repeat < from.repeat; repeat++) {
      const value = decodeElement(scan, from, repeat);
      const size = WIDTH[as] ?? 8;
      for (let byte = 0; byte < size; byte++)
        bytes.push(Number((value >> BigInt(8 * byte)) & 255n));
    }
  }
  return Uint8Array.from(bytes);
}
