/** Which shell `npm start` runs, and how it comes to Electron's runtime. */
import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript without types, so that it runs before anything is installed
import * as choose from "../../electron/launch/choose-shell.mjs";
// @ts-expect-error see above
import * as runtime from "../../electron/launch/electron-runtime.mjs";

interface Options {
  electron: boolean;
  loopback: boolean;
  port: number;
  "no-open": boolean;
}
interface Shell {
  kind: string;
  program?: string;
  why?: string;
}
type Obtained = { program?: string; reason?: string };

const { readOptions, chooseShell, shellCommand } = choose as {
  readOptions(argv: string[]): Options;
  chooseShell(
    options: Options,
    seams: { display: boolean; obtain: (how: object) => Promise<Obtained> },
  ): Promise<Shell>;
  shellCommand(
    shell: Shell,
    options: Options,
    seams: { display: boolean; root: boolean },
  ): { command: string; args: string[] };
};
const { obtainElectron, findElectron } = runtime as {
  obtainElectron(seams: object): Promise<Obtained>;
  findElectron(env: object, home: string): string | null;
};

const HERE = { program: "/there/electron" };

/** The shell for what was typed, and what was asked of Electron's runtime. */
async function start(typed: string[], { display = true, runtime: found = HERE as Obtained } = {}) {
  const options = readOptions(typed);
  const obtain = vi.fn((_how: object) => Promise.resolve(found));
  const shell = await chooseShell(options, { display, obtain });
  const { command, args } = shellCommand(shell, options, { display, root: false });
  return { shell, command, args: args.slice(1), asked: obtain.mock.calls.map(([how]) => how) };
}

