import { describe, expect, it } from "vitest";
import { crc32c } from "../../shared/crc32c.js";
import { JournalReader } from "../../shared/journal.js";
import type { JournalGap, JournalRecord } from "../../shared/journal.js";
import {
  continuityOf,
  cutSummary,
  fitSummary,
  readJournal,
  samplesInFile,
} from "../../shared/journal-summary.js";
import { JournalWriter } from "./shared-journal-writer.js";

const gap: JournalGap = {
  grade: "estimated",
  cause: "dry-queue",
  lost: 100,
  lostMin: 60,
  lostMax: 140,
};

function sample(): JournalWriter {
  return new JournalWriter()
    .header({ name: "a" })
    .segment({ sequence: 7, scan: 1000, sample: 0, scanCount: 256, timeNs: 5_000n, crc32c: 9 })
    .event(300, 6_000n, { kind: "note", text: "ä" })
    .segment({ sequence: 8, scan: 1256, sample: 256, scanCount: 256, timeNs: 7_000n })
    .segment({ sequence: 9, scan: 1612, sample: 512, scanCount: 100, timeNs: 9_000n, gap })
    .segment({
      sequence: 9,
      scan: 1722,
      sample: 612,
      scanCount: 50,
      offsetScans: 100,
      timeNs: 9_000n,
      gap: { ...gap, grade: "unknown", lost: 0, lostMin: 1, lostMax: null, cause: "failed-block" },
    })
    .end(662, 10_000n);
}

