// Debian's 6.12 kernel, its modules, headers and source, busybox and udev: fetched by apt and
// unpacked into the cache. Nothing is installed on the machine except QEMU (and, where they are
// missing, the compiler and two small tools), which needs root.

import fs from "node:fs";
import path from "node:path";

import { cache, unpacked, vmlinuz } from "./paths.mjs";
import { Sentence, say } from "./say.mjs";
import { attempt, hasProgram, pipeline, run } from "./shell.mjs";

const series = "6.12";
const stamp = path.join(cache, "packages.json");

const programs = [
  ["qemu-system-x86_64", "qemu-system-x86"],
  ["gcc-12", "gcc-12"],
  ["make", "make"],
  ["xz", "xz-utils"],
  ["mkfs.ext4", "e2fsprogs"],
];

// Only what the test kernel loads, and the code those modules may depend on.
const modulePaths = [
  "drivers/iio/*",
  "drivers/block/virtio_blk*",
  "fs/9p/*",
  "fs/configfs/*",
  "fs/ext4/*",
  "fs/jbd2/*",
  "fs/mbcache*",
  "fs/netfs/*",
  "net/9p/*",
  "lib/*",
  "crypto/*",
  "arch/x86/crypto/*",
];

const sourceFiles = ["drivers/iio/buffer/industrialio-buffer-dma.c"];

function isRoot() {
  return process.getuid() === 0;
}

