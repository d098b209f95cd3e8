/** Packs with a stand-in for Electron's runtime and looks into the package. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, Platform } from "electron-builder";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const SHIM = join(ROOT, "test/integration/fpm-shim.mjs");
const hasDpkg = spawnSync("dpkg-deb", ["--version"]).status === 0;

describe("the package", () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-pack-"));
  const unpacked = join(folder, "out", "linux-unpacked");
  let debFiles: string[] = [];

  beforeAll(async () => {
    const runtime = join(folder, "runtime");
    mkdirSync(join(runtime, "resources"), { recursive: true });
    mkdirSync(join(runtime, "locales"));
    writeFileSync(join(runtime, "electron"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(runtime, "chrome-sandbox"), "", { mode: 0o755 });
    writeFileSync(join(runtime, "version"), "45.4.1");
    writeFileSync(join(runtime, "locales", "en-US.pak"), "");
    const config = load(readFileSync(join(ROOT, "electron-builder.yml"), "utf8")) as Record<
      string,
      unknown
    >;
    // Fuses are flipped in a real runtime only.
    delete config["electronFuses"];
    config["directories"] = { output: join(folder, "out"), buildResources: "electron/packaging" };
    const file = join(folder, "builder.json");
    writeFileSync(
      file,
      JSON.stringify({ ...config, electronDist: runtime, electronVersion: "45.4.1" }),
    );
    chmodSync(SHIM, 0o755);
    process.env["CUSTOM_FPM_PATH"] = SHIM;
    await build({
      projectDir: ROOT,
      config: file,
      targets: Platform.LINUX.createTarget(hasDpkg ? ["dir", "deb"] : ["dir"]),
      publish: "never",
    });
    if (hasDpkg) {
      const deb = execFileSync("sh", ["-c", `ls ${join(folder, "out")}/*.deb`], {
        encoding: "utf8",
      }).trim();
      debFiles = execFileSync("dpkg-deb", ["-c", deb], { encoding: "utf8" })
        .split("\n")
        .map((line) => line.split(/\s+/).slice(5).join(" "));
    }
  }, 240_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const asarList = () =>
    execFileSync(
      process.execPath,
      [
        join(ROOT, "node_modules/@electron/asar/bin/asar.js"),
        "list",
        join(unpacked, "resources/app.asar"),
      ],
      {
        encoding: "utf8",
      },
    ).split("\n");

  it("holds the bundles in the asar, and neither sources nor node_modules", () => {
    const files = asarList();
    for (const file of [
      "/dist/main/main.js",
      "/dist/preload/preload.cjs",
      "/dist/renderer/index.html",
      "/package.json",
    ]) {
      expect(files).toContain(file);
    }
    expect(files.some((file) => /node_modules|\.ts$|^\/test|^\/shared|\.map$/.test(file))).toBe(
      false,
    );
  });

  it("holds the addon unpacked, as a file that the system can load", () => {
    const addon = join(unpacked, "resources/app.asar.unpacked/native/build/iio_studio.node");
    expect(statSync(addon).size).toBeGreaterThan(100_000);
    expect(readFileSync(addon).subarray(1, 4).toString()).toBe("ELF");
  });

  it("holds the udev rule beside the program", () => {
    expect(existsSync(join(unpacked, "resources/udev/60-iio-studio.rules"))).toBe(true);
  });

  it.skipIf(!hasDpkg)("installs the rule, the desktop file and the icons from the deb", () => {
    const has = (pattern: RegExp) => debFiles.some((file) => pattern.test(file));
    expect(has(/usr\/lib\/udev\/rules\.d\/60-iio-studio\.rules$/)).toBe(true);
    expect(has(/usr\/lib\/sysusers\.d\/iio-studio\.conf$/)).toBe(true);
    expect(has(/usr\/share\/applications\/.*\.desktop$/)).toBe(true);
    expect(has(/icons\/hicolor\/256x256\/apps\/.*\.png$/)).toBe(true);
    expect(has(/opt\/.*\/iio-studio$/)).toBe(true);
  });
});

describe("the builder's configuration", () => {
  it("turns every fuse that would open the program", () => {
    const config = load(readFileSync(join(ROOT, "electron-builder.yml"), "utf8")) as {
      electronFuses: Record<string, boolean>;
    };
    expect(config.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });
});
