/** What the command line says of a bad recording, on a terminal, and of the way to its server. */
import { once } from "node:events";
import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeOutput } from "../../electron/cli/output.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

const SAMPLES = 20_000;

let cli: CliBundle;
let recorded: { stderr: string };

beforeAll(async () => {
  cli = await bundleCli();
  recorded = await cli.run([
    ...["record", "sim:adc", "--out", join(cli.folder, "good"), "--channels", "voltage0"],
    ...["--samples", String(SAMPLES), "--no-check"],
  ]);
}, 120_000);

afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

type Meta = { captures: Record<string, unknown>[] };

describe("verify", () => {
  /** A copy of the good recording that `spoil` has changed; answers what verify says of it. */
  async function verdict(name: string, spoil: (base: string) => void) {
    const base = join(cli.folder, name);
    for (const file of readdirSync(cli.folder).filter((each) => each.startsWith("good."))) {
      copyFileSync(join(cli.folder, file), base + file.slice("good".length));
    }
    spoil(base);
    const { code, stdout, stderr } = await cli.run(["verify", base]);
    const { faults } = JSON.parse((await cli.run(["verify", base, "--json"])).stdout) as {
      faults: string[];
    };
    const lines = stdout.trimEnd().split("\n");
    return { code, faults, said: lines.slice(0, faults.length), stderr };
  }

  function flip(path: string, at: number): void {
    const bytes = readFileSync(path);
    bytes[at]! ^= 1;
    writeFileSync(path, bytes);
  }

  function changeMeta(base: string, change: (meta: Meta) => void): void {
    const path = `${base}.sigmf-meta`;
    const meta = JSON.parse(readFileSync(path, "utf8")) as Meta;
    change(meta);
    writeFileSync(path, JSON.stringify(meta));
  }

  /** Exit status 1, and each fault a line of its own that is one sentence. */
  async function faultsOf(name: string, spoil: (base: string) => void): Promise<string[]> {
    const { code, faults, said, stderr } = await verdict(name, spoil);
    expect(code).toBe(1);
    expect(stderr).toBe("");
    expect(faults.length).toBeGreaterThan(0);
    expect(said).toEqual(faults);
    for (const fault of faults) {
      expect(fault).toMatch(/^\S.*\.$/);
      expect(fault).not.toMatch(/[.!?]\s+[A-Z]|[!\n]|undefined|NaN|\[object/);
    }
    expect(new Set(faults).size).toBe(faults.length);
    return faults;
  }

  it("passes a recording as it was made", async () => {
    expect(await verdict("untouched", () => undefined)).toMatchObject({ code: 0, faults: [] });
  });

  it("finds a byte that was flipped, by the hash and by the segment it lies in", async () => {
    const faults = await faultsOf("flipped", (base) => flip(`${base}.sigmf-data`, 12_345));
    expect(faults.join("\n")).toMatch(/differ from the SHA-512/);
    expect(faults.join("\n")).toMatch(/CRC/);
  });

  it("finds a file that was cut, by its length", async () => {
    const faults = await faultsOf("cut", (base) => truncateSync(`${base}.sigmf-data`, SAMPLES));
    expect(faults.join("\n")).toContain(
      `the data file holds ${SAMPLES / 2} samples, the metadata say ${SAMPLES}.`,
    );
  });

  it("finds half a sample at the end", async () => {
    const faults = await faultsOf("half", (base) => appendFileSync(`${base}.sigmf-data`, "x"));
    expect(faults.join("\n")).toContain("are not whole samples of 2 bytes.");
  });

  it("finds a capture beyond the data, and one that the journal does not know", async () => {
    const beyond = await faultsOf("beyond", (base) =>
      changeMeta(base, ({ captures }) =>
        captures.push({ ...captures[0], "core:sample_start": SAMPLES + 1 }),
      ),
    );
    expect(beyond.join("\n")).toMatch(/captures\[1\] begins at sample 20001, beyond the data/);
    const unknown = await faultsOf("unknown", (base) =>
      changeMeta(base, ({ captures }) =>
        captures.push({
          "core:sample_start": 10_000,
          "core:global_index": 10_500,
          "iio:gap_grade": "exact",
          "iio:gap_cause": "timestamp",
          "iio:lost": 500,
        }),
      ),
    );
    expect(unknown.join("\n")).toMatch(/the captures hold 1 gap, the verdict says 0/);
  });

  it("says what is missing, and what is no metadata", async () => {
    await faultsOf("no-data", (base) => rmSync(`${base}.sigmf-data`));
    await faultsOf("no-json", (base) => writeFileSync(`${base}.sigmf-meta`, "{"));
    const { code, stdout, stderr } = await cli.run(["verify", join(cli.folder, "nothing")]);
    expect(code).toBe(1);
    expect((stdout + stderr).trim()).toMatch(/^\S.*\.$/);
  });
});

describe("the progress of a recording", () => {
  /** A stream that keeps what is written, as a terminal or as a pipe. */
  function stream(isTTY: boolean) {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    return { written, as: { isTTY, columns: 40, write } as unknown as NodeJS.WriteStream };
  }

  it("is one line, drawn over again, on a terminal, and gone before the answer", () => {
    const [out, err] = [stream(true), stream(true)];
    const output = makeOutput(false, out.as, err.as);
    output.progress(`██░░ 50 %  ${"x".repeat(100)}`);
    output.progress("████ 100 %");
    output.answer({}, () => ["done"]);
    expect(err.written.map((text) => text.startsWith("\r\x1b[K"))).toEqual([true, true, true]);
    expect(err.written[0]!.replace("\r\x1b[K", "")).toHaveLength(39);
    expect(err.written[2]).toBe("\r\x1b[K");
    expect(err.written.join("")).not.toContain("\n");
    expect(out.written).toEqual(["done\n"]);
  });

  it("is not drawn into a pipe or a file", () => {
    const [out, err] = [stream(false), stream(false)];
    const output = makeOutput(true, out.as, err.as);
    output.progress("██░░ 50 %");
    output.answer({ samples: 1 }, () => []);
    expect(err.written).toEqual([]);
    expect(out.written).toEqual(['{"samples":1}\n']);
    expect(recorded.stderr).not.toMatch(/[\r\x1b█░]/);
  });
});

describe("serve", () => {
  it("prints the ssh -L line that leads to it, for people and as JSON", async () => {
    for (const json of [[], ["--json"]]) {
      const child = cli.start(["serve", ...json]);
      const ended = once(child, "close");
      const wanted = json.length > 0 ? /\}\n$/ : /ssh .*\n/;
      let stdout = "";
      child.stdout!.on("data", (chunk) => (stdout += chunk));
      await expect.poll(() => stdout, { timeout: 30_000 }).toMatch(wanted);
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
      const port = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(stdout)![1]!;
      expect(stdout).toContain(`ssh -L ${port}:127.0.0.1:${port} `);
      expect(stdout).toMatch(new RegExp(`ssh -L \\S+ [^@\\s]+@${hostname()}`));
    }
  });
});
