/**
 * Reader of a recording's journal (docs/journal.md). Takes the file in pieces of any size, so that a journal that still
 * grows can be followed and a long one needs no memory. It stops at the first record that is not whole: that one was
 * being written when the program or the machine stopped.
 */
import { crc32c } from "./crc32c.js";
import type { GapCause, Grade } from "./stream.js";

const MAGIC = "IIOJRNL1";
const FILE_HEADER_BYTES = 16;
/** Type, length, CRC and the zero word after it. */
const RECORD_OVERHEAD = 16;
/** A length beyond this is not one that was written. */
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
const SEGMENT_BYTES = 80;
const END_BYTES = 24;
const PROOF_BYTES = 16;

export const JOURNAL_GRADES: readonly Grade[] = ["exact", "estimated", "unknown"];
/** In the order of the core's GapCause. */
export const JOURNAL_CAUSES: readonly GapCause[] = [
  "dry-queue",
  "timestamp",
  "counter",
  "simulator",
  "overrun",
  "failed-block",
  "restart",
  // Of recordings that were cut off; never in a journal.
  "unjournaled",
  // Of recordings of captures; nothing was lost.
  "not-recorded",
  // Of a part that goes on behind a hole; never in a journal.
  "resumed",
];

/** What a grade rests on when no gap was seen. In the order of the core's Evidence. */
export const JOURNAL_EVIDENCE = ["transport", "timestamps", "counter"] as const;
export type JournalEvidence = (typeof JOURNAL_EVIDENCE)[number];

/** What can be known of loss, gaps left aside, from a sample on. */
export interface JournalProof {
  sample: number;
  grade: Grade;
  evidence: JournalEvidence;
}

export interface JournalGap {
  grade: Grade;
  cause: GapCause;
  /** Scans: the count (exact), the best estimate (estimated), 0 (unknown). */
  lost: number;
  lostMin: number;
  /** null: no bound is known. */
  lostMax: number | null;
}

/** A run of scans without a gap inside. */
export interface JournalSegment {
  /** Of the block, since the stream began. */
  sequence: number;
  /** Index in the stream of the first scan, lost ones counted. */
  scan: number;
  /** Index of the first scan in the recording's files. */
  sample: number;
  scanCount: number;
  /** Of the bytes these scans take in the first output file. */
  crc32c: number;
  /** Completion of the block, CLOCK_MONOTONIC. */
  timeNs: bigint;
  /** Loss just before this segment. */
  gap: JournalGap | null;
  /** Position of the first scan within its block. */
  offsetScans: number;
}

export type JournalRecord =
  | { kind: "header"; json: unknown }
  | { kind: "segment"; segment: JournalSegment }
  | { kind: "event"; sample: number; timeNs: bigint; json: unknown }
  | { kind: "end"; samples: number; timeNs: bigint; errno: number }
  | { kind: "proof"; proof: JournalProof };

export class JournalReader {
  private pending = new Uint8Array(0);
  private started = false;
  private stopped: string | null = null;
  private consumed = 0;

  /** Why reading stopped for good, as a sentence; null if it has not. */
  get fault(): string | null {
    return this.stopped;
  }

  /** Bytes from the start of the file that belong to whole records. */
  get wholeBytes(): number {
    return this.consumed;
  }

  /** Bytes after the last whole record: a record that is still being written, or was when the program died. */
  get tornBytes(): number {
    return this.pending.length;
  }

  /** Takes the next bytes of the file and answers the records that became whole. */
  push(bytes: Uint8Array): JournalRecord[] {
    if (this.stopped) return [];
    this.pending = this.pending.length === 0 ? bytes.slice() : concat(this.pending, bytes);
    const records: JournalRecord[] = [];
    let at = 0;
    if (!this.started) {
      if (this.pending.length < FILE_HEADER_BYTES) return records;
      if (!this.checkStart()) return records;
      this.started = true;
      at = FILE_HEADER_BYTES;
    }
    for (;;) {
      const taken = this.takeRecord(at, records);
      if (taken === 0) break;
      at += taken;
    }
    this.consumed += at;
    this.pending = this.pending.slice(at);
    return records;
  }

