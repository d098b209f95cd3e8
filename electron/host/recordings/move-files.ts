/** Moves files without ever replacing one: not those of another recording, nor those of another program. */
import { open, rename, unlink } from "node:fs/promises";

export interface FileMove {
  from: string;
  to: string;
}

/**
 * All of them or none. Each new name is first made, which fails with EEXIST if it is there, and only then taken by the
 * file itself (there is no rename in Node that refuses by itself, and not every file system has links). Answers a
 * function that moves them back.
 */
export async function moveFiles(moves: readonly FileMove[]): Promise<() => Promise<void>> {
  const made = new Set<string>();
  const moved: FileMove[] = [];
  const undo = async (): Promise<void> => {
    for (const { from, to } of moved.splice(0).reverse()) await rename(to, from).catch(() => {});
    for (const path of made) await unlink(path).catch(() => {});
    made.clear();
  };
  try {
    for (const { to } of moves) {
      await (await open(to, "wx")).close();
      made.add(to);
    }
    for (const move of moves) {
      await rename(move.from, move.to);
      made.delete(move.to);
      moved.push(move);
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return undo;
}
