// Debian packages that the tests need. As root they are installed; otherwise what is missing is said.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { run } from "./run.mjs";
import { step } from "./say.mjs";

export const isRoot = () => process.getuid?.() === 0;

const onPath = (name) =>
  spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0;

/** Packages by suite, each with the test that it is there already. */
const PACKAGES = {
  native: [{ name: "doctest-dev", there: () => existsSync("/usr/include/doctest/doctest.h") }],
  browser: [
    { name: "chromium", there: () => onPath("chromium") },
    { name: "fonts-dejavu-core", there: () => existsSync("/usr/share/fonts/truetype/dejavu") },
    { name: "fonts-liberation", there: () => existsSync("/usr/share/fonts/truetype/liberation") },
  ],
  readers: [
    {
      name: "python3-numpy",
      there: () => spawnSync("/usr/bin/python3", ["-c", "import numpy"]).status === 0,
    },
    { name: "octave", there: () => onPath("octave-cli") || onPath("octave") },
  ],
};

let updated = false;

/** The machine as it is; tests give another. */
const MACHINE = {
  isRoot,
  onPath,
  exec: run,
  missing: (suite) => PACKAGES[suite].filter((each) => !each.there()).map((each) => each.name),
};

/** Installs what a suite needs. Answers null if it is there, else the reason why the suite can't run. */
export async function ensureApt(suite, machine = MACHINE) {
  const names = machine.missing(suite);
  if (names.length === 0) return null;
  const args = ["install", "-y", "--no-install-recommends", ...names];
  if (!machine.onPath("apt-get")) return `${names.join(", ")} missing, and this is no Debian`;
  if (!machine.isRoot())
    return `missing packages; install them with: sudo apt-get ${args.join(" ")}`;
  step(`installing ${names.join(", ")}`);
  const options = { capture: true, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  if (!updated) await machine.exec("apt-get", ["update", "-qq"], options);
  updated = true;
  const { output } = await machine.exec("apt-get", args, options);
  return machine.missing(suite).length === 0
    ? null
    : `apt could not install them: ${output.trim().split("\n").pop()}`;
}
