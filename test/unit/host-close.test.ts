/** What a host leaves alone when it opens, and the order in which it closes. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { HashQueue } from "../../electron/host/recordings/hashing.js";
import { ADC, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

it("gives the devices back before it waits for hashes", async () => {
  const { settled } = HashQueue.prototype;
  const openThen: number[] = [];
  vi.spyOn(HashQueue.prototype, "settled").mockImplementation(function (this: HashQueue) {
    openThen.push(bench.addon.open());
    return settled.call(this);
  });
  await bench.client.request("recording.start", { stream: ADC, name: "take", hash: true });
  await bench.next("recording", ({ status }) => status.scans > 1000);
  await bench.host.close();
  expect(openThen).toEqual([0]);
});
