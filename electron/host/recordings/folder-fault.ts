/** What a disk refuses, as sentences that name the next step. */
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

/** Our own sentences stay; those of the system get the folder and the next step. */
export function folderFault(thrown: unknown, folder: string): Error {
  if (thrown instanceof StudioFailure) return thrown;
  const error = toStudioError(thrown);
  const next = NEXT[error.code];
  if (!next) return thrown instanceof Error ? thrown : new Error(error.message);
  return new StudioFailure({
    ...error,
    message: `The folder ${folder} ${next}.`,
    path: error.path ?? folder,
  });
}
