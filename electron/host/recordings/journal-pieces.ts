/** A journal's records, read in pieces, however long it is. */
import type { FileHandle } from "node:fs/promises";
import type { JournalReader, JournalRecord } from "../../../shared/journal.js";

const PIECE_BYTES = 256 * 1024;

/**
 * Hands `each` the records from `cursor` on, and moves the cursor behind what was read. Bytes of a record that is not
 * whole yet stay with `reader` for the next call. Rejects with the file system's error.
 */
export async function readPieces(
  file: FileHandle,
  reader: JournalReader,
  each: (record: JournalRecord) => void,
  cursor = { position: 0 },
): Promise<void> {
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, cursor.position);
    if (bytesRead === 0) return;
    cursor.position += bytesRead;
    reader.push(piece.subarray(0, bytesRead)).forEach(each);
  }
}
