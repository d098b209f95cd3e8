/** What tests of streams ask of their bench. */
import { bench, request } from "./each-bench.js";
import { ADC } from "./host.js";
import type { FakeStream } from "./stream.js";

export const newest = (): FakeStream => bench.addon.streams.at(-1) as FakeStream;

export const frame = (channel: string, more: object = {}) =>
  request("view.frame", {
    stream: ADC,
    traces: [{ channel, part: "value" }],
    range: { kind: "follow", scans: 20_000 },
    columns: 500,
    physical: true,
    ...more,
  });

export const running = (least = 40_000) =>
  bench.next("stream.progress", ({ counters }) => counters.scans >= least);
