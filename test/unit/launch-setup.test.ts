/** What the launcher installs and builds before anything runs, and how it counts what could not. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
// @ts-expect-error plain JavaScript without types, so that it runs before anything is installed
import { ensureApt } from "../../electron/launch/apt.mjs";
// @ts-expect-error see above
import { ensureAddon, ensureBundles, ensurePackages } from "../../electron/launch/setup.mjs";
// @ts-expect-error see above
import { browser, countLine, kernel, native } from "../../electron/launch/suites.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "studio-setup-"));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

function put(path: string, text = "1"): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A checkout in a new folder; `makes` is what its programs leave behind. */
function checkout(...makes: string[]) {
  const outcome = { code: 0, output: "" };
  const exec = vi.fn((command: string, args: string[], _options: object) => {
    if (outcome.code === 0) for (const made of makes) put(made);
    return Promise.resolve({ ...outcome, command, args });
  });
  return { here: { root, cache: join(root, ".cache"), exec }, exec, outcome };
}

describe("packages", () => {
  it("are installed once for each package-lock.json, and again when they are gone", async () => {
    put("package-lock.json", "{}");
    const { here, exec } = checkout("node_modules/vite/package.json");
    for (let i = 0; i < 3; i++) await ensurePackages(here);
    expect(exec).toHaveBeenCalledOnce();
    expect(exec).toHaveBeenCalledWith("npm", expect.arrayContaining(["ci"]), expect.anything());
    put("package-lock.json", '{"a":1}');
    for (let i = 0; i < 2; i++) await ensurePackages(here);
    expect(exec).toHaveBeenCalledTimes(2);
    rmSync(join(root, "node_modules"), { recursive: true });
    await ensurePackages(here);
    expect(exec).toHaveBeenCalledTimes(3);
  });

  it("that could not be installed are said, and tried again at the next start", async () => {
    put("package-lock.json", "{}");
    const { here, exec, outcome } = checkout("node_modules/vite/package.json");
    Object.assign(outcome, { code: 1, output: "npm error network" });
    await expect(ensurePackages(here)).rejects.toThrow(/could not install.*\nnpm error network/);
    outcome.code = 0;
    await ensurePackages(here);
    expect(exec).toHaveBeenCalledTimes(2);
  });
});

describe("the addon", () => {
  it("is built when a source of it changed, and not for anything else", async () => {
    put("native/core/pool.cc");
    put("native/addon.ts");
    const { here, exec } = checkout("native/build/iio_studio.node");
    for (let i = 0; i < 2; i++) await ensureAddon(here);
    put("native/addon.ts", "22");
    await ensureAddon(here);
    expect(exec).toHaveBeenCalledOnce();
    utimesSync(join(root, "native/core/pool.cc"), 1, 1);
    await ensureAddon(here);
    expect(exec).toHaveBeenCalledTimes(2);
    rmSync(join(root, "native/build/iio_studio.node"));
    await ensureAddon(here);
    expect(exec).toHaveBeenCalledTimes(3);
  });
});

describe("bundles", () => {
  const OUTPUTS = ["cli/cli.js", "main/main.js", "preload/preload.cjs", "renderer/index.html"];

  function bundles() {
    put("shared/codec.ts");
    put("renderer/App.vue");
    const { here } = checkout();
    const build = vi.fn(() => {
      for (const output of OUTPUTS) put(join("dist", output));
      return Promise.resolve();
    });
    return { build, ensure: () => ensureBundles(here, build) as Promise<void> };
  }

  it("that are fresh are left, that are stale are built", async () => {
    const { build, ensure } = bundles();
    for (let i = 0; i < 2; i++) await ensure();
    put("renderer/notes.txt");
    await ensure();
    expect(build).toHaveBeenCalledOnce();
    put("renderer/App.vue", "22");
    for (let i = 0; i < 2; i++) await ensure();
    expect(build).toHaveBeenCalledTimes(2);
    rmSync(join(root, "shared/codec.ts"));
    await ensure();
    expect(build).toHaveBeenCalledTimes(3);
  });

  it.each(OUTPUTS)("are built when %s is missing", async (output) => {
    const { build, ensure } = bundles();
    await ensure();
    rmSync(join(root, "dist", output));
    await ensure();
    expect(build).toHaveBeenCalledTimes(2);
  });

  it("whose building was cut off are built again, also from the sources of before", async () => {
    const { build, ensure } = bundles();
    await ensure();
    utimesSync(join(root, "renderer/App.vue"), 1000, 1000);
    await ensure();
    put("renderer/App.vue", "22");
    build.mockRejectedValueOnce(new Error("Unexpected token"));
    await expect(ensure()).rejects.toThrow("Unexpected token");
    put("renderer/App.vue", "1");
    utimesSync(join(root, "renderer/App.vue"), 1000, 1000);
    await ensure();
    expect(build).toHaveBeenCalledTimes(4);
  });
});

