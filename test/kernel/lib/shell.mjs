// Running other programs, and remembering what a result was made from.

import { spawnSync } from "node:child_process";
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { Sentence } from "./say.mjs";

/** Runs a program to its end; returns {ok, stdout, stderr}. Never throws. */
export function attempt(program, args, options = {}) {
  const result = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 << 20,
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  return {
    ok: result.status === 0,
    stdout: result.stdout ?? "",
    stderr: result.error ? String(result.error.message) : (result.stderr ?? ""),
  };
}

/** Runs a program that has to succeed; returns what it printed. */
export function run(program, args, options = {}) {
  const result = attempt(program, args, options);
  if (!result.ok) {
    const tail = (result.stderr + result.stdout).trim().split("\n").slice(-30).join("\n");
    throw new Sentence(`"${program} ${args.join(" ")}" failed:\n${tail}`);
  }
  return result.stdout;
}

/** Runs a shell pipeline that has to succeed; the arguments are $1, $2 ... in the script. */
export function pipeline(script, ...args) {
  return run("bash", ["-o", "pipefail", "-c", script, "pipeline", ...args]);
}

export function hasProgram(name) {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => fs.existsSync(path.join(folder, name)));
}

/** SHA-256 over the contents of files and over strings, in order. */
export function fingerprint(files, ...strings) {
  const hash = crypto.createHash("sha256");
  for (const file of files) hash.update(path.basename(file)).update(fs.readFileSync(file));
  for (const text of strings) hash.update(text);
  return hash.digest("hex");
}

/** Calls make() unless the stamp file says that the same inputs were used and outputs exist. */
export function unlessFresh(stamp, key, outputs, make) {
  const fresh =
    fs.existsSync(stamp) &&
    fs.readFileSync(stamp, "utf8") === key &&
    outputs.every((output) => fs.existsSync(output));
  if (fresh) return false;
  fs.rmSync(stamp, { force: true });
  make();
  fs.writeFileSync(stamp, key);
  return true;
}

/** All regular files of one folder, sorted. */
export function filesIn(folder) {
  return fs
    .readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name))
    .filter((file) => fs.statSync(file).isFile());
}
