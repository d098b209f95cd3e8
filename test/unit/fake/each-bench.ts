/** A bench for each test of a file, of which nothing may be left open behind it. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import { trackDisposables } from "../../../electron/host/disposable.js";
import { makeBench, type Bench } from "./host.js";

/** The bench of the test that runs. */
export let bench: Bench;

export const request: Bench["client"]["request"] = (name, params) =>
  bench.client.request(name, params);

/** To be called once in a file; `prepare` is done in each new bench. */
export function benchForEach(prepare?: () => Promise<unknown>): void {
  let leaks: () => string[];
  beforeEach(async () => {
    leaks = trackDisposables();
    bench = await makeBench();
    await prepare?.();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await bench.close();
    expect(bench.addon.open()).toBe(0);
    expect(leaks()).toEqual([]);
  });
}
