/** The command line as its user has it: a program with arguments, signals and an exit status. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;

beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);

afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

/** Resolves once what it printed matches. */
function prints(child: ChildProcess, stream: "stdout" | "stderr", what: RegExp): Promise<void> {
  let text = "";
  return new Promise((resolve, reject) => {
    child[stream]!.on("data", (chunk) => {
      text += chunk;
      if (what.test(text)) resolve();
    });
    child.once("close", () => reject(new Error(`ended with: ${text}`)));
  });
}

function globalOf(base: string): Record<string, unknown> {
  const text = readFileSync(`${base}.sigmf-meta`, "utf8");
  return (JSON.parse(text) as { global: Record<string, unknown> }).global;
}

describe("one press of Ctrl+C, which the terminal and npm deliver one after the other", () => {
  it("closes the server in order", async () => {
    const child = cli.start(["serve"]);
    const ended = once(child, "close");
    await prints(child, "stdout", /http:/);
    child.kill("SIGINT");
    await prints(child, "stderr", /Closing/);
    child.kill("SIGINT");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });

  it("ends a recording as a whole one", async () => {
    const base = join(cli.folder, "pressed");
    const child = cli.start(["record", "sim:adc", "--out", base]);
    const ended = once(child, "close");
    const data = `${base}.sigmf-data`;
    await expect
      .poll(() => existsSync(data) && statSync(data).size, { timeout: 30_000 })
      .toBeGreaterThan(100_000);
    child.kill("SIGINT");
    await prints(child, "stderr", /Stopping/);
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    expect((await cli.run(["verify", base])).code).toBe(0);
  });
});

