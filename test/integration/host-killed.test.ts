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
import { checkUnbroken } from "./counted.js";

let cli: CliBundle;
let folder: string;

beforeAll(async () => {
  cli = await bundleCli();
  folder = cli.folder;
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function startRecording(base: string, more: string[] = []): ChildProcess {
  const args = ["record", "sim:adc", "--out", base, "--set", "counter_mode=1", "--no-hash"];
  return cli.start([...args, "--channels", "voltage0", ...more], { stdio: "ignore" });
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

  it("is whole in all of its parts, and its collection names them", async () => {
    const where = join(folder, "parts");
    mkdirSync(where);
    const base = join(where, "cut");
    const child = startRecording(base, ["--split-time", "0.5"]);
    const third = `${base}-part0003.sigmf-data`;
    await expect
      .poll(() => existsSync(third) && statSync(third).size, { timeout: 30_000 })
      .toBeGreaterThan(200_000);
    child.kill("SIGKILL");
    await once(child, "exit");
    const bench = await makeBench({ addon: loadAddon() as FakeAddon, recordingsFolder: where });
    const list = [...bench.hello.recordings.list].sort((a, b) => (a.name < b.name ? -1 : 1));
    await bench.close();
    const names = list.map(({ name }) => name);
    expect(names).toEqual(names.map((_, n) => `cut-part000${n + 1}`));
    expect(list.at(-1)!.state).toBe("recovered");
    expect(list[0]!.state).toBe("complete");
    const { first, samples, end, lost } = checkUnbroken(names.map((name) => join(where, name)));
    expect(first).toBe(0);
    expect(end).toBe(samples + lost);
    expect((await verifyRecording(base)).faults).toEqual([]);
  });

  it("is not touched by another program while it still runs", async () => {
    const where = join(folder, "alive");
    mkdirSync(where);
    const base = join(where, "going");
    const child = startRecording(base);
    const data = `${base}.sigmf-data`;
    await expect
      .poll(() => existsSync(data) && statSync(data).size, { timeout: 30_000 })
      .toBeGreaterThan(0);
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
