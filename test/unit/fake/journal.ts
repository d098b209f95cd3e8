/** Writes journals as docs/journal.md says, for the fake's recordings and for tests of recovery. */
import { closeSync, openSync, writeSync } from "node:fs";
import { crc32c } from "../../../shared/crc32c.js";
import { JOURNAL_CAUSES, JOURNAL_GRADES } from "../../../shared/journal.js";
import type { NativeGap } from "../../../native/addon.js";

export interface FakeSegment {
  sequence: number;
  scan: number;
  sample: number;
  scanCount: number;
  crc: number;
  timeNs: bigint;
  gap: NativeGap | null;
  offsetScans: number;
}

export class FakeJournal {
  private readonly fd: number;

  constructor(path: string, header: Uint8Array) {
    this.fd = openSync(path, "wx");
    const start = new Uint8Array(16);
    start.set(new TextEncoder().encode("IIOJRNL1"));
    new DataView(start.buffer).setUint32(8, 1, true);
    writeSync(this.fd, start);
    this.record(1, header);
  }

  segment(segment: FakeSegment): void {
    const payload = new Uint8Array(80);
    const view = new DataView(payload.buffer);
    view.setBigUint64(0, BigInt(segment.sequence), true);
    view.setBigInt64(8, BigInt(segment.scan), true);
    view.setBigInt64(16, BigInt(segment.sample), true);
    view.setUint32(24, segment.scanCount, true);
    view.setUint32(28, segment.crc, true);
    view.setBigInt64(32, segment.timeNs, true);
    if (segment.gap) {
      view.setUint8(40, 1);
      view.setUint8(41, JOURNAL_GRADES.indexOf(segment.gap.grade));
      view.setUint8(42, JOURNAL_CAUSES.indexOf(segment.gap.cause));
      view.setBigInt64(48, BigInt(segment.gap.lost), true);
      view.setBigInt64(56, BigInt(segment.gap.lostMin), true);
      view.setBigInt64(64, BigInt(segment.gap.lostMax), true);
    }
    view.setBigUint64(72, BigInt(segment.offsetScans), true);
    this.record(2, payload);
  }

  /** Grade and evidence, by their numbers. */
  proof(sample: number, grade: number, evidence: number): void {
    const payload = new Uint8Array(16);
    const view = new DataView(payload.buffer);
    view.setBigInt64(0, BigInt(sample), true);
    view.setUint8(8, grade);
    view.setUint8(9, evidence);
    this.record(5, payload);
  }

  event(sample: number, bytes: Uint8Array): void {
    const payload = new Uint8Array(16 + bytes.length);
    const view = new DataView(payload.buffer);
    view.setBigInt64(0, BigInt(sample), true);
    view.setBigInt64(8, process.hrtime.bigint(), true);
    payload.set(bytes, 16);
    this.record(3, payload);
  }

  end(samples: number, errno = 0): void {
    const payload = new Uint8Array(24);
    const view = new DataView(payload.buffer);
    view.setBigInt64(0, BigInt(samples), true);
    view.setBigInt64(8, process.hrtime.bigint(), true);
    view.setUint32(16, errno, true);
    this.record(4, payload);
    this.close();
  }

  /** Without an end: as a killed program leaves it. */
  close(): void {
    closeSync(this.fd);
  }

  private record(type: number, payload: Uint8Array): void {
    const padded = Math.ceil(payload.length / 8) * 8;
    const bytes = new Uint8Array(16 + padded);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, payload.length, true);
    bytes.set(payload, 8);
    view.setUint32(8 + padded, crc32c(bytes.subarray(0, 8 + payload.length)), true);
    writeSync(this.fd, bytes);
  }
}
