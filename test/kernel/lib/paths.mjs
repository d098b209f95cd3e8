// Where the kernel test environment keeps its things.

import path from "node:path";
import { fileURLToPath } from "node:url";

import { Sentence } from "./say.mjs";

export const kernelFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const repository = path.resolve(kernelFolder, "../..");
export const cache = path.join(repository, ".cache", "kernel");

/** What the packages hold, unpacked: kernel, modules, headers, source files, busybox, udev. */
export const unpacked = path.join(cache, "unpacked");
export const vmlinuz = path.join(cache, "vmlinuz");
export const moduleBuild = path.join(cache, "driver");
export const toolBuild = path.join(cache, "tools");
export const initramfs = path.join(cache, "initramfs.cpio");
export const busybox = path.join(unpacked, "bin", "busybox");

/** The kernel's build system splits its arguments at spaces and colons. */
export function checkPath() {
  if (/[\s:]/.test(repository)) {
    throw new Sentence(
      `Kernel modules cannot be built below a path with spaces or colons (${repository}): ` +
        "move the repository to run the kernel suite.",
    );
  }
}
