// The studio as the suite uses it: its command line as a program, and its host in this process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** The studio's own copy inside, which every user may read; the repository may be root's alone. */
const studio = "/run/studio";
const disk = process.env.KERNEL_TEST_DISK;
const asUserScript = path.join(process.env.KERNEL_TEST_GUEST, "as-user");

/** Deadline of anything that is waited for: far above what it takes, so that no test is a race. */
export const patienceSeconds = 180;

/** Copies what is tested from the host; once, before the first test. */
export function installStudio() {
  fs.cpSync(process.env.KERNEL_TEST_STUDIO, studio, { recursive: true });
  fs.chmodSync(studio, 0o755);
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until the function answers something true, and returns that. */
export async function until(look, what, seconds = patienceSeconds) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > end) {
      throw new Error(`waited ${seconds} s for ${typeof what === "function" ? what() : what}`);
    }
    await sleep(20);
  }
}

function folders(home) {
  return {
    HOME: home,
    XDG_CONFIG_HOME: `${home}/config`,
    XDG_STATE_HOME: `${home}/state`,
    XDG_CACHE_HOME: `${home}/cache`,
    XDG_RUNTIME_DIR: `${home}/runtime`,
  };
}

const alive = new Set();

/** Kills what a test left running, so that the next finds the devices free. */
export async function endAll() {
  for (const program of alive) {
    program.signal("SIGCONT");
    program.signal("SIGKILL");
    await program.ended;
  }
}

/** A run of the command line. */
export class Program {
  stdout = "";
  stderr = "";

  /** `openFiles`: how many it may have, where that is not what the kernel gives it. */
  constructor(args, { user = false, groups = [], home = null, openFiles = null } = {}) {
    const words = [process.execPath, path.join(studio, "dist/cli/cli.js"), ...args];
    if (openFiles !== null) words.unshift("prlimit", `--nofile=${openFiles}:${openFiles}`);
    if (user) words.unshift(asUserScript, ...groups.flatMap((group) => ["--group", group]));
    this.args = args;
    this.child = spawn(words[0], words.slice(1), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...folders(home ?? (user ? "/run/home-user" : "/run/home")) },
    });
    this.child.stdout.setEncoding("utf8").on("data", (text) => (this.stdout += text));
    this.child.stderr.setEncoding("utf8").on("data", (text) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      alive.add(this);
      this.child.once("close", (status, signal) => {
        alive.delete(this);
        this.status = status;
        this.signalled = signal;
        resolve(this);
      });
    });
  }

  get pid() {
    return this.child.pid;
  }

  signal(name) {
    this.child.kill(name);
  }

  /** Its end; kills it when that takes too long. */
  async end(seconds = patienceSeconds) {
    const late = setTimeout(() => this.child.kill("SIGKILL"), seconds * 1000);
    await this.ended;
    clearTimeout(late);
    assert.notEqual(this.signalled, "SIGKILL", `${this} did not end within ${seconds} s`);
    return this;
  }

  /** What --json printed. */
  get json() {
    try {
      return JSON.parse(this.stdout);
    } catch {
      throw new Error(`${this} printed no JSON object`);
    }
  }

  toString() {
    const output = `${this.stdout.slice(0, 4000)}${this.stderr}`.replace(/^/gm, "      ");
    return `${this.args.join(" ")} (status ${this.status}, ${this.signalled})\n${output}\n`;
  }
}

/** Runs a command that has to succeed and returns its JSON object. */
export async function run(args, options) {
  const program = await new Program([...args, "--json"], options).end(options?.seconds);
  assert.equal(program.status, 0, `${program}`);
  return program.json;
}

/** Runs a command that has to fail with a sentence, and returns the error; `matching` is what it has to say. */
export async function refused(args, matching, options) {
  const program = await new Program([...args, "--json"], options).end(options?.seconds);
  assert.equal(program.status, 1, `${program}`);
  const { error } = program.json;
  assertSentence(error.message);
  assert.match(error.message, matching);
  return error;
}

/** A cause and a next step: a sentence, not a code, without an exclamation mark. */
export function assertSentence(text) {
  assert.match(text, /^\S.* .*\.$/s, `no sentence: ${text}`);
  assert.doesNotMatch(text, /!|undefined|\[object|NaN/);
}

let recordings = 0;

/** A base name in an empty folder of its own on the disk. */
export function newRecording(name = "recording") {
  const folder = path.join(disk, `${String(++recordings).padStart(3, "0")}-${name}`);
  fs.mkdirSync(folder);
  fs.chmodSync(folder, 0o777);
  return path.join(folder, name);
}

/** Records to the end and returns {out, result, notes}. `args` without `record` and `--out`. */
export async function record(args, { out = newRecording(), ...options } = {}) {
  const program = new Program(["record", ...args, "--out", out, "--json"], options);
  await program.end(options.seconds ?? 300);
  assert.equal(program.status, 0, `${program}`);
  return { out, result: program.json, notes: program.stderr };
}

/** Begins a recording that the test ends: {out, program, stop()}. */
export function beginRecording(args, { out = newRecording(), ...options } = {}) {
  const program = new Program(["record", ...args, "--out", out, "--json"], options);
  return {
    out,
    program,
    /** Ctrl+C; the recording's result. */
    async stop() {
      program.signal("SIGINT");
      await program.end();
      assert.equal(program.status, 0, `${program}`);
      return program.json;
    },
  };
}

/** `verify` has nothing to complain of. */
export async function verify(out, options) {
  const report = await run(["verify", out], options);
  assert.deepEqual(report.faults, []);
  return report;
}

let module = null;

async function studioModule() {
  module ??= await import(pathToFileURL(path.join(studio, "host/host.js")).href);
  return module;
}

export async function addon() {
  return (await studioModule()).loadAddon();
}

/** The same as `verify`, without a program of its own. */
export async function verifyHere(out) {
  const { faults } = await (await studioModule()).verifyRecording(out);
  assert.deepEqual(faults, []);
}

/** A host in this process and a client of it, for the length of a function. */
export async function withHost(use, { recordingsFolder = path.dirname(newRecording()) } = {}) {
  const { createHost, portPair, StudioClient, PROTOCOL } = await studioModule();
  Object.assign(process.env, folders("/run/home"));
  const host = await createHost({
    version: "0.0.0",
    shell: "cli",
    roots: { sysfs: "/sys", dev: "/dev" },
    recordingsFolder,
  });
  const [mine, its] = portPair();
  host.connect(its);
  const client = new StudioClient(mine);
  try {
    const hello = await client.request("hello", { protocol: PROTOCOL });
    return await use({ client, hello, host, find: (name) => deviceIn(hello.inventory, name) });
  } finally {
    client.close();
    await host.close();
  }
}

/** The device of this driver's name in an inventory. */
export function deviceIn(inventory, name) {
  const device = inventory.devices.find((each) => each.name === name);
  assert.ok(device, `no device ${name}`);
  return device;
}
