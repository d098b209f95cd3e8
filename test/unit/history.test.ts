/** What of a stream's past is there without a hole. */
import { expect, it } from "vitest";
import { unbrokenFrom } from "../../renderer/lib/history.js";
import type { BlockState, StreamCounters, StreamInfo } from "../../shared/stream.js";

const info = { geometry: { scansPerBlock: 100 } } as StreamInfo;
const counters = { historyFromScan: 1000, historyToScan: 9000 } as StreamCounters;
const blocks = (counts: Partial<Record<BlockState, number>>) =>
  ({ history: 0, held: 0, pinned: 0, ...counts }) as Record<BlockState, number>;

it("begins with the history where nothing is pinned", () => {
  expect(unbrokenFrom(counters, info, blocks({ history: 80 }))).toBe(1000);
  expect(unbrokenFrom(counters, info, null)).toBe(1000);
});

it("begins behind the hole that pinned blocks leave after them", () => {
  expect(unbrokenFrom(counters, info, blocks({ history: 7, held: 3, pinned: 40 }))).toBe(8000);
});

it("never begins before the history", () => {
  expect(unbrokenFrom(counters, info, blocks({ history: 200, pinned: 1 }))).toBe(1000);
});