function ensurePrograms() {
  const missing = programs.filter(([program]) => !hasProgram(program));
  if (missing.length === 0) return;
  const names = missing.map(([, name]) => name).join(" ");
  if (!isRoot()) {
    throw new Sentence(
      `The kernel suite needs ${missing.map(([program]) => program).join(", ")}: ` +
        `sudo apt install --no-install-recommends ${names}`,
    );
  }
  say(`installing ${names}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "--no-install-recommends", ...names.split(" ")];
  if (attempt("apt-get", install, { env }).ok) return;
  attempt("apt-get", ["update"], { env });
  run("apt-get", install, { env });
}

// Options that give apt a state of its own, for machines whose apt does not know the 6.12 series
// (it is in Debian 12's security archive and in its backports) or whose lists are out of date.
function privateApt() {
  const folder = path.join(cache, "apt");
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const signed = fs.existsSync(keyring) ? `[signed-by=${keyring}] ` : "";
  const archives = [
    "http://deb.debian.org/debian bookworm",
    "http://deb.debian.org/debian-security bookworm-security",
    "http://deb.debian.org/debian bookworm-backports",
  ];
  fs.mkdirSync(path.join(folder, "lists", "partial"), { recursive: true });
  fs.mkdirSync(path.join(folder, "cache", "archives", "partial"), { recursive: true });
  fs.writeFileSync(
    path.join(folder, "sources.list"),
    archives.map((archive) => `deb ${signed}${archive} main\n`).join(""),
  );
  return [
    ["Dir::Etc::SourceList", path.join(folder, "sources.list")],
    ["Dir::Etc::SourceParts", "/dev/null"],
    ["Dir::State::Lists", path.join(folder, "lists")],
    ["Dir::Cache", path.join(folder, "cache")],
    ["APT::Get::List-Cleanup", "false"],
  ].flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

function field(text, name) {
  return new RegExp(`^${name}: *(.*)$`, "m").exec(text)?.[1];
}

/** The newest 6.12 kernel that this apt knows, or null. */
function findKernel(apt) {
  const meta = ["show", "--no-all-versions", `linux-image-${series}-amd64`];
  const shown = attempt("apt-cache", [...apt, ...meta]);
  const image = /\blinux-image-(\S+-amd64)\b/.exec(field(shown.stdout, "Depends") ?? "");
  const version = field(shown.stdout, "Version");
  return shown.ok && image && version ? { release: image[1], version } : null;
}

function packageNames({ release, version }) {
  const base = release.replace(/-amd64$/, "");
  return [
    `linux-image-${release}`,
    `linux-headers-${release}`,
    `linux-headers-${base}-common`,
    `linux-kbuild-${base}`,
    `linux-source-${series}=${version}`,
    "busybox-static",
    "udev",
  ];
}

function download(folder) {
  const ways = [
    { title: "the machine's package lists", apt: [], update: false },
    { title: "the machine's package lists, updated", apt: [], update: isRoot() },
    { title: "package lists of our own", apt: privateApt(), update: true },
  ];
  const reasons = [];
  for (const { title, apt, update } of ways) {
    if (update) attempt("apt-get", [...apt, "update"]);
    const kernel = findKernel(apt);
    if (!kernel) {
      reasons.push(`${title}: no linux-image-${series}-amd64`);
      continue;
    }
    say(`fetching Linux ${kernel.release} (about 280 MB) by ${title}`);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    const fetched = attempt("apt-get", [...apt, "download", ...packageNames(kernel)], {
      cwd: folder,
    });
    if (fetched.ok) return kernel;
    reasons.push(`${title}: ${fetched.stderr.trim().split("\n").slice(-2).join(" ")}`);
  }
  throw new Sentence(
    `Linux ${series} could not be fetched by apt, so the kernel suite cannot run: add ` +
      '"deb http://deb.debian.org/debian bookworm-backports main" to apt\'s sources.\n' +
      reasons.join("\n"),
  );
}

function unpack(folder, { release }) {
  const base = release.replace(/-amd64$/, "");
  const debs = fs.readdirSync(folder);
  const deb = (name) =>
    path.join(
      folder,
      debs.find((file) => file.startsWith(`${name}_`)),
    );
  const target = `${unpacked}.new`;

  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(path.join(target, "source"), { recursive: true });
  say("unpacking kernel and modules");
  pipeline(
    'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --wildcards "${@:3}"',
    deb(`linux-image-${release}`),
    target,
    "./boot/vmlinuz-*",
    ...modulePaths.map((name) => `./lib/modules/*/kernel/${name}`),
  );
  say("unpacking headers, busybox and udev");
  const headers = [`linux-headers-${release}`, `linux-headers-${base}-common`];
  for (const name of [...headers, `linux-kbuild-${base}`, "busybox-static", "udev"]) {
    run("dpkg-deb", ["-x", deb(name), target]);
  }
  say("unpacking the source of industrialio-buffer-dma");
  pipeline(
    'dpkg-deb --fsys-tarfile "$1" | tar -xO --wildcards "./usr/src/linux-source-*.tar.xz" | ' +
      'xz -dc -T0 | tar -x -C "$2" --strip-components=1 --wildcards "${@:3}"',
    deb(`linux-source-${series}`),
    path.join(target, "source"),
    ...sourceFiles.map((name) => `*/${name}`),
  );
  // The headers name each other by absolute paths.
  fs.writeFileSync(
    path.join(target, "usr/src", `linux-headers-${release}`, "Makefile"),
    `include ${unpacked}/usr/src/linux-headers-${base}-common/Makefile\n`,
  );
  fs.rmSync(unpacked, { recursive: true, force: true });
  fs.renameSync(target, unpacked);
  fs.copyFileSync(path.join(unpacked, "boot", `vmlinuz-${release}`), vmlinuz);
}

/**
 * Fetches and unpacks what is missing; returns {release, version} of the kernel. A cache that was
 * moved with its repository is unpacked anew, since the headers hold its path.
 */
export function ensurePackages() {
  ensurePrograms();
  if (fs.existsSync(stamp) && fs.existsSync(vmlinuz)) {
    const known = JSON.parse(fs.readFileSync(stamp, "utf8"));
    if (known.unpacked === unpacked && fs.existsSync(unpacked)) return known;
  }
  const folder = path.join(cache, "deb");
  fs.rmSync(stamp, { force: true });
  const kernel = download(folder);
  unpack(folder, kernel);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.writeFileSync(stamp, JSON.stringify({ ...kernel, unpacked }));
  return kernel;
}
