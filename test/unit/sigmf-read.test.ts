/** Times of SigMF, and what is read of metadata that other programs wrote. */
import { describe, expect, it } from "vitest";
import { readCollection, readMetadata } from "../../shared/sigmf/read.js";
import { formatDatetime, parseDatetime } from "../../shared/sigmf/time.js";

describe("times", () => {
  it("keep every nanosecond in both directions", () => {
    for (const text of [
      "2026-11-20T12:41:07.123456789Z",
      "2026-11-20T12:41:07.5Z",
      "2026-11-20T12:41:07Z",
      "1969-12-31T23:59:59.999Z",
    ]) {
      const ns = parseDatetime(text)!;
      expect(parseDatetime(formatDatetime(ns))).toBe(ns);
    }
    expect(formatDatetime(1_795_178_467_000_000_000n)).toBe("2026-11-20T12:41:07Z");
    expect(formatDatetime(1_795_178_467_100_000_000n)).toBe("2026-11-20T12:41:07.100Z");
    expect(formatDatetime(1_795_178_467_123_456_789n)).toBe("2026-11-20T12:41:07.123456789Z");
    expect(parseDatetime("2026-11-20T12:41:07+01:00")).toBeNull();
    expect(parseDatetime(7)).toBeNull();
  });
});

describe("metadata of other programs", () => {
  const foreign = (global: object, captures: object[] = [{ "core:sample_start": 0 }]) => ({
    global: { "core:datatype": "cf32_le", "core:version": "1.0.0", ...global },
    captures,
    annotations: [],
  });

  it("open as numbered channels, complex ones as pairs", () => {
    const opened = readMetadata(foreign({ "core:num_channels": 2, "core:sample_rate": 48000 }));
    expect(opened.channels.map((channel) => channel.id)).toEqual([
      "ch0_i",
      "ch0_q",
      "ch1_i",
      "ch1_q",
    ]);
    expect(opened.pairs.map((pair) => pair.label)).toEqual(["ch0", "ch1"]);
    expect(opened.layout).toMatchObject({ scanBytes: 16, timestamp: -1 });
    expect(opened).toMatchObject({ rateHz: 48000, state: null, continuity: null });
    const real = readMetadata(foreign({ "core:datatype": "ru8" }));
    expect(real.channels.map((channel) => channel.id)).toEqual(["ch0"]);
  });

  it("show jumps of the global index as counted gaps", () => {
    const opened = readMetadata(
      foreign({ "core:offset": 1000 }, [
        { "core:sample_start": 1000, "core:header_bytes": 16 },
        { "core:sample_start": 1500, "core:global_index": 2000 },
        { "core:sample_start": 1600, "core:global_index": 7 },
        { "core:sample_start": 1550 },
      ]),
    );
    const beyond = [
      { "core:sample_start": 0 },
      { "core:sample_start": 9, "core:global_index": 1e300 },
    ];
    expect(readMetadata(foreign({}, beyond)).captures[1]).toMatchObject({ scan: 9, gap: null });
    expect(opened.headerBytes).toBe(16);
    expect(
      opened.captures.map(({ sampleStart, scan, gap }) => [sampleStart, scan, gap?.lost]),
    ).toEqual([
      [0, 0, undefined],
      [500, 2000, 1500],
      [600, 2100, undefined],
    ]);
  });

  it("are refused with a sentence when they cannot be read", () => {
    const refusal = (json: unknown) => {
      try {
        readMetadata(json);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(refusal([])).toContain("no SigMF metadata");
    expect(refusal(foreign({ "core:datatype": "ri24_le" }))).toContain('"ri24_le"');
    expect(
      refusal(foreign({}, [{}, { "core:sample_start": 4, "core:header_bytes": 8 }])),
    ).toContain("headers between");
    const many = foreign({ "core:datatype": "ri16_le", "core:num_channels": 4_000_000_000 });
    expect(refusal(many)).toContain("4,000,000,000 values, and at most 1,024 can be read");
    expect(refusal(foreign({ "core:num_channels": 513 }))).toContain("1,026 values");
    const channel = { id: "a", component: "real", format: "le:s16/16>>0" };
    const repeated = [channel, { ...channel, repeat: 2 ** 50 }];
    expect(refusal(foreign({ "core:datatype": "ri16_le", "iio:channels": repeated }))).toContain(
      "Correct repeat in iio:channels",
    );
    expect(() => readCollection({})).toThrow(/no SigMF collection/);
    expect(readMetadata(foreign({}, [])).captures).toHaveLength(1);
  });
});
