/** What metadata say of how a recording came about: the settings of the device, the transport, the blocks. */
import { attributeUnit, parseAttributeName } from "../attributes.js";
import { parseStem } from "../names.js";
import type { RecordedHow } from "../recording.js";
import { count, isObject, objects, positive, text } from "./fields.js";
import type { SigmfObject } from "./types.js";

/** An attribute at the start: `name` as the command line has it. */
export interface ReadAttribute {
  device: string;
  deviceName: string;
  name: string;
  /** null if it was not read. */
  value: string | null;
  unit: string;
  /** Why there is no value, or "". */
  notRead: string;
}

export function readAttributes(value: unknown): ReadAttribute[] {
  return objects(value).map((entry) => {
    const name = text(entry["name"]);
    const raw = typeof entry["value"] === "string" ? entry["value"] : null;
    return {
      device: text(entry["device"]),
      deviceName: text(entry["device_name"]),
      name,
      value: raw,
      unit: text(entry["unit"]) || unitByName(name, raw ?? ""),
      notRead: text(entry["not_read"]),
    };
  });
}

/** Older recordings state no unit: what the ABI says of such a name. */
function unitByName(name: string, raw: string): string {
  const parsed = parseAttributeName(name);
  if (!parsed) return "";
  const { scope } = parsed;
  const channel = scope.kind === "channel" ? parseStem(scope.channel.replace(/^out_/, "")) : null;
  return attributeUnit(parsed.name, channel, raw);
}

/** Fields that are not there are null or "". */
export function readHow(global: SigmfObject): RecordedHow {
  const transport = isObject(global["iio:transport"]) ? global["iio:transport"] : {};
  const block = isObject(global["iio:block"]) ? global["iio:block"] : {};
  return {
    transport: text(transport["path"]),
    heap: text(transport["heap"]),
    why: text(transport["reason"]),
    blockBytes: count(block["bytes"]),
    blockCount: count(block["count"]),
    queuedBlocks: count(block["queued"]),
    rateMeasuredHz: positive(global["iio:sample_rate_measured"]),
    continues: text(global["iio:continues"]),
  };
}
