/** What is told of captures one by one, and what is counted only: a trigger may fire as fast as it likes. */
import { expect, it } from "vitest";
import { CaptureLog, CaptureTeller } from "../../electron/host/recordings/capture-log.js";
import type { NativeCapture, NativeRecording } from "../../native/addon.js";
import { CAPTURES_LISTED, CAPTURES_PER_ANSWER } from "../../shared/capture.js";
import { channelsOf, factsOf } from "./sigmf-fixture.js";

const capture = (scan: number): NativeCapture => ({
  ...{ scan, fraction: 0.5, fromScan: scan - 1, toScan: scan + 2 },
  ...{ peak: scan === 0 ? NaN : 1, widthScans: 2, cut: false, timeNs: 5n },
});

function makeTeller() {
  const pending: NativeCapture[] = [];
  const counts = { capturesMissed: 0, capturesUnlisted: 0 };
  const native = {
    captures: () => pending.splice(0),
    status: () => counts,
  } as unknown as NativeRecording;
  const trigger = { trace: { channel: "voltage0", part: "value" }, unit: "V" };
  const run = { number: 3, counters: () => ({ unsummarisedBlocks: 2 }) };
  const log = new CaptureLog({ limit: 9, trigger } as never, run as never, "take");
  const facts = factsOf(channelsOf(["voltage0", "le:s16/16"]), [], { name: "take" });
  return { pending, counts, log, teller: new CaptureTeller(native, facts, log) };
}

it("tells of each once, with the number it has through all parts", () => {
  const { pending, log, teller } = makeTeller();
  pending.push(capture(0), capture(10));
  expect(teller.news()).toMatchObject([
    { kind: "capture", number: 1, scan: 0, peak: null },
    { kind: "capture", number: 2, scan: 10, peak: 1, timeNs: "5" },
  ]);
  expect(teller.news()).toEqual([]);
  expect(log.list(1)).toMatchObject({
    ...{ recording: "take", run: 3, count: 2, limit: 9, from: 1 },
    captures: [{ number: 2, recording: "take", widthSeconds: 0.002 }],
  });
  log.rename("shot");
  expect(log.list(0)).toMatchObject({ recording: "shot", captures: [{ recording: "shot" }, {}] });
});

it("counts what is beyond the list, in one event, however many there are", () => {
  const { pending, counts, log, teller } = makeTeller();
  for (let n = 0; n < CAPTURES_LISTED - 1; n++) pending.push(capture(n));
  expect(teller.news()).toHaveLength(CAPTURES_LISTED - 1);
  for (let n = 0; n < 50; n++) pending.push(capture(n));
  counts.capturesMissed = 4;
  expect(teller.news().map(({ kind }) => kind)).toEqual(["capture", "unlisted", "missed"]);
  counts.capturesUnlisted = 100;
  pending.push(capture(7));
  expect(teller.news()).toEqual([{ kind: "unlisted", count: 150 }]);
  expect(log.status()).toEqual({ count: CAPTURES_LISTED + 150, missed: 4, limit: 9 });
  expect(log.list(0).captures).toHaveLength(CAPTURES_PER_ANSWER);
  expect(log.list(CAPTURES_LISTED - 1).captures).toHaveLength(1);
});

it("has what a journal lacks, since a recorder that has ended takes no more events", () => {
  const { pending, counts, teller } = makeTeller();
  pending.push(capture(0), capture(10));
  counts.capturesMissed = 2;
  const [first, ...rest] = teller.news();
  const journal = { events: [{ sample: 0, timeNs: 0n, json: first }] };
  expect(teller.lacking(journal)).toEqual(rest);
  const whole = { events: [first, ...rest].map((json) => ({ sample: 0, timeNs: 0n, json })) };
  expect(teller.lacking(whole)).toEqual([]);
});
