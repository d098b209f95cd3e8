/** A change that needs a restart goes on in a new recording, which says so in its metadata. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { ADC, makeBench, type Bench } from "./fake/host.js";

let bench: Bench;
beforeEach(async () => {
  bench = await makeBench();
});
afterEach(() => bench.close());

const request: Bench["client"]["request"] = (name, params) => bench.client.request(name, params);
const file = (name: string) => join(bench.folder, "recordings", name);
const continues = (name: string) =>
  (
    JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as {
      global: Record<string, unknown>;
    }
  ).global["iio:continues"];
const progressed = () =>
  bench.next("recording", ({ status }) => status.scans > 5000 && status.state.kind === "recording");
const record = async () => {
  await request("recording.start", { stream: ADC, name: "first", hash: false });
  await progressed();
};
/** Changes the blocks, and answers the name of the recording that goes on. */
const goOn = async (blockCount: number): Promise<string> => {
  const patch = { blockCount };
  const { recording } = await request("stream.configure", {
    stream: ADC,
    patch,
    continueRecording: true,
  });
  await progressed();
  return recording ?? "";
};

describe("a recording that goes on after a restart", () => {
  it("names the one before it from its first metadata on; one that begins by itself names none", async () => {
    await record();
    const second = await goOn(16);
    expect(continues(second)).toBe("first");
    const third = await goOn(32);
    const { name } = await request("recording.stop", { stream: ADC });
    expect(name).toBe(third);
    expect([continues("first"), continues(second), continues(third)]).toEqual([
      undefined,
      "first",
      second,
    ]);
    for (const each of ["first", second, third])
      expect((await verifyRecording(file(each))).faults).toEqual([]);

    await request("recording.start", { stream: ADC, name: "apart", hash: false });
    await progressed();
    await request("recording.stop", { stream: ADC });
    expect(continues("apart")).toBeUndefined();
    const { file: opened } = await request("recording.open", { name: third });
    expect(opened?.how.continues).toBe(second);
  });

  it("names it by the name it got at its end", async () => {
    await record();
    await request("recording.annotate", { name: "first", newName: "warm-up" });
    expect(continues(await goOn(16))).toBe("warm-up");
  });

  it("learns a name that is given to the one before it afterwards, whether it runs or has ended", async () => {
    await record();
    const second = await goOn(16);
    await request("recording.annotate", { name: "first", newName: "warm-up" });
    await expect.poll(() => continues(second), { timeout: 10_000 }).toBe("warm-up");
    await request("recording.stop", { stream: ADC });
    expect(continues(second)).toBe("warm-up");
    await request("recording.annotate", { name: "warm-up", newName: "cold" });
    expect(continues(second)).toBe("cold");
    await request("recording.annotate", { name: second, newName: "hot" });
    expect(continues("hot")).toBe("cold");
    expect((await verifyRecording(file("hot"))).faults).toEqual([]);
  });
});
