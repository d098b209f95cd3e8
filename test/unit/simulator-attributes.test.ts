import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADC, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const raw = {
  device: "sim:adc",
  scope: { kind: "channel" as const, channel: "voltage0" },
  name: "raw",
};

describe("raw attributes of the simulator", () => {
  it("stand in a recording as they were read before the buffer ran", async () => {
    await request("recording.start", { stream: ADC, name: "take", scans: 1000, hash: false });
    await bench.next("recording.ended");
    const path = join(bench.folder, "recordings", "take.sigmf-meta");
    const meta = JSON.parse(readFileSync(path, "utf8")) as {
      global: { "iio:attributes": { name: string; value?: string; not_read?: string }[] };
    };
    const raws = meta.global["iio:attributes"].filter(({ name }) => name.endsWith("raw"));
    expect(raws.length).toBeGreaterThan(0);
    for (const { value, not_read } of raws) {
      expect(not_read).toBeUndefined();
      expect(value).toMatch(/^-?\d+$/);
    }
  });

  it("can't be read while the buffer runs, as a device refuses it", async () => {
    expect((await request("attribute.read", raw)).state).toBe("ok");
    await request("stream.start", { stream: ADC });
    const value = await request("attribute.read", raw);
    expect(value).toMatchObject({ state: "failed", error: { code: "EBUSY" } });
    await request("stream.stop", { stream: ADC });
    expect((await request("attribute.read", raw)).state).toBe("ok");
  });
});
