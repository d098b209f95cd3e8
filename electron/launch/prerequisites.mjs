// What must be on the machine before anything can be installed or built, each with the line that installs it.
import { spawnSync } from "node:child_process";
import { Refusal } from "./say.mjs";

const NODE = [20, 19];

/** Whether a Node version such as "20.20.2" is new enough. */
export function nodeIsNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
}

function works(command, args = ["--version"]) {
  const { status } = spawnSync(command, args, { stdio: "ignore" });
  return status === 0;
}

/** What is missing on this machine: name and the line that installs it. `probe` is replaced in tests. */
export function missingTools(probe = works, version = process.versions.node, env = process.env) {
  const missing = [];
  if (!nodeIsNewEnough(version)) {
    missing.push({
      name: `Node ${NODE.join(".")} or newer (this is ${version})`,
      fix: "install it from https://nodejs.org, or with your distribution's packages",
    });
  }
  if (!probe(env.CXX || "g++")) {
    missing.push({ name: "a C++20 compiler (g++ 11 or newer)", fix: "sudo apt install g++" });
  }
  if (!probe("make")) missing.push({ name: "make", fix: "sudo apt install make" });
  return missing;
}

/** Refuses with one line per missing tool. Python is not needed: the addon is built by make alone. */
export function checkPrerequisites() {
  const missing = missingTools();
  if (missing.length === 0) return;
  throw new Refusal(
    ["The studio cannot be built yet. Missing:"]
      .concat(missing.map(({ name, fix }) => `  ${name}\n      ${fix}`))
      .join("\n"),
  );
}
