/** The rules that metadata keep to, held against the published schema. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { buildMetadata } from "../../shared/sigmf/metadata.js";
import { collectionFaults, metadataFaults } from "../../shared/sigmf/validate.js";
import metadataSchema from "../../shared/sigmf/sigmf-schema.json" with { type: "json" };
import { factsOf } from "./sigmf-fixture.js";
import { adc, complete, estimated, journal } from "./sigmf-journal.js";

describe("SigMF's rules", () => {
  const good = () => {
    const facts = factsOf(adc);
    return structuredClone(buildMetadata(facts, facts.outputs[0]!, complete(journal(estimated))));
  };
  const ajv = new Ajv2020({ strict: false, unicodeRegExp: false, validateFormats: false });
  const published = ajv.compile(metadataSchema);
  const broken: [string, (meta: ReturnType<typeof good>) => void, RegExp][] = [
    ["no datatype", (m) => delete m.global["core:datatype"], /lacks core:datatype/],
    ["a rate of 0", (m) => (m.global["core:sample_rate"] = 0), /at least 1, but is 0/],
    ["a rate of text", (m) => (m.global["core:sample_rate"] = "1"), /must be a number/],
    ["half a sample", (m) => (m.captures[0]!["core:sample_start"] = 0.5), /must be an integer/],
    ["no sample", (m) => delete m.captures[1]!["core:sample_start"], /captures\[1\] lacks/],
    ["an extra object", (m) => Object.assign(m, { extra: {} }), /holds extra/],
    ["a short hash", (m) => (m.global["core:sha512"] = "ab"), /core:sha512/],
    [
      "four keys",
      (m) => Object.assign(m.global, { "core:extensions": [{ name: "iio" }] }),
      /lacks/,
    ],
    ["an odd type", (m) => (m.global["core:datatype"] = "i16"), /not what SigMF allows/],
    ["no version", (m) => (m.global["core:version"] = "1"), /core:version/],
    ["a negative index", (m) => (m.captures[0]!["core:global_index"] = -1), /at least 0/],
  ];
  it.each(broken)("are broken by %s, as the published schema finds too", (_, breakIt, sentence) => {
    const meta = good();
    expect(published(meta)).toBe(true);
    breakIt(meta);
    expect(published(meta)).toBe(false);
    expect(metadataFaults(meta, "bench").join("\n")).toMatch(sentence);
  });

  const stricter: [string, (meta: ReturnType<typeof good>) => void, RegExp][] = [
    ["a type with a tail", (m) => (m.global["core:datatype"] = "ri16_le_x"), /not a datatype/],
    ["a type without order", (m) => (m.global["core:datatype"] = "ri16"), /not a datatype/],
    ["unsorted captures", (m) => m.captures.reverse(), /not after the one before/],
    [
      "a shrinking index",
      (m) => (m.captures[1]!["core:global_index"] = 5050),
      /less than the 5100/,
    ],
    [
      "a local time",
      (m) => (m.captures[0]!["core:datetime"] = "2026-11-20T12:41:07+01:00"),
      /in Z/,
    ],
    ["a namespace nobody declared", (m) => (m.global["abc:x"] = 1), /"abc" is used/],
    ["a field without namespace", (m) => (m.global["x"] = 1), /form namespace:name/],
    [
      "half a band",
      (m) => m.annotations.push({ "core:sample_start": 1, "core:freq_lower_edge": 1 }),
      /one of the two frequency edges/,
    ],
    [
      "unsorted annotations",
      (m) => m.annotations.push({ "core:sample_start": 9 }, { "core:sample_start": 1 }),
      /annotations\[1\]/,
    ],
  ];
  it.each(stricter)("are broken by %s, which the schema lets pass", (_, breakIt, sentence) => {
    const meta = good();
    breakIt(meta);
    expect(published(meta)).toBe(true);
    expect(metadataFaults(meta, "bench").join("\n")).toMatch(sentence);
  });

  it("hold for collections: objects with a name and a hash, each once", () => {
    const of = (...streams: unknown[]) =>
      collectionFaults(
        { collection: { "core:version": "1.2.5", "core:streams": streams } },
        "c",
      ).join("\n");
    const hash = "0f".repeat(64);
    expect(of({ name: "a", hash })).toBe("");
    expect(of({ name: "a", hash }, { name: "a", hash })).toMatch(/names a again/);
    expect(of({ name: "a", hash: "0f" })).toMatch(/no SHA-512/);
    expect(of(["a", hash])).toMatch(/has no name/);
    expect(of()).toMatch(/names no recording/);
    expect(collectionFaults({ collection: {} }, "c").join()).toMatch(/lacks core:version/);
    expect(collectionFaults([], "c")).toHaveLength(1);
  });
});