describe("Debian packages", () => {
  function machine({ root: isRoot = true, debian = true, works = true } = {}) {
    let missing = ["chromium", "fonts-dejavu-core"];
    const exec = vi.fn((command: string, args: string[]) => {
      if (works && args[0] === "install") missing = [];
      const output = works ? "" : "Reading lists\nE: Unable to locate package chromium";
      return Promise.resolve({ code: works ? 0 : 100, output, command });
    });
    const seams = {
      isRoot: () => isRoot,
      onPath: (name: string) => debian && name === "apt-get",
      missing: () => missing,
      exec,
    };
    return { seams, exec };
  }

  it("are installed by root, and not a second time", async () => {
    const { seams, exec } = machine();
    for (let i = 0; i < 2; i++) expect(await ensureApt("browser", seams)).toBeNull();
    const installs = exec.mock.calls.filter(([, [first]]) => first === "install");
    const args = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"];
    expect(installs).toEqual([["apt-get", args, expect.anything()]]);
  });

  it("are named to others with the line that installs them, and nothing is run", async () => {
    const { seams, exec } = machine({ root: false });
    expect(await ensureApt("browser", seams)).toBe(
      "missing packages; install them with: sudo apt-get install -y --no-install-recommends chromium fonts-dejavu-core",
    );
    expect(exec).not.toHaveBeenCalled();
  });

  it("are named where there is no apt, and where apt has none", async () => {
    expect(await ensureApt("browser", machine({ debian: false }).seams)).toMatch(
      /^chromium, fonts-dejavu-core missing, and this is no Debian/,
    );
    expect(await ensureApt("browser", machine({ works: false }).seams)).toBe(
      "apt could not install them: E: Unable to locate package chromium",
    );
  });

  it("that are missing make their suite one that was skipped, with the reason", async () => {
    const ensure = () => Promise.resolve("install them with: sudo apt-get install doctest-dev");
    const exec = vi.fn();
    for (const counted of [
      await native("address", { ensure, exec }),
      await browser("e2e", [], { ensure }),
    ]) {
      expect(counted).toMatchObject({ passed: 0, failed: 0, skipped: 1 });
      expect(counted.reasons).toEqual([await ensure()]);
    }
    expect(exec).not.toHaveBeenCalled();
  });
});

describe("the kernel suite", () => {
  const of = (output: string, isRoot: boolean, code = 0) =>
    kernel({ root: isRoot, exec: () => Promise.resolve({ code, output }) }) as Promise<object>;

  it("that can't run is a failure for root, and skipped with its reason for others", async () => {
    const output = "cannot run: qemu-system-x86_64 is missing\n";
    expect(await of(output, true, 1)).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
    expect(await of(output, false, 1)).toMatchObject({
      failed: 0,
      skipped: 1,
      reasons: ["qemu-system-x86_64 is missing"],
    });
  });

  it("is counted by its last line, and never as good when it ended badly", async () => {
    const output = "1 passed, 0 failed, 0 skipped\nnot ok a gap\n9 passed, 1 failed, 2 skipped\n";
    const counts = { passed: 9, failed: 1, skipped: 2 };
    expect(await of(output, true, 1)).toMatchObject({ ...counts, failures: ["a gap"] });
    expect(await of("3 passed, 0 failed", true, 1)).toMatchObject({ passed: 3, failed: 1 });
    expect(await of("", true)).toMatchObject({ failed: 1 });
  });
});

describe("the last line of npm test", () => {
  it("names all three counts, also those that are none", () => {
    const line = countLine({ passed: 12, failed: 0, skipped: 0 });
    expect(line).toBe("12 passed, 0 failed, 0 skipped");
  });
});
