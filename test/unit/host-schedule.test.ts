/** What would keep a recording that is set for a time from beginning then is refused when it is set. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ADC, makeBench, refusal, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.close());

const startAtMs = Date.now() + 3_600_000;
const set = (more: object) =>
  bench.client.request("recording.schedule", { stream: ADC, startAtMs, ...more });
const bytes = (n: number) => ({ kind: "bytes" as const, bytes: n });

it("needs a scope trigger for captures, and is taken with one", async () => {
  const captures = { beforeSeconds: 0.01, afterSeconds: 0.01 };
  expect(await refusal(set({ captures }))).toMatchObject({
    ...{ code: "BAD_REQUEST", field: "captures" },
    message: "There is no scope trigger to record around. Set one first.",
  });
  const trace = { channel: "voltage1", part: "value" as const };
  const trigger = { trace, edge: "rising" as const, level: 0.1, hysteresis: 0.05, physical: true };
  await bench.client.request("stream.trigger", { stream: ADC, trigger });
  expect(await set({ captures })).toMatchObject({ state: { kind: "waiting" } });
});

it("is refused with parts that do not go into its ring, or a ring that the disk has no room for", async () => {
  expect(await refusal(set({ ring: bytes(1e9), split: bytes(1e9) }))).toMatchObject({
    ...{ code: "BAD_REQUEST", field: "split" },
  });
  expect(await refusal(set({ ring: bytes(1e15) }))).toMatchObject({
    ...{ code: "ENOSPC", field: "ring" },
  });
  expect(await set({ ring: bytes(1e9) })).toMatchObject({ state: { kind: "waiting" } });
});

it("is refused on a full disk", async () => {
  bench.addon.disk.freeBytes = 1e6;
  const { code, message } = await refusal(set({}));
  expect(code).toBe("ENOSPC");
  expect(message).toContain("Free some space, or choose another folder.");
});

it("is refused under a name that a recording has, or that its first part would take, unless it goes on", async () => {
  const folder = join(bench.folder, "recordings");
  mkdirSync(folder, { recursive: true });
  const held = join(folder, "held.sigmf-data");
  const firstPart = join(folder, "parts-part0001.sigmf-data");
  for (const path of [held, firstPart]) writeFileSync(path, "");
  expect(await refusal(set({ name: "held" }))).toMatchObject({
    ...{ code: "EEXIST", field: "name" },
    message: "There is a recording named “held” already. Choose another name.",
  });
  const split = { kind: "seconds" as const, seconds: 1 };
  expect(await refusal(set({ name: "parts", split }))).toMatchObject({
    ...{ code: "EEXIST", field: "name" },
  });
  const { stream } = await bench.client.request("recording.schedule", {
    ...{ stream: ADC, startAtMs, name: "held", resume: true },
  });
  await bench.client.request("recording.unschedule", { stream });
  for (const path of [held, firstPart]) rmSync(path);
  expect(await set({ name: "held" })).toMatchObject({ state: { kind: "waiting" } });
});
