/** Reads a journal as it grows; each look takes only what is new. */
import { open } from "node:fs/promises";
import { JournalReader } from "../../../shared/journal.js";
import { JournalSummaryBuilder, type JournalSummary } from "../../../shared/journal-summary.js";
import { readPieces } from "./journal-pieces.js";

const PIECE_BYTES = 256 * 1024;

/** Far more than facts take. */
const HEADER_LIMIT_BYTES = 16 * 1024 * 1024;

/** The journal's header, without reading on; null if there is none. */
export async function readJournalHeader(path: string): Promise<unknown> {
  const file = await open(path, "r");
  try {
    const reader = new JournalReader();
    const piece = new Uint8Array(PIECE_BYTES);
    for (let position = 0; position < HEADER_LIMIT_BYTES;) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      for (const record of reader.push(piece.subarray(0, bytesRead))) {
        return record.kind === "header" ? record.json : null;
      }
    }
    return null;
  } finally {
    await file.close();
  }
}

export class JournalFollower {
  private readonly reader = new JournalReader();
  private readonly builder = new JournalSummaryBuilder();
  private readonly cursor = { position: 0 };

  constructor(private readonly path: string) {}

  /** Rejects if the journal can't be read. */
  async look(): Promise<JournalSummary> {
    const file = await open(this.path, "r");
    try {
      await readPieces(file, this.reader, (record) => this.builder.add(record), this.cursor);
    } finally {
      await file.close();
    }
    const summary = this.builder.summary();
    if (this.reader.fault) summary.faults.push(this.reader.fault);
    return summary;
  }
}
