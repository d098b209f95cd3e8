/** Makes a folder with those above it. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Rejects with the errno of the first folder that can't be made; one that is there already is as good. Node's own
 * recursive mkdir never returns where a file system lets nothing be made and says ENOENT (/proc), so it is done here.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    if (error.code === "EEXIST" && (await isFolder(path))) return;
    const above = dirname(path);
    if (error.code !== "ENOENT" || above === path || (await isFolder(above))) throw error;
    await makeFolder(above);
    await mkdir(path).catch(async (again: NodeJS.ErrnoException) => {
      // Somebody else may have made it meanwhile.
      if (again.code !== "EEXIST" || !(await isFolder(path))) throw again;
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
