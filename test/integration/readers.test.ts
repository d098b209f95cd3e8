/** The lines of the README that read a recording are run as they stand, over a real recording with a known gap. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
    client.close();
    await host.close();
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What both must find: shape, the first values of the file, and the jump of time at the gap. */
  function expected() {
    const meta = JSON.parse(readFileSync(join(folder, "take.sigmf-meta"), "utf8")) as {
      global: {
        "core:num_channels"?: number;
        "iio:channels": { scale: string; offset: string; unit_factor: number }[];
      };
    };
    const channels = meta.global["iio:channels"];
    const data = readFileSync(join(folder, "take.sigmf-data"));
    const first = channels.map(
      (channel, index) =>
        (data.readInt16LE(index * 2) + Number(channel.offset)) *
        Number(channel.scale) *
        channel.unit_factor,
    );
    return { channels: channels.length, first };
  }

  function check(output: string): void {
    const found = JSON.parse(output) as {
      shape: number[];
      first: number[];
      last: number;
      jumps: number;
    };
    const { channels, first } = expected();
    expect(found.shape).toEqual([100_000, channels]);
    found.first.forEach((value, index) => expect(value).toBeCloseTo(first[index]!, 9));
    expect(result.lostSamples).toBeGreaterThan(0);
    expect(found.jumps).toBe(result.gaps.length);
    const firstIndex = 0;
    expect(found.last).toBeCloseTo((99_999 + result.lostSamples! + firstIndex) / 100_000, 6);
  }

  it.skipIf(!hasNumpy)("read it with NumPy", () => {
    const script = `${lines("python")}
print(json.dumps({"shape": list(values.shape), "first": values[0].tolist(), "last": float(seconds[-1] - seconds[0]),
  "jumps": int((np.diff(seconds) > 1.5 / g["core:sample_rate"]).sum())}))`;
    writeFileSync(join(folder, "read.py"), script);
    check(execFileSync("/usr/bin/python3", ["read.py"], { cwd: folder, encoding: "utf8" }));
  });

  it.skipIf(!octave)("read it with Octave", () => {
    const script = `${lines("matlab")}
printf('%s', jsonencode(struct('shape', size(values), 'first', values(1, :), 'last', seconds(end) - seconds(1), ...
  'jumps', sum(diff(seconds) > 1.5 / g.core_sample_rate))));`;
    writeFileSync(join(folder, "reading.m"), script);
    const env = { ...process.env, HOME: folder };
    check(
      execFileSync(octave!, ["--quiet", "--no-gui", "reading.m"], {
        cwd: folder,
        encoding: "utf8",
        env,
      }),
    );
  });
});
