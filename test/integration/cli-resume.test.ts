/** Recordings that go on after their program was killed, from the command line; and the unit for systemd in the docs. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArguments } from "../../electron/cli/arguments.js";
import { readPlan, recordOn } from "../../electron/cli/commands/record.js";
import type { Output } from "../../electron/cli/output.js";
import { loadAddon } from "../../native/load.js";
import type { FakeAddon } from "../unit/fake/addon.js";
import { ADC, makeBench } from "../unit/fake/host.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;
beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);
afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

const counted = ["--channels", "voltage0", "--set", "counter_mode=1", "--no-hash", "--no-check"];
const sizeOf = (path: string) => (existsSync(path) ? statSync(path).size : 0);
const grows = (data: string, beyond: number) =>
  expect.poll(() => sizeOf(data), { timeout: 30_000 }).toBeGreaterThan(beyond);

interface Part {
  first: number;
  samples: number;
  gap: string | undefined;
  seconds: number | null | undefined;
  state: unknown;
}

/** Each sample is the number of its scan since its run began, in 16 bits. */
function checkPart(base: string, from: number | null): Part {
  const { global, captures } = JSON.parse(readFileSync(`${base}.sigmf-meta`, "utf8")) as {
    global: Record<string, unknown>;
    captures: Record<string, never>[];
  };
  const bytes = readFileSync(`${base}.sigmf-data`);
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const first = words[0]!;
  if (from !== null) expect(first).toBe(from & 0xffff);
  expect(words.findIndex((word, at) => word !== ((first + at) & 0xffff))).toBe(-1);
  return {
    first: captures[0]!["core:global_index"]!,
    samples: words.length,
    gap: captures[0]!["iio:gap_cause"],
    seconds: captures[0]!["iio:gap_seconds"],
    state: global["iio:state"],
  };
}

describe("record --resume", () => {
  it("goes on after a kill at any moment, with every sample in its place, and ends by SIGTERM", async () => {
    const where = join(cli.folder, "killed");
    mkdirSync(where);
    const base = join(where, "take");
    const record = (...more: string[]) =>
      cli.start(["record", "sim:adc", "--out", base, "--resume", ...counted, ...more], {
        stdio: "ignore",
      });
    for (const number of [1, 2]) {
      const child = record();
      const ended = once(child, "exit");
      await grows(`${base}-part000${number}.sigmf-data`, 300_000);
      child.kill("SIGKILL");
      await ended;
    }
    const last = record();
    const ended = once(last, "exit");
    await grows(`${base}-part0003.sigmf-data`, 300_000);
    last.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    let end = 0;
    for (const number of [1, 2, 3]) {
      const part = checkPart(`${base}-part000${number}`, 0);
      expect(part.first).toBe(end);
      expect(part.gap).toBe(number === 1 ? undefined : "resumed");
      expect(part.state).toBe(number === 3 ? "complete" : "recovered");
      if (number > 1) expect(part.seconds).toBeGreaterThan(0);
      end += part.samples;
    }
    const { code, stdout } = await cli.run(["verify", base]);
    expect({ code, stdout }).toMatchObject({ code: 0 });
  }, 120_000);

  it("goes on through parts of its own, and behind one that lay ready", async () => {
    const where = join(cli.folder, "split");
    mkdirSync(where);
    const base = join(where, "take");
    const record = ["record", "sim:adc", "--out", base, "--resume", ...counted];
    const child = cli.start([...record, "--split-time", "0.4"], { stdio: "ignore" });
    const ended = once(child, "exit");
    await grows(`${base}-part0002.sigmf-data`, 100_000);
    child.kill("SIGKILL");
    await ended;
    const { code, stdout } = await cli.run([
      ...[...record, "--split-time", "0.4", "--seconds", "3", "--json"],
    ]);
    expect(code).toBe(0);
    const { parts, resumed } = JSON.parse(stdout) as {
      parts: string[];
      resumed: { from: string }[];
    };
    expect(resumed).toHaveLength(1);
    expect(existsSync(join(where, `${resumed[0]!.from}.sigmf-data`))).toBe(true);
    let from = 0;
    for (const name of parts) from += checkPart(join(where, name), from).samples;
    expect((await cli.run(["verify", base])).code).toBe(0);
    // All parts hold the three seconds together: nothing is left.
    const again = await cli.run([...record, "--seconds", "3"]);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain("holds the 3 s that it was to hold already");
  }, 120_000);

  it("goes on when the device comes back, in the same program", async () => {
    const notes: string[] = [];
    const quiet = { answer: () => {}, failed: () => {}, progress: () => {} };
    const output: Output = { ...quiet, note: (line) => notes.push(line) };
    const where = join(cli.folder, "vanished");
    mkdirSync(where);
    const bench = await makeBench({ addon: loadAddon() as FakeAddon, recordingsFolder: where });
    const base = join(where, "take");
    const args = readArguments([
      ...["record", "sim:adc", "--out", base, "--resume", "--seconds", "2", ...counted],
    ]);
    const ended = recordOn(bench, "sim:adc", readPlan(args), args, output);
    await grows(`${base}-part0001.sigmf-data`, 100_000);
    await bench.client.request("stream.fault", { stream: ADC, fault: "vanish" });
    await expect.poll(() => notes.join("\n"), { timeout: 20_000 }).toContain("to come back");
    await bench.client.request("stream.fault", { stream: ADC, fault: "none" });
    const result = await ended;
    expect(result).toMatchObject({ error: null, parts: ["take-part0001", "take-part0002"] });
    const one = checkPart(`${base}-part0001`, 0);
    const two = checkPart(`${base}-part0002`, 0);
    expect(two).toMatchObject({ first: one.samples, gap: "resumed" });
    expect(one.samples + two.samples).toBe(2_000_000);
    await bench.close();
    expect((await cli.run(["verify", base])).code).toBe(0);
  }, 60_000);
});

