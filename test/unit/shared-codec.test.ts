import { describe, expect, it } from "vitest";
import { decodeMessage, encodeMessage, hasArrays, MessageSplitter } from "../../shared/codec.js";

const message = {
  kind: "reply",
  id: 3,
  result: {
    name: "µ",
    y: new Float64Array([1.5, NaN, -0]),
    times: new BigInt64Array([2n ** 62n]),
    parts: [{ bytes: new Uint8Array([1, 2, 3]) }, { bytes: new Uint8Array(0) }],
  },
};

describe("messages as bytes", () => {
  it("come back with the same values and arrays that own their buffers", () => {
    const back = decodeMessage(encodeMessage(message)) as typeof message;
    expect(back).toEqual(message);
    expect(back.result.y.byteOffset).toBe(0);
    expect(back.result.y.buffer.byteLength).toBe(24);
  });

  it("take only the viewed part of a larger buffer", () => {
    const whole = new Float64Array([1, 2, 3, 4]);
    const bytes = encodeMessage({ y: whole.subarray(1, 3) });
    expect((decodeMessage(bytes) as { y: Float64Array }).y).toEqual(new Float64Array([2, 3]));
  });

  it("are cut out of a stream whatever the size of its chunks", () => {
    const bytes = encodeMessage(message);
    const twice = new Uint8Array(bytes.byteLength * 2);
    twice.set(bytes);
    twice.set(bytes, bytes.byteLength);
    for (const size of [1, 7, 16, 64, 1000]) {
      const splitter = new MessageSplitter();
      const out: unknown[] = [];
      for (let at = 0; at < twice.byteLength; at += size) {
        out.push(...splitter.push(twice.slice(at, at + size)));
      }
      expect(out).toEqual([message, message]);
    }
  });

  it("refuse garbage instead of waiting for it to end", () => {
    expect(() => new MessageSplitter().push(new Uint8Array(64).fill(0x41))).toThrow(RangeError);
  });

  it("tell whether they hold arrays", () => {
    expect(hasArrays(message)).toBe(true);
    expect(hasArrays({ a: [1, { b: "x" }], c: null })).toBe(false);
  });
});