describe("CRC32C", () => {
  it("gives the known value, in one piece or several", () => {
    const digits = new TextEncoder().encode("123456789");
    expect(crc32c(digits)).toBe(0xe3069283);
    expect(crc32c(digits.subarray(5), crc32c(digits.subarray(0, 5)))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
  });
});

describe("the journal", () => {
  it("reads back every record", () => {
    const records = new JournalReader().push(sample().bytes());
    expect(records.map((record) => record.kind)).toEqual([
      "header",
      "segment",
      "event",
      "segment",
      "segment",
      "segment",
      "end",
    ]);
    expect(records[1]).toEqual({
      kind: "segment",
      segment: {
        sequence: 7,
        scan: 1000,
        sample: 0,
        scanCount: 256,
        crc32c: 9,
        timeNs: 5_000n,
        gap: null,
        offsetScans: 0,
      },
    });
    expect(records[2]).toMatchObject({ sample: 300, timeNs: 6_000n, json: { text: "ä" } });
    expect(records[4]).toMatchObject({ segment: { gap } });
    expect(records[5]).toMatchObject({ segment: { gap: { lostMax: null }, offsetScans: 100 } });
    expect(records[6]).toEqual({ kind: "end", samples: 662, timeNs: 10_000n, errno: 0 });
  });

  it("reads the same in pieces of any size", () => {
    const bytes = sample().bytes();
    const whole = new JournalReader().push(bytes);
    for (const size of [1, 3, 7, 16, 97, 1000]) {
      const reader = new JournalReader();
      const records: JournalRecord[] = [];
      for (let at = 0; at < bytes.length; at += size)
        records.push(...reader.push(bytes.subarray(at, at + size)));
      expect(records).toEqual(whole);
      expect(reader.wholeBytes).toBe(bytes.length);
      expect(reader.tornBytes).toBe(0);
    }
  });

  it("ignores a torn last record, wherever it was cut", () => {
    const whole = sample().bytes();
    const before = whole.length - 40; // the end record takes 40 bytes
    for (let cut = before; cut < whole.length; cut++) {
      const summary = readJournal(whole.subarray(0, cut));
      expect(summary.end).toBeNull();
      expect(summary.samples).toBe(662);
      expect(summary.faults).toEqual([]);
    }
  });

  it("stops at a wrong CRC and says where", () => {
    const bytes = sample().bytes();
    const second = 16 + 16 + 16; // file header, then a header record with 12 + 4 bytes
    bytes[second + 20]! ^= 1;
    const summary = readJournal(bytes);
    expect(summary.captures).toEqual([]);
    expect(summary.faults).toEqual([
      `The journal is damaged at byte ${second}; what stands before is used.`,
    ]);
  });

  it("reads what the stream could prove, and keeps of it what belongs to the scans that count", () => {
    const bytes = new JournalWriter()
      .header({})
      .proof(0, "exact", "timestamps")
      .segment({ scanCount: 100 })
      .proof(100, "unknown", "transport")
      .segment({ sequence: 1, scan: 100, sample: 100, scanCount: 50 })
      .bytes();
    const summary = readJournal(bytes);
    const [stamped, nothing] = summary.proofs;
    expect(stamped).toEqual({ sample: 0, grade: "exact", evidence: "timestamps" });
    expect(nothing).toEqual({ sample: 100, grade: "unknown", evidence: "transport" });
    expect(cutSummary(summary, 100).proofs).toEqual([stamped]);
    expect(cutSummary(summary, 101).proofs).toEqual([stamped, nothing]);
    expect(cutSummary(summary, 0).proofs).toEqual([stamped]);
  });

  it("takes zeros at the end for a record that was never written", () => {
    const bytes = sample().bytes();
    const padded = new Uint8Array(bytes.length + 4096);
    padded.set(bytes);
    const summary = readJournal(padded);
    expect(summary.end?.samples).toBe(662);
    expect(summary.faults[0]).toContain("damaged");
  });

  it("passes over types it does not know", () => {
    const bytes = new JournalWriter().header({}).record(99, new Uint8Array(5)).end(0, 1n).bytes();
    expect(readJournal(bytes)).toMatchObject({ end: { samples: 0 }, faults: [] });
  });

  it("refuses what is no journal, or a later version", () => {
    expect(readJournal(new TextEncoder().encode("not a journal at all")).faults[0]).toContain(
      "not a journal",
    );
    expect(readJournal(new JournalWriter(2).bytes()).faults[0]).toContain("version 2");
    expect(readJournal(new Uint8Array(0)).faults).toEqual(["The journal has no header."]);
  });
});

describe("the summary of a journal", () => {
  it("has one capture per gap, with the way to the end of its block", () => {
    const summary = readJournal(sample().bytes());
    expect(summary).toMatchObject({ samples: 662, segments: 4, lastTimeNs: 9_000n });
    expect(summary.captures).toMatchObject([
      { sample: 0, scan: 1000, scansToBlockEnd: 256, gap: null },
      // 1612 … 1772: its own 100, ten lost, 50 of the segment behind
      { sample: 512, scan: 1612, scansToBlockEnd: 160, gap: { lost: 100 } },
      { sample: 612, scan: 1722, scansToBlockEnd: 50, gap: { grade: "unknown" } },
    ]);
  });

  it("keeps the gap before the first segment of a part, and has none before another", () => {
    const part = new JournalWriter().header({}).segment({ scanCount: 4, gap }).bytes();
    expect(readJournal(part).captures[0]!.gap).toMatchObject({ lost: gap.lost });
    const first = new JournalWriter().header({}).segment({ scanCount: 4 }).bytes();
    expect(readJournal(first).captures[0]!.gap).toBeNull();
  });

  it("measures the rate over all blocks, but for time that may hold an unknown loss", () => {
    const ms = 1_000_000n;
    const rateOf = (
      blocks: { scans: number; atMs: bigint; gap?: JournalGap; scan?: number }[],
    ): number | null => {
      const writer = new JournalWriter().header({});
      let [scan, sample] = [500, 0];
      blocks.forEach(({ scans, atMs, gap: lost = null }, sequence) => {
        scan += lost?.lost ?? 0;
        writer.segment({ sequence, scan, sample, scanCount: scans, timeNs: atMs * ms, gap: lost });
        scan += scans;
        sample += scans;
      });
      return readJournal(writer.bytes()).rateMeasuredHz;
    };
    const exact: JournalGap = { ...gap, grade: "exact", cause: "simulator", lost: 100 };
    expect(rateOf([{ scans: 100, atMs: 5n }])).toBeNull();
    // The first second runs at 100 Hz, the next at 300 Hz.
    const steady = [0n, 1000n].map((atMs) => ({ scans: 100, atMs }));
    const faster = { scans: 300, atMs: 2000n };
    expect(rateOf([...steady, faster])).toBe(200);
    expect(rateOf([...steady, { scans: 100, atMs: 3000n, gap: exact }])).toBe(100);
    expect(
      rateOf([...steady, { scans: 100, atMs: 9000n, gap }, { scans: 100, atMs: 10_000n }]),
    ).toBe(100);
    // The last block is cut where the recording ended.
    expect(rateOf([...steady, { scans: 3, atMs: 2000n }])).toBe(100);
  });

  it("reports segments that do not follow one another", () => {
    const bytes = new JournalWriter()
      .header({})
      .segment({ scanCount: 4 })
      .segment({ sample: 5, scanCount: 4 })
      .bytes();
    expect(readJournal(bytes).faults).toEqual([
      "The journal's segment 1 begins at sample 5 instead of 4.",
    ]);
  });

  it("takes the end record's count, else the whole scans that a file has", () => {
    const ended = { end: { samples: 90, timeNs: 0n, errno: 0 } };
    expect(samplesInFile(ended, { bytes: 8, scanBytes: 8 })).toBe(90);
    const killed = { end: null };
    expect(samplesInFile(killed, { bytes: 799, scanBytes: 8 })).toBe(99);
    expect(samplesInFile(killed, { bytes: 0, scanBytes: 8 })).toBe(0);
  });

  it("goes on with scans that only the file knows, and claims nothing of them", () => {
    const writer = new JournalWriter()
      .header({ clocks: { monotonicNs: "77" } })
      .proof(0, "exact", "counter");
    const nothing = fitSummary(readJournal(writer.bytes()), 30);
    expect(nothing).toMatchObject({ samples: 30, proofs: [] });
    expect(nothing.captures).toMatchObject([{ sample: 0, scan: 0, blockTimeNs: 77n, gap: null }]);
    writer.segment({ scan: 500, scanCount: 100, timeNs: 5000n });
    const summary = readJournal(writer.bytes());
    expect(fitSummary(summary, 60)).toEqual(cutSummary(summary, 60));
    const more = fitSummary(summary, 130);
    expect(more.samples).toBe(130);
    expect(more.captures[1]).toEqual({
      sample: 100,
      scan: 600,
      blockTimeNs: 5000n,
      scansToBlockEnd: 0,
      gap: { grade: "unknown", cause: "unjournaled", lost: 0, lostMin: 0, lostMax: null },
    });
    expect(more.proofs).toEqual(summary.proofs);
  });

  it("drops what lies beyond the recording's end, and moves late events to it", () => {
    const cut = cutSummary(readJournal(sample().bytes()), 512);
    expect(cut.captures.map((capture) => capture.sample)).toEqual([0]);
    expect(cut.samples).toBe(512);
    expect(cutSummary(readJournal(sample().bytes()), 200).events[0]!.sample).toBe(200);
  });

  it("adds up loss with the worst grade and the widest bounds", () => {
    const { captures } = readJournal(sample().bytes());
    expect(continuityOf(captures, "exact")).toEqual({
      grade: "unknown",
      gaps: 2,
      lost: 100,
      lostMin: 61,
      lostMax: null,
    });
    expect(continuityOf(captures.slice(0, 2), "exact")).toMatchObject({
      grade: "estimated",
      lostMin: 60,
      lostMax: 140,
    });
    expect(continuityOf([], "unknown").grade).toBe("unknown");
  });

  it("counts no gap where a recording of captures leaves something out", () => {
    const left: JournalGap = {
      grade: "exact",
      cause: "not-recorded",
      lost: 0,
      lostMin: 0,
      lostMax: 0,
    };
    const bytes = new JournalWriter()
      .header({})
      .segment({ scanCount: 4 })
      .segment({ scan: 5000, scanCount: 4, gap: left })
      .bytes();
    const { captures } = readJournal(bytes);
    expect(captures.map((capture) => capture.gap?.cause)).toEqual([undefined, "not-recorded"]);
    expect(continuityOf(captures, "exact")).toMatchObject({ grade: "exact", gaps: 0, lost: 0 });
  });
});
