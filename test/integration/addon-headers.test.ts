/** The addon is built from N-API's headers of npm's packages: nothing of the user's folder, npm's settings or Node's own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = realpathSync(resolve(import.meta.dirname, "../.."));
const COMPILER = process.env["CXX"] ?? "g++";
const OBJECT = "release/native/binding/fields.o";

/** Places that a compiler or npm would take headers from without being told on its command line. */
const GIVEN = /^(npm_|CPATH$|C_INCLUDE_PATH$|CPLUS_INCLUDE_PATH$|CPPFLAGS$|CXXFLAGS$|XDG_|MAKE)/i;

/** Headers that say what Node is; each must be of the packages. */
const OF_NODE = /\/(node|node_api\w*|js_native_api\w*|napi[\w.-]*|v8[\w-]*|uv|nan)\.h$/;

describe("the addon in an empty HOME, without npm's settings", () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-headers-"));
  const home = mkdtempSync(join(folder, "home-"));
  let commands: string;
  let built: { status: number | null; stderr: string };

  /** make with its products in the temporary folder. */
  function make(...more: string[]) {
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !GIVEN.test(key)));
    const args = ["-C", join(ROOT, "native"), `BUILD=${folder}`, ...more, join(folder, OBJECT)];
    return spawnSync("make", args, { env: { ...env, HOME: home }, encoding: "utf8" });
  }

  beforeAll(() => {
    commands = make("-n").stdout;
    // -H names every header that is opened, on stderr.
    built = make("-s", `CXX=${COMPILER} -H`);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("compiles", () => {
    expect(built.status, built.stderr.slice(-2000)).toBe(0);
    expect(existsSync(join(folder, OBJECT))).toBe(true);
    expect(readdirSync(home)).toEqual([]);
  });

  it("is told of no folder of headers beyond its own and the two packages'", () => {
    const told = [...commands.matchAll(/-(?:I|isystem|iquote|idirafter|include)\s*(\S+)/g)];
    expect(told.map(([, path]) => resolve(path!)).sort()).toEqual([
      join(ROOT, "native", "core"),
      join(ROOT, "node_modules", "node-addon-api"),
      join(ROOT, "node_modules", "node-api-headers", "include"),
    ]);
  });

  it("opens Node's headers in the two packages alone", () => {
    const opened = [...built.stderr.matchAll(/^\.+ (\S+)$/gm)].map(([, path]) => resolve(path!));
    const nodes = opened.filter((path) => OF_NODE.test(path));
    expect(nodes.map((path) => path.replace(/.*\//, ""))).toEqual(
      expect.arrayContaining(["napi.h", "node_api.h", "js_native_api.h"]),
    );
    const packages = ["node-addon-api", "node-api-headers"].map((name) =>
      join(ROOT, "node_modules", name, "/"),
    );
    const elsewhere = (path: string) => !packages.some((each) => path.startsWith(each));
    expect(nodes.filter(elsewhere)).toEqual([]);
    const users = opened.filter((path) => path.includes("node-gyp") || path.startsWith(home));
    expect(users).toEqual([]);
  });
});
