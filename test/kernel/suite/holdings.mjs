// What this process holds of the kernel's: descriptors, mappings of blocks and files, threads of the core. Counted
// before and after, so that one that was not given back is found.

import fs from "node:fs";

import { until, withHost } from "./studio.mjs";

/** Numbers are names of devices, blocks and recordings. */
const kindOf = (target) => target.replace(/\d+/g, "N");

function count(kinds) {
  const counts = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readOrNull(read) {
  try {
    return read();
  } catch {
    // It has just gone.
    return null;
  }
}

function files() {
  return fs
    .readdirSync("/proc/self/fd")
    .map((fd) => readOrNull(() => fs.readlinkSync(`/proc/self/fd/${fd}`)))
    .filter((target) => target !== null && !/^\/proc\//.test(target))
    .map(kindOf);
}

function mappings() {
  return fs
    .readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .map((line) => line.split(/\s+/).slice(5).join(" "))
    .filter((name) => /dmabuf|memfd|udmabuf|iio:|\/run\/disk|sigmf/.test(name))
    .map(kindOf);
}

/** Those of the pools that the addon keeps from their first use on are left out. */
function threads() {
  return fs
    .readdirSync("/proc/self/task")
    .map((task) => readOrNull(() => fs.readFileSync(`/proc/self/task/${task}/comm`, "utf8").trim()))
    .filter((name) => name?.startsWith("iio-") && !/^iio-(work|query|file|disk)$/.test(name));
}

/** {files, mappings, threads}: how many of each kind. */
export const holdings = () => ({
  files: count(files()),
  mappings: count(mappings()),
  threads: count(threads()),
});

/** "files /dmabuf:: 16" for each kind of which there are more now. */
function grown(before, now) {
  return Object.entries(now).flatMap(([what, kinds]) =>
    Object.entries(kinds)
      .filter(([kind, number]) => number > (before[what][kind] ?? 0))
      .map(([kind, number]) => `${what} ${kind}: ${number - (before[what][kind] ?? 0)}`),
  );
}

let warm = false;

/** Runs a function and waits until all that it took of the kernel is given back. */
export async function givesAllBack(body) {
  // What a process takes once and keeps.
  if (!warm) await withHost(async ({ client }) => client.request("inventory.get", {}));
  warm = true;
  const before = holdings();
  await body();
  const left = () => grown(before, holdings());
  await until(
    () => left().length === 0,
    () => `what was taken to be given back: ${left().join(", ")}`,
  );
}