  private checkStart(): boolean {
    const magic = String.fromCharCode(...this.pending.subarray(0, 8));
    const version = viewOf(this.pending).getUint32(8, true);
    if (magic !== MAGIC) this.stopped = "This file is not a journal of IIO Studio.";
    else if (version !== 1)
      this.stopped = `The journal has version ${version}; this program reads version 1.`;
    return this.stopped === null;
  }

  /** Bytes of the record at `at`, or 0 if none is whole there. */
  private takeRecord(at: number, records: JournalRecord[]): number {
    const left = this.pending.length - at;
    if (left < RECORD_OVERHEAD) return 0;
    const view = viewOf(this.pending.subarray(at));
    const type = view.getUint32(0, true);
    const payloadBytes = view.getUint32(4, true);
    if (payloadBytes > MAX_PAYLOAD_BYTES) return this.stop(at);
    const padded = Math.ceil(payloadBytes / 8) * 8;
    if (left < RECORD_OVERHEAD + padded) return 0;
    const crc = view.getUint32(8 + padded, true);
    if (crc !== crc32c(this.pending.subarray(at, at + 8 + payloadBytes))) return this.stop(at);
    const payload = this.pending.subarray(at + 8, at + 8 + payloadBytes);
    const record = parseRecord(type, payload);
    if (record === "unreadable") return this.stop(at);
    if (record !== null) records.push(record);
    return RECORD_OVERHEAD + padded;
  }

  private stop(at: number): 0 {
    this.stopped = `The journal is damaged at byte ${this.consumed + at}; what stands before is used.`;
    return 0;
  }
}

/** null: a type this program does not know, passed over. */
function parseRecord(type: number, payload: Uint8Array): JournalRecord | null | "unreadable" {
  const view = viewOf(payload);
  switch (type) {
    case 1: {
      const json = parseJson(payload);
      return json === undefined ? "unreadable" : { kind: "header", json };
    }
    case 2:
      return payload.length < SEGMENT_BYTES
        ? "unreadable"
        : { kind: "segment", segment: parseSegment(view) };
    case 3: {
      const json = payload.length < 16 ? undefined : parseJson(payload.subarray(16));
      if (json === undefined) return "unreadable";
      return { kind: "event", sample: int64(view, 0), timeNs: view.getBigInt64(8, true), json };
    }
    case 4:
      if (payload.length < END_BYTES) return "unreadable";
      return {
        kind: "end",
        samples: int64(view, 0),
        timeNs: view.getBigInt64(8, true),
        errno: view.getUint32(16, true),
      };
    case 5:
      return payload.length < PROOF_BYTES
        ? "unreadable"
        : { kind: "proof", proof: parseProof(view) };
    default:
      return null;
  }
}

function parseProof(view: DataView): JournalProof {
  return {
    sample: int64(view, 0),
    grade: JOURNAL_GRADES[view.getUint8(8)] ?? "unknown",
    evidence: JOURNAL_EVIDENCE[view.getUint8(9)] ?? "transport",
  };
}

function parseSegment(view: DataView): JournalSegment {
  const lostMax = int64(view, 64);
  const gap: JournalGap | null =
    view.getUint8(40) === 0
      ? null
      : {
          grade: JOURNAL_GRADES[view.getUint8(41)] ?? "unknown",
          cause: JOURNAL_CAUSES[view.getUint8(42)] ?? "overrun",
          lost: int64(view, 48),
          lostMin: int64(view, 56),
          lostMax: lostMax < 0 ? null : lostMax,
        };
  return {
    sequence: int64(view, 0),
    scan: int64(view, 8),
    sample: int64(view, 16),
    scanCount: view.getUint32(24, true),
    crc32c: view.getUint32(28, true),
    timeNs: view.getBigInt64(32, true),
    gap,
    offsetScans: int64(view, 72),
  };
}

/** Counts stay far below 2^53: at 10 GS/s that is ten days. */
function int64(view: DataView, at: number): number {
  return Number(view.getBigInt64(at, true));
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