describe("npm start", () => {
  it("runs Electron where its runtime is", async () => {
    const { shell, command, asked } = await start([]);
    expect(shell).toEqual({ kind: "electron", program: "/there/electron" });
    expect(command).toBe("/there/electron");
    expect(asked).toEqual([{ force: false }]);
  });

  it("opens the loopback shell, and says why, where the runtime can't be had", async () => {
    const { shell, args } = await start([], { runtime: { reason: "getaddrinfo ENOTFOUND" } });
    expect(shell.why).toBe(
      "Electron's runtime is not here (getaddrinfo ENOTFOUND), so the studio opens in the loopback shell.",
    );
    expect(args).toEqual(["serve", "--port", "0", "--open"]);
  });

  it("serves and prints the address without a display, and does not fetch a thing", async () => {
    const { shell, args, asked } = await start([], { display: false });
    expect(shell.why).toMatch(/no display/);
    expect(args).toEqual(["serve", "--port", "0"]);
    expect(asked).toEqual([]);
  });

  it("tries the runtime again with --electron, display or not", async () => {
    for (const display of [true, false]) {
      const { shell, asked } = await start(["--electron"], { display });
      expect(shell.kind).toBe("electron");
      expect(asked).toEqual([{ force: true }]);
    }
  });

  it.each([
    [["--loopback"], ["serve", "--port", "0", "--open"]],
    [
      ["--port", "5000"],
      ["serve", "--port", "5000", "--open"],
    ],
    [["--no-open"], ["serve", "--port", "0"]],
  ])("leaves Electron alone for %j, without a reason to give", async (typed, expected) => {
    const { shell, args, asked } = await start(typed);
    expect(shell).toEqual({ kind: "loopback" });
    expect(args).toEqual(expected);
    expect(asked).toEqual([]);
  });

  it("keeps port and --no-open for the shell that --electron falls back to", async () => {
    const typed = ["--electron", "--port", "81", "--no-open"];
    const { shell, args } = await start(typed, { runtime: { reason: "offline" } });
    expect(shell.kind).toBe("loopback");
    expect(args).toEqual(["serve", "--port", "81"]);
    expect((await start(typed)).shell.kind).toBe("electron");
  });

  it("runs Electron without its sandbox for root alone", () => {
    const command = (root: boolean) =>
      shellCommand({ kind: "electron", program: "e" }, readOptions([]), { display: true, root });
    expect(command(true).args[0]).toBe("--no-sandbox");
    expect(command(false).args).toHaveLength(1);
  });

  it.each([
    ["--port", "x"],
    ["--port", "65536"],
    ["--port", "-1"],
    ["--port", ""],
    ["--port", "1.5"],
    ["--fast"],
    ["word"],
    ["--electron", "--loopback"],
  ])("refuses %s %s as wrong usage", (...typed) => {
    expect(() => readOptions(typed)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe("Electron's runtime", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "studio-runtime-"));
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** A download of which the test says what it has written; kill ends it. */
  class Download extends EventEmitter {
    pid = 1;
    stderr = new EventEmitter();
    bytes = 0;
    kill = vi.fn(() => this.emit("close", null));
  }

  function fetching(more: object = {}) {
    const downloads: Download[] = [];
    const start = () => {
      downloads.push(new Download());
      return downloads.at(-1)!;
    };
    const written = () => downloads.at(-1)!.bytes;
    const seams = { find: () => null, file: join(folder, "cache", "failed"), start, written };
    const obtain = (how: object = {}) => obtainElectron({ ...seams, ...more, ...how });
    return { downloads, obtain };
  }

  it("is not fetched where it is", async () => {
    const { downloads, obtain } = fetching({ find: () => "/there/electron" });
    expect(await obtain()).toEqual(HERE);
    expect(downloads).toHaveLength(0);
  });

  it("is not there when its unpacking was cut off", () => {
    mkdirSync(join(folder, "dist"));
    const program = join(folder, "dist", "electron");
    writeFileSync(program, "");
    expect(findElectron({}, folder)).toBeNull();
    writeFileSync(join(folder, "path.txt"), "electron");
    expect(findElectron({}, folder)).toBe(program);
    const set = { ELECTRON_OVERRIDE_DIST_PATH: join(folder, "dist") };
    expect(findElectron(set, "/nowhere")).toBe(program);
  });

  it("is given up after 10 s without progress, however long it moved before", async () => {
    const { downloads, obtain } = fetching();
    const answer = obtain();
    const [download] = downloads as [Download];
    for (let seconds = 0; seconds < 60; seconds += 9) {
      download.bytes += 100_000;
      vi.advanceTimersByTime(9000);
    }
    expect(download.kill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2500);
    expect(download.kill).toHaveBeenCalledWith("SIGKILL");
    expect(await answer).toEqual({ reason: "nothing came for 10 s" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is not tried again for a day after a failure, save with --electron", async () => {
    const { downloads, obtain } = fetching();
    const fail = (answer: Promise<Obtained>) => {
      downloads.at(-1)!.stderr.emit("data", "RequestError: getaddrinfo ENOTFOUND github.com\n  at");
      downloads.at(-1)!.emit("close", 1);
      return answer;
    };
    const reason = "getaddrinfo ENOTFOUND github.com";
    expect(await fail(obtain())).toEqual({ reason });
    vi.advanceTimersByTime(1000);
    expect((await obtain()).reason).toBe(
      `${reason}; tried less than a day ago, --electron tries again`,
    );
    expect(downloads).toHaveLength(1);
    expect(await fail(obtain({ force: true }))).toEqual({ reason });
    expect(downloads).toHaveLength(2);
    vi.setSystemTime(Date.now() + 25 * 3600 * 1000);
    expect(await fail(obtain())).toEqual({ reason });
    expect(downloads).toHaveLength(3);
  });

  it("forgets the failure once it came", async () => {
    const file = join(folder, "failed");
    writeFileSync(file, "offline\n");
    const { downloads, obtain } = fetching({
      file,
      find: () => (downloads.length > 0 ? "/there/electron" : null),
    });
    const answer = obtain({ force: true });
    downloads[0]!.emit("close", 0);
    expect(await answer).toEqual(HERE);
    expect(existsSync(file)).toBe(false);
  });
});
