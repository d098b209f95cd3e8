// One boot of the test kernel in QEMU: runs one command inside and passes its output on.

import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

import { cache, initramfs, kernelFolder, repository, toolBuild, vmlinuz } from "./paths.mjs";
import { Sentence, say } from "./say.mjs";
import { run } from "./shell.mjs";

/** Numeric id of the plain user inside; see guest/as-user. */
const userId = 2000;

const kernelParameters = [
  "console=ttyS0",
  "loglevel=4",
  "oops=panic",
  "panic=-1",
  "mitigations=off",
  "nokaslr",
  "audit=0",
  "tsc=reliable",
  "clocksource=tsc",
];

/**
 * @typedef {object} Boot
 * @property {string} [name] tells its console's log from those of machines beside it
 * @property {string[]} command program and arguments, found on the host's file system
 * @property {Record<string, string>} environment variables set inside
 * @property {string} results folder on the host that is writable inside at /run/results
 * @property {number} memoryMiB
 * @property {number} processors
 * @property {number} diskGiB size of the ext4 file system at /run/disk
 * @property {string} diskCache QEMU's cache mode for it
 * @property {number} [diskMBps] writes no faster than so many MB/s, as a slower disk would
 * @property {string} append more kernel parameters
 * @property {number} bootSeconds how long the start of the command may take
 * @property {number} timeoutSeconds how long the command may run
 * @property {boolean} verbose show the kernel's console
 *
 * @typedef {{kind: "exited", code: number, bootSeconds: number, consoleLog: string}
 *   | {kind: "died", began: boolean, reason: string, consoleLog: string}} Ending
 */

function quote(text) {
  return `'${String(text).replaceAll("'", "'\\''")}'`;
}

function writeExchange(folder, boot) {
  const lines = Object.entries(boot.environment).map(
    ([name, value]) => `export ${name}=${quote(value)}\n`,
  );
  const command = boot.command.map(quote).join(" ");
  fs.mkdirSync(folder);
  fs.copyFileSync(path.join(kernelFolder, "guest/session"), path.join(folder, "session"));
  fs.writeFileSync(
    path.join(folder, "settings"),
    `REPOSITORY=${quote(repository)}\nUSER_ID=${userId}\n`,
  );
  fs.writeFileSync(
    path.join(folder, "command"),
    `${lines.join("")}cd ${quote(boot.folder)}\nexec ${command}\n`,
  );
}

function makeDisk(file, gibibytes) {
  fs.closeSync(fs.openSync(file, "w"));
  fs.truncateSync(file, gibibytes * 2 ** 30);
  const features = "lazy_itable_init=1,lazy_journal_init=1,nodiscard";
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  run("mkfs.ext4", ["-q", "-F", "-m", "0", "-E", features, file], { env });
}

function share(tag, folder, readOnly) {
  const options = `security_model=none,multidevs=remap${readOnly ? ",readonly=on" : ""}`;
  return ["-virtfs", `local,path=${folder},mount_tag=${tag},id=${tag},${options}`];
}

function qemuArguments(boot, folder, sockets) {
  const port = (name) => [
    "-chardev",
    `socket,id=${name},path=${sockets[name]}`,
    "-device",
    `virtserialport,chardev=${name},name=studio.${name}`,
  ];
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-machine", "pc", "-accel", "tcg,thread=multi"],
    // Without "fast string moves" the kernel copies by words, which the emulator does faster.
    ...["-cpu", "max,-erms,-fsrm", "-smp", String(boot.processors), "-m", `${boot.memoryMiB}M`],
    ...["-kernel", vmlinuz, "-initrd", initramfs],
    ...["-append", [...kernelParameters, boot.append].join(" ").trim()],
    ...["-chardev", `file,id=console,path=${path.join(folder, "console.log")}`],
    ...["-serial", "chardev:console"],
    ...["-device", "virtio-serial", ...port("out"), ...port("err"), ...port("control")],
    "-drive",
    [
      `file=${path.join(folder, "disk.img")},format=raw,if=virtio,cache=${boot.diskCache}`,
      ...(boot.diskMBps ? [`throttling.bps-write=${boot.diskMBps * 1e6}`] : []),
    ].join(","),
    ...share("root", "/", true),
    ...share("exchange", path.join(folder, "exchange"), true),
    ...share("results", boot.results, false),
    ...["-device", "virtio-rng"],
  ];
}

/** Listens on a UNIX socket; hands each connection to the callback. */
function listen(file, onConnection) {
  return new Promise((resolve, reject) => {
    const server = net.createServer(onConnection);
    server.once("error", reject);
    server.listen(file, () => resolve(server));
  });
}

function forward(socket, stream) {
  socket.pipe(stream, { end: false });
  socket.on("error", () => {});
}

