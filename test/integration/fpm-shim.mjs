#!/usr/bin/env node
// Stands in for fpm where it cannot be downloaded: builds the deb from what electron-builder asks, with dpkg-deb.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const values = {};
const mappings = [];
const scripts = {};
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i++) {
  const arg = args[i];
  if (arg.startsWith("--after-install")) scripts.postinst = args[++i];
  else if (arg.startsWith("--after-remove")) scripts.postrm = args[++i];
  else if (arg === "--depends" || arg === "-d") (values.depends ??= []).push(args[++i]);
  else if (arg.startsWith("--") && arg.includes("=")) {
    const [name, value] = arg.slice(2).split(/=(.*)/s);
    values[name] = value;
  } else if (arg.startsWith("-")) values[arg.replace(/^-+/, "")] = args[++i];
  else if (arg.includes("=")) mappings.push(arg.split(/=(.*)/s).slice(0, 2));
}
const root = mkdtempSync(join(tmpdir(), "fpm-shim-"));
for (const [from, to] of mappings) {
  const target = join(root, to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(from.replace(/\/$/, ""), target.replace(/\/$/, ""), { recursive: true });
}
mkdirSync(join(root, "DEBIAN"), { recursive: true });
writeFileSync(
  join(root, "DEBIAN", "control"),
  [
    `Package: ${values.name}`,
    `Version: ${values.version}`,
    "Architecture: amd64",
    `Maintainer: ${values.maintainer}`,
    `Depends: ${(values.depends ?? []).join(", ")}`,
    `Description: ${
      String(values.description ?? "")
        .trim()
        .split("\n")[0]
    }`,
    "",
  ].join("\n"),
);
for (const [name, file] of Object.entries(scripts)) {
  writeFileSync(join(root, "DEBIAN", name), readFileSync(file));
  chmodSync(join(root, "DEBIAN", name), 0o755);
}
chmodSync(root, 0o755);
const output = values.package ?? values.p;
const { status } = spawnSync(
  "dpkg-deb",
  ["--build", "--root-owner-group", "-Znone", root, output],
  {
    stdio: "inherit",
  },
);
rmSync(root, { recursive: true });
process.exit(status ?? 1);
