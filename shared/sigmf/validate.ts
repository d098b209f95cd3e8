/**
 * SigMF's rules: the published schemas, and what the specification says beyond them. One sentence per fault; none means
 * that any program that reads SigMF may expect to read this.
 */
import collectionSchema from "./sigmf-collection-schema.json" with { type: "json" };
import metadataSchema from "./sigmf-schema.json" with { type: "json" };
import { parseDatatype } from "./datatype.js";
import { schemaFaults } from "./schema.js";
import type { Schema } from "./schema.js";
import { isObject, number, objects } from "./fields.js";
import { HASH_PENDING } from "./metadata.js";
import { parseDatetime } from "./time.js";
import type { SigmfObject } from "./types.js";

const HEX512 = /^[0-9a-fA-F]{128}$/;

/** Faults of a `.sigmf-meta`; `name` is its base name and begins each sentence. */
export function metadataFaults(json: unknown, name: string): string[] {
  const faults = schemaFaults(metadataSchema as unknown as Schema, json, name);
  if (!isObject(json) || !isObject(json["global"])) return faults;
  const global = json["global"];
  const captures = objects(json["captures"]);
  const annotations = objects(json["annotations"]);
  faults.push(
    ...globalFaults(global, name),
    ...captureFaults(captures, name),
    ...annotationFaults(annotations, name),
    ...namespaceFaults(global, [global, ...captures, ...annotations], name),
    ...ownFaults(global, name),
  );
  return [...new Set(faults)];
}

function globalFaults(global: SigmfObject, name: string): string[] {
  const faults: string[] = [];
  const datatype = global["core:datatype"];
  if (typeof datatype === "string" && !parseDatatype(datatype))
    faults.push(`${name}: core:datatype "${datatype}" is not a datatype of SigMF.`);
  const version = global["core:version"];
  if (typeof version === "string" && !/^\d+\.\d+\.\d+$/.test(version))
    faults.push(`${name}: core:version "${version}" does not read like 1.2.5.`);
  const hash = global["core:sha512"];
  if (typeof hash === "string" && !HEX512.test(hash))
    faults.push(`${name}: core:sha512 is not 128 hexadecimal digits.`);
  return faults;
}

function captureFaults(captures: SigmfObject[], name: string): string[] {
  const faults: string[] = [];
  let before: { sample: number; index: number | null } | null = null;
  captures.forEach((capture, at) => {
    const sample = number(capture["core:sample_start"]);
    const index = number(capture["core:global_index"]);
    const where = `${name}: captures[${at}]`;
    if (before && sample !== null && sample <= before.sample)
      faults.push(`${where} begins at sample ${sample}, which is not after the one before.`);
    if (before && sample !== null && index !== null && before.index !== null) {
      const least = before.index + (sample - before.sample);
      if (index < least)
        faults.push(`${where} has core:global_index ${index}, less than the ${least} before it.`);
    }
    const datetime = capture["core:datetime"];
    if (datetime !== undefined && parseDatetime(datetime) === null)
      faults.push(`${where} has a core:datetime that is not an RFC 3339 time ending in Z.`);
    if (sample !== null) before = { sample, index };
  });
  return faults;
}

function annotationFaults(annotations: SigmfObject[], name: string): string[] {
  const faults: string[] = [];
  let last = -1;
  annotations.forEach((annotation, at) => {
    const where = `${name}: annotations[${at}]`;
    const sample = number(annotation["core:sample_start"]);
    if (sample !== null && sample < last)
      faults.push(`${where} begins at sample ${sample}, before the one that stands before it.`);
    if (sample !== null) last = sample;
    if ("core:freq_lower_edge" in annotation !== "core:freq_upper_edge" in annotation)
      faults.push(`${where} has only one of the two frequency edges.`);
  });
  return faults;
}

/** Fields of our extension whose value can be wrong by itself (docs/iio.sigmf-ext.md). */
function ownFaults(global: SigmfObject, name: string): string[] {
  const faults: string[] = [];
  const continues = global["iio:continues"];
  if (continues !== undefined && !isBaseName(continues))
    faults.push(`${name}: iio:continues is not the base name of a recording.`);
  else if (
    continues !== undefined &&
    (continues === name || continues === global["core:collection"])
  )
    faults.push(`${name}: iio:continues names the recording itself.`);
  const bits = parseDatatype(String(global["core:datatype"]))?.bits ?? 0;
  for (const { id, stored } of objects(global["iio:channels"])) {
    if (!isObject(stored)) continue;
    const used = (number(stored["bits"]) ?? 0) + (number(stored["shift"]) ?? 0);
    if (number(stored["storage_bits"]) !== bits || used > bits)
      faults.push(
        `${name}: "stored" of channel ${String(id)} does not fit a datatype of ${bits} bits.`,
      );
  }
  const pending = global[HASH_PENDING];
  if (pending !== undefined && pending !== true)
    faults.push(`${name}: ${HASH_PENDING} is either true or left out.`);
  if (pending === true && "core:sha512" in global)
    faults.push(`${name}: ${HASH_PENDING} stands beside a core:sha512, so one of them is wrong.`);
  return faults;
}

function isBaseName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !/[/\\]/.test(value);
}

/** Every namespace used must be declared; names of fields hold letters, digits and `_`. */
function namespaceFaults(global: SigmfObject, all: SigmfObject[], name: string): string[] {
  const declared = new Set(["core"]);
  for (const extension of objects(global["core:extensions"]))
    if (typeof extension["name"] === "string") declared.add(extension["name"]);
  const faults = new Set<string>();
  for (const key of new Set(all.flatMap((object) => Object.keys(object)))) {
    const match = /^([A-Za-z0-9_-]+):([A-Za-z0-9_]+)$/.exec(key);
    if (!match) faults.add(`${name}: the field "${key}" is not of the form namespace:name.`);
    else if (!declared.has(match[1]!))
      faults.add(`${name}: the namespace "${match[1]}" is used but not in core:extensions.`);
  }
  return [...faults];
}

/**
 * Faults of a `.sigmf-collection`. The published schema asks for arrays in core:streams where the specification's text,
 * its example and its reference library have objects with name and hash: that one rule of the schema is left out.
 */
export function collectionFaults(json: unknown, name: string): string[] {
  const faults = schemaFaults(withoutStreamRule(), json, name);
  if (!isObject(json) || !isObject(json["collection"])) return faults;
  const collection = json["collection"];
  if (Object.keys(json).length > 1)
    faults.push(`${name}: "collection" must be the only object at the top.`);
  const streams = collection["core:streams"];
  if (!Array.isArray(streams) || streams.length === 0)
    return [...faults, `${name}: core:streams names no recording.`];
  const names = new Set<unknown>();
  streams.forEach((stream: unknown, at) => {
    const where = `${name}: core:streams[${at}]`;
    if (!isObject(stream) || typeof stream["name"] !== "string" || stream["name"] === "") {
      faults.push(`${where} has no name.`);
      return;
    }
    if (typeof stream["hash"] !== "string" || !HEX512.test(stream["hash"]))
      faults.push(`${where} has no SHA-512 of its metadata file.`);
    if (names.has(stream["name"])) faults.push(`${where} names ${stream["name"]} again.`);
    names.add(stream["name"]);
  });
  return faults;
}

function withoutStreamRule(): Schema {
  const schema = structuredCopy(collectionSchema) as unknown as Schema;
  delete schema.properties?.["collection"]?.properties?.["core:streams"]?.items;
  return schema;
}

function structuredCopy(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
