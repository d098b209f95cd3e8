/** Programs that are killed while they record: the next start finds, completes and marks what they left. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { loadAddon } from "../../native/load.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { makeBench } from "../unit/fake/host.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  folder = cli.folder;
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function startRecording(base: string): ChildProcess {
  const args = ["record", "sim:adc", "--out", base, "--set", "counter_mode=1", "--no-hash"];
  return cli.start([...args, "--channels", "voltage0"], { stdio: "ignore" });
}

describe("a recording whose program was killed", () => {
  it("is whole up to a moment before, sample by sample, and marked as recovered", async () => {
    for (const [n, atLeast] of [100_000, 700_000].entries()) {
      const where = join(folder, `run${n}`);
      mkdirSync(where);
      const base = join(where, "cut");
      const child = startRecording(base);
      const data = `${base}.sigmf-data`;
      await expect
        .poll(() => (existsSync(data) ? statSync(data).size : 0), { timeout: 30_000 })
        .toBeGreaterThan(atLeast);
      const before = statSync(data).size;
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(existsSync(`${base}.sigmf-meta`)).toBe(true);

      const bench = await makeBench({ addon: loadAddon() as FakeAddon, recordingsFolder: where });
      const [entry] = bench.hello.recordings.list;
      expect(entry).toMatchObject({ name: "cut", state: "recovered" });
      await bench.close();
      const bytes = readFileSync(data);
      expect(bytes.length).toBeGreaterThanOrEqual(before - 1_000_000);
      const samples = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
      let wrong = 0;
      for (let at = 0; at < samples.length; at++) if (samples[at] !== at % 65_536) wrong++;
      expect(wrong).toBe(0);
      expect((await verifyRecording(base)).faults).toEqual([]);
    }
  });

  it("is not touched by another program while it still runs", async () => {
    const where = join(folder, "alive");
    mkdirSync(where);
    const base = join(where, "going");
    const child = startRecording(base);
    await expect.poll(() => existsSync(`${base}.sigmf-meta`), { timeout: 30_000 }).toBe(true);
    const bench = await makeBench({ addon: loadAddon() as FakeAddon, recordingsFolder: where });
    expect(bench.hello.recordings.list).toMatchObject([{ name: "going", state: "recording" }]);
    await bench.close();
    child.kill("SIGINT");
    const [status] = (await once(child, "exit")) as [number];
    expect(status).toBe(0);
    const verdict = await verifyRecording(base);
    expect(verdict.faults).toEqual([]);
    const meta = JSON.parse(readFileSync(`${base}.sigmf-meta`, "utf8")) as {
      global: Record<string, unknown>;
    };
    expect(meta.global["iio:state"]).toBe("complete");
  });
});
