/** Builders for the believable devices of the fake host. */
import { chooseControl } from "../../shared/attributes.js";
import type {
  AttributeAvailable,
  AttributeInfo,
  AttributeScope,
  BufferInfo,
  ChannelInfo,
  DeviceInfo,
} from "../../shared/device.js";
import type { ScanFormat } from "../../shared/scan-format.js";
import { channelUnit } from "../../shared/units.js";

export const DEVICE: AttributeScope = { kind: "device" };
export const channelScope = (channel: string): AttributeScope => ({ kind: "channel", channel });

interface AttributeMore {
  unit?: string;
  access?: AttributeInfo["access"];
  list?: string[];
  range?: [string, string, string];
}

export function attribute(
  scope: AttributeScope,
  name: string,
  raw: string,
  more: AttributeMore = {},
): AttributeInfo {
  const available: AttributeAvailable = more.list
    ? { kind: "list", values: more.list }
    : more.range
      ? { kind: "range", min: more.range[0], step: more.range[1], max: more.range[2] }
      : { kind: "any" };
  return {
    scope,
    name,
    access: more.access ?? "read-write",
    control: chooseControl(name, raw, available),
    available,
    unit: more.unit ?? "",
    value: { state: "ok", raw, readAtMs: 0 },
  };
}

export const S16: ScanFormat = {
  endianness: "le",
  kind: "s",
  bits: 16,
  storageBits: 16,
  repeat: 1,
  shift: 0,
};
export const S64: ScanFormat = { ...S16, bits: 64, storageBits: 64 };

export function channel(
  index: number,
  id: string,
  type: string,
  more: Partial<ChannelInfo> & { format?: ScanFormat; enabled?: boolean } = {},
): ChannelInfo {
  const unit = channelUnit(type);
  const { format = S16, enabled = true, ...rest } = more;
  return {
    id,
    direction: "in",
    type,
    modifier: "",
    label: "",
    scan: [{ buffer: 0, index, format, enabled }],
    scale: "1",
    offset: "0",
    unitFactor: unit.factor,
    unit: unit.display,
    scaled: true,
    ...rest,
  };
}

export function inputBuffer(more: Partial<BufferInfo>): BufferInfo {
  return {
    index: 0,
    direction: "in",
    transport: "dmabuf",
    why: "",
    dmabuf: { state: "yes" },
    read: { state: "yes" },
    heaps: [],
    lengthAlignBytes: 1,
    needsTrigger: false,
    rate: null,
    rateHz: null,
    ...more,
  };
}

export function device(
  context: string,
  id: string,
  name: string,
  more: Partial<DeviceInfo>,
): DeviceInfo {
  return {
    id,
    context,
    name,
    label: "",
    detail: "",
    presence: "present",
    channels: [],
    pairs: [],
    buffers: [],
    attributes: [],
    links: [],
    triggers: [],
    currentTrigger: null,
    ...more,
  };
}
