/** A folder only this user can enter: for the redirect file and the socket that hands out new addresses. */
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail } from "../../shared/errors.js";

export function runtimeFolder(env: NodeJS.ProcessEnv = process.env): string {
  const uid = process.getuid?.() ?? 0;
  const base = env["XDG_RUNTIME_DIR"];
  const folder = base ? join(base, "iio-studio") : join(tmpdir(), `iio-studio-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stat = lstatSync(folder);
  if (!stat.isDirectory() || stat.uid !== uid) {
    throw fail("EACCES", `${folder} belongs to somebody else. Remove it, or set XDG_RUNTIME_DIR.`, {
      path: folder,
    });
  }
  chmodSync(folder, 0o700);
  return folder;
}
