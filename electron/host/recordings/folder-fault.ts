/** What a disk refuses, as sentences that name the next step. */
import { dirname, resolve } from "node:path";
import { StudioFailure, toStudioError } from "../../../shared/errors.js";

const NEXT: Record<string, string> = {
  EACCES: "may not be written by you. Change its permissions, or choose another folder",
  EPERM: "may not be written by you. Change its permissions, or choose another folder",
  EROFS: "is on a read-only file system. Choose another folder",
  ENOSPC: "is on a full disk. Free some space, or choose another folder",
  EDQUOT: "is beyond your quota. Free some space, or choose another folder",
  ENOENT: "is not there any more. Create it, or choose another folder",
  ENOTDIR: "is no folder. Choose another",
  EIO: "can't be written: the disk reports a fault. Choose another disk",
};

/**
 * Our own sentences stay, and so does what lies elsewhere (a device); those of the system about the folder get its name
 * and the next step.
 */
export function folderFault(thrown: unknown, folder: string, shown: string): Error {
  if (thrown instanceof StudioFailure) return thrown;
  const error = toStudioError(thrown);
  const next = isWithin(error.path, folder) ? NEXT[error.code] : undefined;
  if (!next) return thrown instanceof Error ? thrown : new Error(error.message);
  return new StudioFailure({ ...error, message: `The folder ${shown} ${next}.` });
}

/** The folder itself, a file in it, or one it lies in: `mkdir` names the first that it could not make. */
function isWithin(path: string | undefined, folder: string): boolean {
  if (path === undefined) return false;
  const [one, other] = [resolve(path), resolve(folder)];
  return one === other || dirname(one) === other || other.startsWith(`${one}/`);
}
