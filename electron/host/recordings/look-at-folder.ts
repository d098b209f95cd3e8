/** What a folder would be to recordings, before it is set. */
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { FolderLook } from "../../../shared/recording.js";
import { resolveFolder } from "../settings-store.js";

/** Makes nothing. */
export async function lookAtFolder(typed: string): Promise<FolderLook> {
  const path = resolveFolder(typed);
  const existing = await nearestFolder(path);
  if (existing === null) {
    return { kind: "refused", message: `${path} can't be a folder: a part of it is a file.` };
  }
  const writable = await access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable || VIRTUAL.test(path)) {
    const message = `${existing} can't be written by you. Choose another folder, or change its permissions.`;
    return { kind: "refused", message };
  }
  if (existing === path) return { kind: "ready", message: "" };
  return { kind: "made", message: `${path} is not there yet. It is made when recording begins.` };
}

/** Where permissions say nothing of what can be made. */
const VIRTUAL = /^\/(proc|sys)(\/|$)/;

/** The folder itself, or the nearest above it that is there; null if something else stands in its place. */
export async function nearestFolder(path: string): Promise<string | null> {
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found) return found.isDirectory() ? at : null;
    if (dirname(at) === at) return null;
  }
}