/** Starts QEMU and waits for its end, or ends it when a deadline passes. */
async function runMachine(boot, folder, sockets) {
  const started = Date.now();
  const state = { began: 0, code: null, reason: "" };
  let deadline = null;
  let qemu = null;
  const end = (reason) => {
    state.reason ||= reason;
    qemu?.kill("SIGKILL");
  };
  const onControl = (line) => {
    const [word, value] = line.split(" ");
    if (word === "begin") {
      state.began = Date.now();
      clearTimeout(deadline);
      const seconds = boot.timeoutSeconds;
      deadline = setTimeout(() => end(`the command ran for over ${seconds} s`), seconds * 1000);
    } else if (word === "exit") {
      state.code = Number(value);
      clearTimeout(deadline);
      deadline = setTimeout(() => end("the machine did not switch off"), 30_000);
    }
  };
  const servers = await Promise.all([
    listen(sockets.out, (socket) => forward(socket, process.stdout)),
    listen(sockets.err, (socket) => forward(socket, process.stderr)),
    listen(sockets.control, (socket) => {
      let rest = "";
      socket.on("error", () => {});
      socket.on("data", (data) => {
        const lines = (rest + data).split("\n");
        rest = lines.pop();
        lines.forEach(onControl);
      });
    }),
  ]);

  qemu = spawn("qemu-system-x86_64", qemuArguments(boot, folder, sockets), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  qemu.stderr.on("data", (data) => (complaint += data));
  const bootLimit = boot.bootSeconds;
  deadline = setTimeout(() => end(`no start within ${bootLimit} s`), bootLimit * 1000);
  const onSignal = () => end("interrupted");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, onSignal);
  await new Promise((resolve) => {
    qemu.once("error", (error) => {
      complaint += error.message;
      resolve();
    });
    qemu.once("close", resolve);
  });
  clearTimeout(deadline);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(signal, onSignal);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { ...state, complaint, bootSeconds: (state.began - started) / 1000 };
}

function describeDeath({ reason, complaint }, consoleLog) {
  if (reason) return reason;
  if (/Kernel panic|Oops|BUG:/.test(consoleLog)) return "the kernel died";
  return complaint.trim() || "the machine stopped by itself";
}

/**
 * Boots once and runs the command.
 * @param {Boot} boot
 * @returns {Promise<Ending>}
 */
export async function bootOnce(boot) {
  fs.mkdirSync(boot.results, { recursive: true });
  const folder = fs.mkdtempSync(path.join(cache, "run-"));
  // The path of a UNIX socket must be short.
  const socketFolder = fs.mkdtempSync(path.join(os.tmpdir(), "iio-kernel-"));
  const sockets = Object.fromEntries(
    ["out", "err", "control"].map((name) => [name, path.join(socketFolder, name)]),
  );
  try {
    writeExchange(path.join(folder, "exchange"), boot);
    makeDisk(path.join(folder, "disk.img"), boot.diskGiB);
    const end = await runMachine(boot, folder, sockets);
    const consoleFile = path.join(folder, "console.log");
    const consoleLog = fs.existsSync(consoleFile) ? fs.readFileSync(consoleFile, "utf8") : "";
    if (boot.verbose) process.stderr.write(consoleLog);
    if (end.reason === "interrupted") throw new Sentence("Interrupted.");
    if (end.code === null || end.reason) {
      const reason = describeDeath(end, consoleLog);
      return { kind: "died", began: end.began > 0, reason, consoleLog };
    }
    return { kind: "exited", code: end.code, bootSeconds: end.bootSeconds, consoleLog };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
    fs.rmSync(socketFolder, { recursive: true, force: true });
  }
}

/** Boots, again when the machine died before the command began; returns the exit code. */
export async function runInside(boot, attempts = 4) {
  for (let left = attempts; ; left--) {
    const ending = await bootOnce(boot);
    const log = path.join(cache, boot.name ? `console-${boot.name}.log` : "console.log");
    fs.writeFileSync(log, ending.consoleLog);
    if (ending.kind === "exited") {
      say(`command ended with ${ending.code}; it began ${ending.bootSeconds.toFixed(1)} s in`);
      const warnings = ending.consoleLog.match(/WARNING: |BUG: /g)?.length ?? 0;
      if (warnings > 0) say(`the kernel warned ${warnings} times, see ${log}`);
      return ending.code;
    }
    if (ending.began || left === 1) {
      const tail = ending.consoleLog.trimEnd().split("\n").slice(-40).join("\n");
      throw new Sentence(`${tail}\nThe test kernel failed: ${ending.reason}. Log: ${log}`);
    }
    say(`the machine died at boot (${ending.reason}); starting again`);
  }
}

/** What the command finds in its environment. */
export function environmentInside() {
  return {
    KERNEL_TEST: "1",
    KERNEL_TEST_RESULTS: "/run/results",
    KERNEL_TEST_DISK: "/run/disk",
    KERNEL_TEST_TOOLS: toolBuild,
    KERNEL_TEST_CONTROL: "/sys/kernel/debug/iio-studio",
    KERNEL_TEST_GUEST: path.join(kernelFolder, "guest"),
    // How often the suite kills a recording (past.suite.mjs); by hand: a hundred times.
    ...(process.env.KERNEL_TEST_KILLS && { KERNEL_TEST_KILLS: process.env.KERNEL_TEST_KILLS }),
  };
}
