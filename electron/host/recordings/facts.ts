/** What a recording says of where it comes from: the journal's header. */
import type { ChannelInfo, DeviceInfo } from "../../../shared/device.js";
import { formatAttributeName } from "../../../shared/device.js";
import { scalingNumber } from "../../../shared/units.js";
import { planRecording } from "../../../shared/sigmf/plan.js";
import type {
  RecordedAttribute,
  RecordingFacts,
  RecordingMark,
} from "../../../shared/sigmf/types.js";
import { transportInfo } from "../streams/resolve.js";
import type { Run } from "../streams/run.js";
import { bufferOf } from "../streams/settings.js";
import type { CapturePlan } from "./capture-plan.js";

export interface FactsInput {
  name: string;
  note: string;
  /** The recording it goes on from. */
  continues?: string | undefined;
  group?: string | undefined;
  hash: boolean;
  version: string;
  run: Run;
  buffer: number;
  /** As it is now: with the user's labels, links and pairs. */
  device: DeviceInfo;
  /** For the names of those linked. */
  devices: readonly DeviceInfo[];
  clocks: { monotonicNs: bigint; realtimeNs: bigint };
  writer: RecordingFacts["writer"];
  startedAtMs: number;
  marks?: RecordingMark[] | undefined;
  part?: RecordingFacts["part"];
  captures?: CapturePlan | undefined;
  /** Words stay as the device stores them. */
  raw?: boolean | undefined;
  resumed?: RecordingFacts["resumed"] | undefined;
}

export function recordingFacts(input: FactsInput): RecordingFacts {
  const { run, device } = input;
  const { layout, settings, resolved } = run;
  const enabled = new Set(layout.elements.map((element) => element.channel));
  const channels = device.channels.filter((channel) => enabled.has(channel.id));
  const pairs = device.pairs.filter((pair) => enabled.has(pair.i) && enabled.has(pair.q));
  const { rateSource } = resolved;
  const { kind, heap, directWrites, why } = transportInfo(resolved.candidate);
  const { blockCount, queueDepth, payloadBytes } = resolved.geometry;
  const linked = device.links.flatMap(({ device: id, role }) => {
    const other = input.devices.find((one) => one.id === id);
    return other ? [{ id, name: other.name, label: other.label, role }] : [];
  });
  return {
    formatVersion: 1,
    name: input.name,
    startedAtMs: input.startedAtMs,
    note: input.note,
    ...(input.continues ? { continues: input.continues } : {}),
    ...(input.group ? { group: input.group } : {}),
    recorder: { name: "IIO Studio", version: input.version },
    device: { id: device.id, name: device.name, label: device.label },
    linked,
    facts: run.facts,
    buffer: input.buffer,
    layout,
    channels: channels.map(plainChannel),
    pairs,
    counter: settings.counter,
    rateHz: resolved.rateHz,
    ...(resolved.plan.waitsForBlocks ? { waitsForBlocks: true } : {}),
    rateSource: rateSource
      ? `${rateSource.device} ${formatAttributeName(rateSource.scope, rateSource.name)}`
      : "",
    frequencyHz: loFrequency([device, ...input.devices], linked, run.attributes),
    transport: { kind, heap, directWrites, why },
    geometry: { blockCount, queueDepth, payloadBytes },
    deviceTrigger: deviceTrigger(device, input.buffer),
    attributes: run.attributes.map((attribute) => ({ ...attribute })),
    clocks: {
      monotonicNs: input.clocks.monotonicNs.toString(),
      realtimeNs: input.clocks.realtimeNs.toString(),
    },
    outputs: planRecording({ layout, pairs, raw: input.raw ?? false }).outputs,
    writer: input.writer,
    hash: input.hash,
    ...(input.part ? { part: input.part } : {}),
    ...(input.resumed ? { resumed: input.resumed } : {}),
    ...(input.marks?.length ? { marks: input.marks } : {}),
    ...(input.captures ? { captures: capturesOf(input.captures) } : {}),
  };
}

function capturesOf({ native, limit, trigger }: CapturePlan): RecordingFacts["captures"] {
  const { preScans, postScans } = native;
  return { preScans, postScans, limit, trigger };
}

function plainChannel(channel: ChannelInfo): ChannelInfo {
  return { ...channel, scan: channel.scan.filter((element) => element.enabled) };
}

function deviceTrigger(device: DeviceInfo, buffer: number): RecordingFacts["deviceTrigger"] {
  if (!bufferOf(device, buffer)?.needsTrigger || device.currentTrigger === null) return null;
  const trigger = device.triggers.find((one) => one.name === device.currentTrigger);
  return { name: device.currentTrigger, rateHz: trigger?.rateHz ?? null };
}

/**
 * Whether an attribute is the frequency that an LO for receiving runs at: that of RX_LO, else of the first LO. What a
 * linked transmitter has are the tones that it makes.
 */
export function isLoFrequency(
  devices: readonly DeviceInfo[],
  linked: readonly { id: string; role: string }[],
  attribute: Pick<RecordedAttribute, "device" | "scope" | "name">,
): boolean {
  if (attribute.name !== "frequency" || attribute.scope.kind !== "channel") return false;
  if (linked.some(({ id, role }) => id === attribute.device && role === "transmitter"))
    return false;
  const { channel: id } = attribute.scope;
  const los = (devices.find((device) => device.id === attribute.device)?.channels ?? []).filter(
    (channel) => channel.type === "altvoltage" && channel.direction === "out",
  );
  const rx = los.find((lo) => /rx/i.test(`${lo.id} ${lo.label}`)) ?? los[0];
  return rx?.id === id;
}

function loFrequency(
  devices: readonly DeviceInfo[],
  linked: RecordingFacts["linked"],
  attributes: readonly RecordedAttribute[],
): number | null {
  const lo = attributes.find((one) => one.state === "ok" && isLoFrequency(devices, linked, one));
  const hz = lo ? scalingNumber(lo.raw, NaN) : NaN;
  return Number.isFinite(hz) ? hz : null;
}
