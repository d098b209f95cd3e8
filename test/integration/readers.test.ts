/**
 * The lines of the README that read a recording are run as they stand: over a real recording with a known gap, the same
 * as a device without scale, offset and a rate that SigMF can hold would have left it, and one of I and Q.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { portPair } from "../../electron/cli/in-process-port.js";
import { createHost } from "../../electron/host/host.js";
import { StudioClient } from "../../shared/client.js";
import { PROTOCOL } from "../../shared/messages.js";
import type { RecordingResult } from "../../shared/recording.js";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const lines = (language: string) =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)![1]!;

const hasNumpy = spawnSync("/usr/bin/python3", ["-c", "import numpy"]).status === 0;
const octave = ["octave-cli", "octave"].find((name) => spawnSync(name, ["--version"]).status === 0);

const STREAM = "sim:adc/buffer0";

describe("the README's lines", () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-readers-"));
  let result: RecordingResult;

  /** Without a scale for its first channel, and at a rate below 1 Hz. */
  function writeBare(): void {
    const bare = join(folder, "bare");
    mkdirSync(bare);
    copyFileSync(join(folder, "take.sigmf-data"), join(bare, "take.sigmf-data"));
    const meta = JSON.parse(readFileSync(join(folder, "take.sigmf-meta"), "utf8")) as {
      global: Record<string, unknown>;
    };
    delete meta.global["core:sample_rate"];
    meta.global["iio:sample_rate"] = 0.5;
    const [first] = meta.global["iio:channels"] as Record<string, unknown>[];
    for (const key of ["scale", "offset", "abi_unit", "unit", "unit_factor"]) delete first![key];
    first!["scaled"] = false;
    writeFileSync(join(bare, "take.sigmf-meta"), JSON.stringify(meta));
  }

  beforeAll(async () => {
    const host = await createHost({
      version: "test",
      shell: "cli",
      configDir: join(folder, "config"),
      roots: { sysfs: join(folder, "sys"), dev: join(folder, "dev") },
      recordingsFolder: folder,
    });
    const [mine, its] = portPair();
    host.connect(its);
    const client = new StudioClient(mine);
    await client.request("hello", { protocol: PROTOCOL });
    await client.request("attribute.write", {
      device: "sim:adc",
      scope: { kind: "device" },
      name: "sampling_frequency",
      value: "100000",
    });
    const ended = new Promise<RecordingResult>((done) =>
      client.on("recording.ended", (event) => done(event.result)),
    );
    let faulted = false;
    client.on("recording", ({ status }) => {
      if (faulted || status.scans < 10_000) return;
      faulted = true;
      void client.request("stream.fault", { stream: STREAM, fault: "lost-blocks" });
    });
    await client.request("recording.start", { stream: STREAM, name: "take", scans: 100_000 });
    result = await ended;
    await recordComplex(client);
    writeBare();
    client.close();
    await host.close();
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function recordComplex(client: StudioClient): Promise<void> {
    const ended = new Promise<RecordingResult>((done) =>
      client.on("recording.ended", (event) => done(event.result)),
    );
    const request = { stream: "sim:transceiver/buffer0", name: "rf", scans: 1000 };
    await client.request("recording.start", request);
    await ended;
    mkdirSync(join(folder, "rf"));
    for (const ending of ["sigmf-data", "sigmf-meta"]) {
      copyFileSync(join(folder, `rf.${ending}`), join(folder, "rf", `take.${ending}`));
    }
  }

  /** What both must find: shape, the first values of the file, and the jump of time at the gap. */
  function expected(where: string) {
    const meta = JSON.parse(readFileSync(join(where, "take.sigmf-meta"), "utf8")) as {
      global: { "iio:channels": { scale?: string; offset?: string; unit_factor?: number }[] };
    };
    const channels = meta.global["iio:channels"];
    const data = readFileSync(join(where, "take.sigmf-data"));
    const first = channels.map(
      ({ scale = "1", offset = "0", unit_factor = 1 }, index) =>
        (data.readInt16LE(index * 2) + Number(offset)) * Number(scale) * unit_factor,
    );
    return { scans: data.length / 2 / channels.length, channels: channels.length, first };
  }

  interface Found {
    shape: number[];
    first: number[];
    last: number;
    jumps: number;
  }

  function check(read: (where: string) => Found): void {
    for (const [name, rateHz] of [
      ["", 100_000],
      ["bare", 0.5],
    ] as const) {
      const found = read(join(folder, name));
      const { scans, channels, first } = expected(join(folder, name));
      expect(scans).toBe(100_000);
      expect(found.shape).toEqual([scans, channels]);
      found.first.forEach((value, index) => expect(value).toBeCloseTo(first[index]!, 9));
      expect(result.lostSamples).toBeGreaterThan(0);
      expect(found.jumps).toBe(result.gaps.length);
      expect(found.last * rateHz).toBeCloseTo(99_999 + result.lostSamples!, 1);
    }
    const complex = read(join(folder, "rf"));
    expect(complex.shape).toEqual([1000, 2]);
    const { first } = expected(join(folder, "rf"));
    complex.first.forEach((value, index) => expect(value).toBeCloseTo(first[index]!, 9));
  }

  it.skipIf(!hasNumpy)("read it with NumPy", () => {
    const script = `${lines("python")}
print(json.dumps({"shape": list(values.shape), "first": values[0].tolist(), "last": float(seconds[-1] - seconds[0]),
  "jumps": int((np.diff(seconds) > 1.5 / g["iio:sample_rate"]).sum())}))`;
    const file = join(folder, "read.py");
    writeFileSync(file, script);
    check((cwd) => {
      const output = execFileSync("/usr/bin/python3", [file], { cwd, encoding: "utf8" });
      return JSON.parse(output) as Found;
    });
  });

  it.skipIf(!octave)("read it with Octave", () => {
    const script = `${lines("matlab")}
printf('%s', jsonencode(struct('shape', size(values), 'first', values(1, :), 'last', seconds(end) - seconds(1), ...
  'jumps', sum(diff(seconds) > 1.5 / g.iio_sample_rate))));`;
    const file = join(folder, "reading.m");
    writeFileSync(file, script);
    const env = { ...process.env, HOME: folder };
    check((cwd) => {
      const args = ["--quiet", "--no-gui", file];
      return JSON.parse(execFileSync(octave!, args, { cwd, encoding: "utf8", env })) as Found;
    });
  });
});