describe("record --block-size", () => {
  it("says what it was rounded to, on stderr and in the answer", async () => {
    const { code, stdout, stderr } = await cli.run([
      ...["record", "sim:adc", "--out", join(cli.folder, "odd"), "--channels", "voltage0,voltage1"],
      ...["--block-size", "4099", "--samples", "2000", "--no-check", "--json"],
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/4,099 bytes became 4,096: whole scans of 4 bytes/);
    expect((JSON.parse(stdout) as { notes: string[] }).notes.join()).toContain("became 4,096");
  });
});

describe("record --rate", () => {
  it("sets the rate of the device trigger that the same command chooses", async () => {
    const base = join(cli.folder, "clocked");
    const { code, stderr } = await cli.run([
      ...["record", "sim:inertial", "--out", base, "--device-trigger", "sim-timer10"],
      ...["--rate", "500", "--samples", "50"],
    ]);
    expect(stderr).toContain("sim:inertial trigger:sim-timer10/sampling_frequency = 500");
    expect(code).toBe(0);
    expect(globalOf(base)).toMatchObject({
      "core:sample_rate": 500,
      "iio:sample_rate_source": "sim:inertial trigger:sim-timer10/sampling_frequency",
    });
  });

  it("refuses a second rate for the same trigger", async () => {
    const { code, stderr } = await cli.run([
      ...["record", "sim:inertial", "--out", join(cli.folder, "twice"), "--rate", "500"],
      ...["--device-trigger", "sim-timer10", "--device-trigger-rate", "100", "--samples", "50"],
    ]);
    expect(stderr).toContain("Give one.");
    expect(code).toBe(2);
  });
});

describe("a recording that was cut off in the folder of recordings", () => {
  const cutOff = async (): Promise<string> => {
    const folder = join(cli.folder, "Recordings");
    mkdirSync(folder, { recursive: true });
    const base = join(folder, "cut");
    const child = cli.start(["record", "sim:adc", "--out", base]);
    const ended = once(child, "close");
    await expect
      .poll(() => existsSync(`${base}.sigmf-data`) && statSync(`${base}.sigmf-data`).size, {
        timeout: 30_000,
      })
      .toBeGreaterThan(100_000);
    child.kill("SIGKILL");
    await ended;
    return base;
  };

  it("is left alone by commands that only look, and completed by one that records there", async () => {
    const base = await cutOff();
    for (const command of [["devices"], ["attr", "sim:adc", "sampling_frequency"], ["doctor"]]) {
      expect((await cli.run(command)).code).toBe(0);
    }
    expect(globalOf(base)).toMatchObject({ "iio:state": "recording" });
    const next = join(cli.folder, "Recordings", "next");
    const { stderr } = await cli.run(["record", "sim:adc", "--out", next, "--samples", "1000"]);
    expect(stderr).toContain("“cut” was cut off");
    expect(globalOf(base)).toMatchObject({ "iio:state": "recovered" });
  });
});

describe("doctor", () => {
  it("looks at the folder of recordings that is set, without being told which", async () => {
    const config = join(cli.folder, "other-config");
    const takes = join(cli.folder, "bench takes");
    mkdirSync(join(config, "iio-studio"), { recursive: true });
    const settings = JSON.stringify({ recordings: { folder: takes } });
    writeFileSync(join(config, "iio-studio", "settings.json"), settings);
    const look = async () => {
      const { code, stdout } = await cli.run(["doctor", "--json"], { XDG_CONFIG_HOME: config });
      expect(code).toBe(0);
      const { checks } = JSON.parse(stdout) as { checks: { id: string; detail: string }[] };
      return checks.find(({ id }) => id === "recordings");
    };
    const before = await look();
    expect(before?.detail).toContain(`${takes}: `);
    expect(before?.detail).toContain("It is made when needed.");
    writeFileSync(takes, "a file");
    expect(await look()).toMatchObject({ state: "missing" });
  });
});

describe("serve --open", () => {
  it("goes on serving, and says where, when the browser ends without a window", async () => {
    const bin = join(cli.folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "chromium"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    const child = cli.start(["serve", "--open"], { env: { PATH: bin } });
    const ended = once(child, "close");
    await prints(child, "stdout", /http:.*secret=/);
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});

describe("record --set", () => {
  const recordWith = async (name: string, ...sets: string[]) => {
    const base = join(cli.folder, name);
    const { code, stderr } = await cli.run([
      ...["record", "sim:transceiver", "--out", base, "--samples", "1000"],
      ...sets.flatMap((set) => ["--set", set]),
    ]);
    return { code, stderr, base };
  };

  it("reaches the control device that is linked, by its name or by the attribute's alone", async () => {
    for (const [n, prefix] of ["", "sim:transceiver-phy:"].entries()) {
      const { code, stderr, base } = await recordWith(
        `rf${n}`,
        `${prefix}altvoltage0/frequency=433000000`,
      );
      expect(code, stderr).toBe(0);
      const { captures } = JSON.parse(readFileSync(`${base}.sigmf-meta`, "utf8")) as {
        captures: Record<string, unknown>[];
      };
      expect(captures[0]).toMatchObject({ "core:frequency": 433_000_000 });
    }
  });

  it("says what it could not find", async () => {
    const { code, stderr } = await recordWith("none", "altvoltage7/frequency=1");
    expect(code).toBe(1);
    expect(stderr).toContain('sim:transceiver has no channel "altvoltage7"');
  });

  it("is what attr proposes for the simulator, word by word", async () => {
    const { stderr } = await cli.run([
      "attr",
      "sim:transceiver-phy",
      "altvoltage0/frequency",
      "433M",
    ]);
    const proposed = / --set (.*)$/m.exec(stderr)![1]!;
    expect((await recordWith("proposed", proposed)).code).toBe(0);
  });
});

describe("record", () => {
  const quick = ["--no-hash", "--block-size", "32Ki"];

  it("says what the disk takes first, and begins so long before its start", async () => {
    const base = join(cli.folder, "before");
    const { code, stderr } = await cli.run([
      ...["record", "sim:adc", "--out", base, "--pre", "0.5", "--samples", "200000", ...quick],
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/Disk: takes .*B\/s, .* free, full in .* at 4 MB\/s\./);
    const { annotations } = JSON.parse(readFileSync(`${base}.sigmf-meta`, "utf8")) as {
      annotations: Record<string, number>[];
    };
    expect(annotations[0]).toMatchObject({ "iio:mark": "pressed" });
    expect(annotations[0]!["iio:from_scan"]).toBeGreaterThanOrEqual(500_000);
    expect(annotations[0]!["core:sample_start"]).toBeGreaterThan(0);
    expect((await cli.run(["verify", base])).code).toBe(0);
  });

  it("leaves the test out, and records in parts that are verified as one", async () => {
    const base = join(cli.folder, "parted");
    const { code, stdout, stderr } = await cli.run([
      ...["record", "sim:adc", "--out", base, "--split-time", "300ms", "--samples", "1000001"],
      ...["--no-check", "--json", ...quick],
    ]);
    expect(code).toBe(0);
    expect(stderr).not.toContain("Disk:");
    const { samples, parts } = JSON.parse(stdout) as { samples: number; parts: string[] };
    expect(samples).toBe(1_000_001);
    expect(parts.slice(0, 2)).toEqual(["parted-part0001", "parted-part0002"]);
    expect((await cli.run(["verify", base])).code).toBe(0);
  });

  it("lists every file that it wrote, side indexes too", async () => {
    const folder = join(cli.folder, "listed");
    mkdirSync(folder);
    const { stdout } = await cli.run([
      ...["record", "sim:inertial", "--out", join(folder, "take"), "--samples", "300"],
      ...["--device-trigger", "sim-timer1", "--no-hash", "--no-check", "--json"],
    ]);
    const { files } = JSON.parse(stdout) as { files: string[] };
    expect(files.map((one) => relative(folder, one)).sort()).toEqual(readdirSync(folder).sort());
    expect(files).toContain(join(folder, "take-timestamp.iio-index"));
  });

  it("refuses a ring that the disk can't hold, and two lengths of a part", async () => {
    const out = ["record", "sim:adc", "--out", join(cli.folder, "lengths"), "--no-check"];
    const ring = await cli.run([...out, "--ring-size", "1000T"]);
    expect(ring.code).toBe(1);
    expect(ring.stderr).toContain("Take a shorter ring, or another disk.");
    const both = await cli.run([...out, "--split-size", "1M", "--split-time", "1s"]);
    expect(both.code).toBe(2);
    expect(both.stderr).toContain("exclude each other");
    expect(existsSync(join(cli.folder, "lengths.sigmf-meta"))).toBe(false);
  });
});
