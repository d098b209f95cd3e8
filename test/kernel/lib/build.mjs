// Builds the driver, the C programs and the initramfs, each only when its inputs changed.

import fs from "node:fs";
import path from "node:path";

import { busybox, initramfs, kernelFolder, moduleBuild, toolBuild, unpacked } from "./paths.mjs";
import { say } from "./say.mjs";
import { filesIn, fingerprint, pipeline, run, unlessFresh } from "./shell.mjs";

// Loaded at boot, each after what it depends on.
const wanted = [
  "9pnet_virtio",
  "9p",
  "virtio_blk",
  "ext4",
  "configfs",
  "crc32c_generic",
  "industrialio",
  "kfifo_buf",
  "industrialio-triggered-buffer",
  "industrialio-sw-trigger",
  "iio-trig-hrtimer",
  "iio-trig-sysfs",
];
const ours = ["industrialio-buffer-dma", "iio-studio-test"];

/** Builds industrialio-buffer-dma.ko and iio-studio-test.ko. */
export function buildDriver({ release }) {
  const sources = [
    ...filesIn(path.join(kernelFolder, "driver")),
    path.join(unpacked, "source/drivers/iio/buffer/industrialio-buffer-dma.c"),
  ];
  const modules = ours.map((name) => path.join(moduleBuild, `${name}.ko`));
  unlessFresh(`${moduleBuild}.stamp`, fingerprint(sources, release), modules, () => {
    say("building the driver");
    fs.rmSync(moduleBuild, { recursive: true, force: true });
    fs.mkdirSync(moduleBuild, { recursive: true });
    for (const source of sources) {
      fs.copyFileSync(source, path.join(moduleBuild, path.basename(source)));
    }
    const headers = path.join(unpacked, "usr/src", `linux-headers-${release}`);
    // Type information would need pahole, and nothing here reads it.
    run("make", [
      "-j2",
      "-C",
      headers,
      `M=${moduleBuild}`,
      "CONFIG_DEBUG_INFO_BTF_MODULES=",
      "modules",
    ]);
  });
  return modules;
}

/** Builds each program of tools/: NAME.c with the common files, into the cache. */
export function buildTools() {
  const folder = path.join(kernelFolder, "tools");
  const sources = filesIn(folder);
  const names = sources
    .map((file) => path.basename(file))
    .filter((name) => name.endsWith(".c") && !name.startsWith("common"))
    .map((name) => name.slice(0, -2));
  const outputs = names.map((name) => path.join(toolBuild, name));
  unlessFresh(`${toolBuild}.stamp`, fingerprint(sources), outputs, () => {
    say(`building ${names.join(", ")}`);
    fs.mkdirSync(toolBuild, { recursive: true });
    const common = sources.filter((file) => /\/common[^/]*\.c$/.test(file));
    for (const name of names) {
      const flags = ["-O2", "-g", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-pthread"];
      const program = path.join(toolBuild, name);
      run("gcc-12", [...flags, "-o", program, path.join(folder, `${name}.c`), ...common]);
    }
  });
}

function findModules(folder, found = new Map()) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) findModules(file, found);
    else if (/\.ko(\.xz)?$/.test(entry.name)) {
      found.set(entry.name.replace(/\.ko(\.xz)?$/, "").replaceAll("-", "_"), file);
    }
  }
  return found;
}

function copyModule(file, target) {
  if (file.endsWith(".xz")) pipeline('xz -dc "$1" > "$2"', file, target);
  else fs.copyFileSync(file, target);
}

// Modules name what they need in their .modinfo section as "depends=a,b"; soft dependencies
// (checksums for ext4) are named in the list above.
function dependenciesOf(file) {
  const depends = /\0depends=([^\0]*)\0/.exec(fs.readFileSync(file, "latin1"))?.[1] ?? "";
  return depends.split(",").filter((name) => name !== "");
}

/** Copies the modules, unpacked, and returns their names in the order of loading. */
function collectModules(folder, driver) {
  const available = findModules(path.join(unpacked, "lib/modules"));
  for (const file of driver) available.set(path.basename(file, ".ko").replaceAll("-", "_"), file);
  const order = [];
  const add = (name) => {
    const key = name.replaceAll("-", "_");
    const source = available.get(key);
    // What is not a file is built into the kernel.
    if (order.includes(key) || source === undefined) return;
    const target = path.join(folder, `${key}.ko`);
    copyModule(source, target);
    for (const dependency of dependenciesOf(target)) add(dependency);
    order.push(key);
  };
  for (const name of [...wanted, ...ours]) add(name);
  return order;
}

/** Packs busybox, the modules and guest/init. */
export function buildInitramfs({ release }, driver) {
  const init = path.join(kernelFolder, "guest", "init");
  const key = fingerprint([init, busybox, ...driver], release, wanted.join(" "));
  unlessFresh(`${initramfs}.stamp`, key, [initramfs], () => {
    say("packing the initramfs");
    const root = `${initramfs}.root`;
    fs.rmSync(root, { recursive: true, force: true });
    for (const folder of ["bin", "dev", "proc", "sys", "new", "modules"]) {
      fs.mkdirSync(path.join(root, folder), { recursive: true });
    }
    fs.copyFileSync(busybox, path.join(root, "bin/busybox"));
    fs.symlinkSync("busybox", path.join(root, "bin/sh"));
    fs.copyFileSync(init, path.join(root, "init"));
    fs.chmodSync(path.join(root, "init"), 0o755);
    const order = collectModules(path.join(root, "modules"), driver);
    fs.writeFileSync(path.join(root, "modules/order"), `${order.join("\n")}\n`);
    pipeline('cd "$1" && find . | "$2" cpio -o -H newc -R 0:0 > "$3"', root, busybox, initramfs);
    fs.rmSync(root, { recursive: true, force: true });
  });
}
