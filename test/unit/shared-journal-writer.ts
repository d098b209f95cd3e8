/** Writes journals for tests, byte for byte as docs/journal.md says. */
import { crc32c } from "../../shared/crc32c.js";
import { JOURNAL_CAUSES, JOURNAL_EVIDENCE, JOURNAL_GRADES } from "../../shared/journal.js";
import type { JournalEvidence, JournalSegment } from "../../shared/journal.js";
import type { Grade } from "../../shared/stream.js";

export class JournalWriter {
  private readonly parts: Uint8Array[] = [];

  constructor(version = 1) {
    const start = new Uint8Array(16);
    start.set(new TextEncoder().encode("IIOJRNL1"));
    new DataView(start.buffer).setUint32(8, version, true);
    this.parts.push(start);
  }

  header(json: unknown): this {
    return this.record(1, new TextEncoder().encode(JSON.stringify(json)));
  }

  segment(part: Partial<JournalSegment>): this {
    const payload = new Uint8Array(80);
    const view = new DataView(payload.buffer);
    view.setBigUint64(0, BigInt(part.sequence ?? 0), true);
    view.setBigInt64(8, BigInt(part.scan ?? 0), true);
    view.setBigInt64(16, BigInt(part.sample ?? 0), true);
    view.setUint32(24, part.scanCount ?? 0, true);
    view.setUint32(28, part.crc32c ?? 0, true);
    view.setBigInt64(32, part.timeNs ?? 0n, true);
    if (part.gap) {
      view.setUint8(40, 1);
      view.setUint8(41, JOURNAL_GRADES.indexOf(part.gap.grade));
      view.setUint8(42, JOURNAL_CAUSES.indexOf(part.gap.cause));
      view.setBigInt64(48, BigInt(part.gap.lost), true);
      view.setBigInt64(56, BigInt(part.gap.lostMin), true);
      view.setBigInt64(64, BigInt(part.gap.lostMax ?? -1), true);
    }
    view.setBigUint64(72, BigInt(part.offsetScans ?? 0), true);
    return this.record(2, payload);
  }

  event(sample: number, timeNs: bigint, json: unknown): this {
    const text = new TextEncoder().encode(JSON.stringify(json));
    const payload = new Uint8Array(16 + text.length);
    const view = new DataView(payload.buffer);
    view.setBigInt64(0, BigInt(sample), true);
    view.setBigInt64(8, timeNs, true);
    payload.set(text, 16);
    return this.record(3, payload);
  }

  proof(sample: number, grade: Grade, evidence: JournalEvidence): this {
    const payload = new Uint8Array(16);
    const view = new DataView(payload.buffer);
    view.setBigInt64(0, BigInt(sample), true);
    view.setUint8(8, JOURNAL_GRADES.indexOf(grade));
    view.setUint8(9, JOURNAL_EVIDENCE.indexOf(evidence));
    return this.record(5, payload);
  }

  end(samples: number, timeNs: bigint, errno = 0): this {
    const payload = new Uint8Array(24);
    const view = new DataView(payload.buffer);
    view.setBigInt64(0, BigInt(samples), true);
    view.setBigInt64(8, timeNs, true);
    view.setUint32(16, errno, true);
    return this.record(4, payload);
  }

  record(type: number, payload: Uint8Array): this {
    const padded = Math.ceil(payload.length / 8) * 8;
    const bytes = new Uint8Array(16 + padded);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, payload.length, true);
    bytes.set(payload, 8);
    view.setUint32(8 + padded, crc32c(bytes.subarray(0, 8 + payload.length)), true);
    this.parts.push(bytes);
    return this;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
