#!/usr/bin/env node
// Boots the test kernel and runs a command inside: node test/kernel/run.mjs [OPTIONS] COMMAND...

import path from "node:path";

import { environmentInside, runInside } from "./lib/machine.mjs";
import { cache, kernelFolder } from "./lib/paths.mjs";
import { Sentence, runMain } from "./lib/say.mjs";
import { setUp } from "./setup.mjs";

const usage = `usage: node test/kernel/run.mjs [OPTIONS] COMMAND [ARGUMENT...]
  --results DIR      folder that is writable inside at /run/results (default .cache/kernel/results)
  --timeout SECONDS  how long the command may run (default 600)
  --memory MIB       default 2048
  --cpus N           default 2
  --disk GIB         size of the ext4 file system at /run/disk (default 4)
  --disk-cache MODE  QEMU's cache mode for it (default unsafe; none for benchmarks)
  --disk-rate MB/S   lets it take writes no faster than that
  --append TEXT      more kernel parameters
  --udev-rule FILE   start udevd with this rule before the command
  --user             run the command as a plain user; with --group NAME (again for more)
  --env NAME=VALUE   set a variable inside
  --verbose          show the kernel's console at the end`;

const withValue = {
  "--results": (boot, value) => (boot.results = path.resolve(value)),
  "--timeout": (boot, value) => (boot.timeoutSeconds = number(value)),
  "--memory": (boot, value) => (boot.memoryMiB = number(value)),
  "--cpus": (boot, value) => (boot.processors = number(value)),
  "--disk": (boot, value) => (boot.diskGiB = number(value)),
  "--disk-cache": (boot, value) => (boot.diskCache = value),
  "--disk-rate": (boot, value) => (boot.diskMBps = number(value)),
  "--append": (boot, value) => (boot.append = value),
  "--udev-rule": (boot, value) => (boot.udevRule = path.resolve(value)),
  "--group": (boot, value) => boot.groups.push(value),
  "--env": (boot, value) => {
    const split = value.indexOf("=");
    if (split < 1) throw new Sentence(`--env wants NAME=VALUE, not "${value}".`);
    boot.environment[value.slice(0, split)] = value.slice(split + 1);
  },
};
const flags = {
  "--user": (boot) => (boot.user = true),
  "--verbose": (boot) => (boot.verbose = true),
};

function number(text) {
  const value = Number(text);
  if (!(value > 0)) throw new Sentence(`"${text}" is not a positive number.\n${usage}`);
  return value;
}

function parse(words) {
  const boot = {
    command: [],
    folder: process.cwd(),
    environment: environmentInside(),
    results: path.join(cache, "results"),
    memoryMiB: 2048,
    processors: 2,
    diskGiB: 4,
    diskCache: "unsafe",
    append: "",
    bootSeconds: 90,
    timeoutSeconds: 600,
    groups: [],
    verbose: false,
  };
  let at = 0;
  for (; words[at]?.startsWith("--"); at++) {
    const option = words[at];
    if (option === "--help") {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    if (option === "--") {
      at++;
      break;
    }
    if (flags[option]) flags[option](boot);
    else if (withValue[option] && at + 1 < words.length) withValue[option](boot, words[++at]);
    else throw new Sentence(`Unknown option or missing value: ${option}\n${usage}`);
  }
  boot.command = words.slice(at);
  if (boot.command.length === 0) throw new Sentence(usage);
  return boot;
}

// Root's part comes first, then the change of user.
function wrapCommand(boot) {
  const helper = (name) => path.join(kernelFolder, "guest", name);
  if (boot.user) {
    const groups = boot.groups.flatMap((name) => ["--group", name]);
    boot.command = [helper("as-user"), ...groups, ...boot.command];
  }
  if (boot.udevRule) boot.command = [helper("with-udev"), boot.udevRule, ...boot.command];
}

await runMain(async () => {
  const boot = parse(process.argv.slice(2));
  await setUp();
  wrapCommand(boot);
  return runInside(boot);
});