describe("record --raw", () => {
  it("keeps words as they are, without another pass, and they open with the same values", async () => {
    const take = async (name: string, ...more: string[]) => {
      const { code, stdout } = await cli.run([
        ...["record", "sim:transceiver", "--out", join(cli.folder, name), "--samples", "100000"],
        ...["--no-check", "--json", ...more],
      ]);
      expect(code).toBe(0);
      return JSON.parse(stdout) as { copiesPerByte: number };
    };
    const { copiesPerByte } = await take("shifted", "--raw");
    expect(copiesPerByte).toBeLessThanOrEqual((await take("plain")).copiesPerByte);
    const words = readFileSync(join(cli.folder, "shifted.sigmf-data"));
    const plain = readFileSync(join(cli.folder, "plain.sigmf-data"));
    expect(words.length).toBe(plain.length);
    let wrong = 0;
    for (let at = 0; at < words.length; at += 2) {
      if (words.readInt16LE(at) >> 4 !== plain.readInt16LE(at)) wrong++;
    }
    expect(wrong).toBe(0);
    for (const name of ["shifted", "plain"]) {
      const { code, stdout } = await cli.run(["verify", join(cli.folder, name)]);
      expect({ name, code, stdout }).toMatchObject({ code: 0 });
    }
    const bench = await makeBench({
      addon: loadAddon() as FakeAddon,
      recordingsFolder: cli.folder,
    });
    const read = async (name: string) => {
      const { id } = await bench.client.request("recording.open", { name });
      const ask = { stream: id, channel: "voltage0_i", fromScan: 0, count: 50_000 };
      const { values } = await bench.client.request("view.samples", ask);
      const frame = await bench.client.request("view.frame", {
        ...{ stream: id, traces: [{ channel: "voltage0_i", part: "value" }] },
        ...{ range: { kind: "all" }, columns: 64, physical: true },
      });
      await bench.client.request("recording.close", { name });
      return { values, y: frame.traces[0]!.y };
    };
    const [shifted, converted] = [await read("shifted"), await read("plain")];
    await bench.close();
    expect(shifted.values).toEqual(converted.values);
    expect(shifted.y).toEqual(converted.y);
  }, 60_000);
});

describe("the unit for systemd in the docs", () => {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs/unattended.md"), "utf8");
  const unit = /```ini\n([\s\S]*?)```/.exec(text)![1]!;

  it("starts a command that runs as it stands, on the simulator's converter", async () => {
    const [, ...words] = /^ExecStart=(.*)$/m.exec(unit)![1]!.split(" ");
    const base = join(cli.folder, "bridge");
    const typed = words.map((word) =>
      word.startsWith("/srv/") ? base : word.startsWith("local:") ? "sim:adc" : word,
    );
    const ring = typed.indexOf("--ring-size");
    expect(ring).toBeGreaterThan(0);
    // As large a disk as the docs' has nobody to spare for a test.
    typed.splice(ring, 2, "--ring-size", "40M", "--split-size", "4M");
    typed.splice(typed.indexOf("--split-time"), 2);
    const { code, stderr } = await cli.run([...typed, "--seconds", "0.5"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await cli.run(["verify", base])).code).toBe(0);
    // What no restart mends is told apart.
    expect((await cli.run(["record", "sim:adc", "--resume"])).code).toBe(2);
  }, 60_000);

  const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.skipIf(!analyze)("is one that systemd takes", () => {
    const path = join(cli.folder, "iio-recording.service");
    // The program and its user are not on every machine that runs this.
    const here = unit
      .replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`)
      .replace(/^User=.*\n/m, "")
      .replace(/^SupplementaryGroups=.*\n/m, "");
    writeFileSync(path, here);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", path], { encoding: "utf8" });
    const ours = stderr.split("\n").filter((line) => line.includes("iio-recording"));
    expect({ status, ours }).toEqual({ status: 0, ours: [] });
  });
});
