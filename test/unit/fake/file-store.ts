/** A recording's file as a store, read whole. */
import { readFileSync } from "node:fs";
import { JOURNAL_CAUSES, JOURNAL_GRADES } from "../../../shared/journal.js";
import type {
  NativeCaptures,
  NativeFileStore,
  NativeFileStoreOptions,
  NativeGap,
  NativeQuery,
} from "../../../native/addon.js";
import { answer } from "./query.js";
import { decode, viewOf, type FakeStore } from "./scans.js";

export class FakeFileStore implements NativeFileStore {
  private readonly bytes: Uint8Array;
  private readonly scans: number;
  private readonly captures: NativeGap[];

  constructor(
    private readonly options: NativeFileStoreOptions,
    private readonly onClose: () => void,
  ) {
    this.bytes = readFileSync(options.path).subarray(options.headerBytes);
    this.scans = Math.floor(this.bytes.length / options.layout.scanBytes);
    this.captures = toGaps(options.captures);
  }

  async query(query: NativeQuery) {
    return answer(
      this.store(),
      query,
      this.captures.filter((gap) => gap.sample > 0),
      [],
      {
        newestTimeNs: -1n,
        zeroTimeNs: this.options.firstTimeNs,
        triggersTotal: 0,
      },
    );
  }

  async samples(element: number, fromScan: number, count: number) {
    const values: number[] = [];
    for (let n = 0; n < count; n++) {
      const value = this.store().value(element, fromScan + n);
      if (Number.isNaN(value)) break;
      values.push(value);
    }
    return { fromScan, values: Int32Array.from(values) };
  }

  status() {
    return { scans: this.scans, toScan: this.toScan(), summarised: 1, error: null };
  }

  async close(): Promise<void> {
    this.onClose();
  }

  onNews(): void {}

  private fromScan(): number {
    const first = this.captures[0];
    return first && first.sample === 0 ? first.scan : 0;
  }

  private toScan(): number {
    return this.scanOf(this.scans - 1) + 1;
  }

  private scanOf(sample: number): number {
    const capture = this.captures.findLast((one) => one.sample <= sample);
    return capture ? capture.scan + sample - capture.sample : sample;
  }

  private sampleOf(scan: number): number {
    const capture = this.captures.findLast((one) => one.scan <= scan);
    const sample = capture ? capture.sample + scan - capture.scan : scan;
    return sample < this.scans && this.scanOf(sample) === scan ? sample : NaN;
  }

  private store(): FakeStore {
    const { layout, rateHz } = this.options;
    return {
      layout,
      rateHz,
      fromScan: () => this.fromScan(),
      toScan: () => this.toScan(),
      value: (element, scan) => {
        const sample = this.sampleOf(scan);
        if (!(sample >= 0)) return NaN;
        return decode(viewOf(this.bytes), sample * layout.scanBytes, layout.elements[element]!);
      },
    };
  }
}

function toGaps(captures: NativeCaptures): NativeGap[] {
  return Array.from(captures.scan, (scan, i) => ({
    scan,
    sample: captures.sample[i]!,
    lost: captures.lost[i]!,
    lostMin: captures.lostMin[i]!,
    lostMax: captures.lostMax[i]!,
    grade: JOURNAL_GRADES[captures.grade[i]!]!,
    cause: JOURNAL_CAUSES[captures.cause[i]!]!,
    timeNs: captures.timeNs[i]!,
  }));
}
