/** The fake's recordings: real files, written on the JavaScript thread. */
import { closeSync, existsSync, openSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { crc32c } from "../../../shared/crc32c.js";
import type {
  NativeCapture,
  NativeGap,
  NativeLayout,
  NativeOutput,
  NativeRecording,
  NativeRecordingOptions,
  NativeRecordingStatus,
} from "../../../native/addon.js";
import { FakeJournal } from "./journal.js";
import { decode, decodeBig, viewOf } from "./scans.js";

export interface FakeBlock {
  sequence: number;
  firstScan: number;
  scanCount: number;
  data: Uint8Array<ArrayBuffer>;
  timeNs: bigint;
  gap: NativeGap | null;
}

export function errnoError(code: string, errno: number, syscall: string, path: string): Error {
  const words: Record<string, string> = {
    EEXIST: "A file of that name exists already. Choose another name.",
    ENOENT: "The folder is not there. Create it, or choose another.",
    ENOSPC: "The disk is full. Free some space.",
  };
  return Object.assign(new Error(words[code] ?? code), { code, errno, syscall, path });
}

export class FakeRecording implements NativeRecording {
  private readonly fds: number[];
  private readonly journal: FakeJournal;
  private state: NativeRecordingStatus["state"] = "recording";
  private error: NativeRecordingStatus["error"] = null;
  private scans = 0;
  private bytes = 0;
  private gaps: NativeGap[] = [];
  private firstScan = 0;
  private endScan = 0;
  private firstTimeNs = 0n;

  /** Of captures: no trigger can be taken. */
  behind = false;
  /** Called before it ends. */
  beforeStop: () => void = () => {};
  stopped = false;
  private listed: NativeCapture[] = [];
  private capturesEnded = 0;
  private capturesMissed = 0;
  /** The part that goes on from this one: it waits, or has taken over. */
  private successor: FakeRecording | null = null;
  /** It is such a part: what was lost before it is told at its head. */
  private goesOn = false;

  constructor(
    private readonly layout: NativeLayout,
    private readonly options: NativeRecordingOptions,
    private readonly fullAfterBytes: number,
  ) {
    for (const path of [...options.outputs.map((one) => one.path), options.journalPath]) {
      if (existsSync(path)) throw errnoError("EEXIST", 17, "open", path);
      if (!existsSync(dirname(path))) throw errnoError("ENOENT", 2, "open", path);
    }
    this.fds = options.outputs.map((output) => openSync(output.path, "wx"));
    this.journal = new FakeJournal(options.journalPath, options.journalHeader);
    this.journal.proof(0, 0, 0);
  }

  /** What has passed and was asked for; then whether the span ends there. */
  takeHistory(blocks: readonly FakeBlock[], endScan: number): void {
    const { fromScan, toScan = -1 } = this.options;
    if (fromScan >= 0) for (const block of blocks) this.take(block);
    if (toScan >= 0 && toScan <= endScan && this.state === "recording") this.finish("done");
  }

  take(block: FakeBlock): void {
    if (this.options.captures) return;
    this.handOver();
    const { successor } = this;
    if (successor && successor.state !== "waiting") return successor.take(block);
    if (this.state !== "recording") return;
    const { fromScan, toScan = -1 } = this.options;
    const blockEnd = block.firstScan + block.scanCount;
    if (blockEnd <= fromScan) return;
    if (toScan >= 0 && block.firstScan >= toScan) return this.finish("done");
    this.write(block);
    if (toScan >= 0 && blockEnd >= toScan && this.state === "recording") this.finish("done");
  }

  private handOver(): void {
    const { successor } = this;
    if (this.state !== "recording" || successor?.state !== "waiting" || !this.isFull()) return;
    successor.state = "recording";
    const { scans, toScan = -1 } = this.options;
    if (scans > 0) successor.options.scans ||= scans - this.scans;
    if ((successor.options.toScan ?? -1) < 0) successor.options.toScan = toScan;
    this.finish("done");
  }

  /** A block around a trigger; `begins`: the one before it is not recorded. Answers the part that took it. */
  takeCaptured(block: FakeBlock, begins: boolean): FakeRecording {
    if (begins) this.handOver();
    const { successor } = this;
    if (successor && successor.state !== "waiting") return successor.takeCaptured(block, false);
    if (this.state === "recording") this.write(begins ? behindSkipped(block) : block);
    return this;
  }

  captured(capture: NativeCapture): void {
    this.listed.push(capture);
    this.capturesEnded++;
  }

  missed(): void {
    this.capturesMissed++;
  }

  captures(): NativeCapture[] {
    return this.listed.splice(0);
  }

  private write(block: FakeBlock): void {
    if (this.scans === 0) {
      this.firstScan = block.firstScan;
      this.firstTimeNs = block.timeNs;
    }
    const left = this.options.scans > 0 ? this.options.scans - this.scans : Infinity;
    const count = Math.min(block.scanCount, left);
    const outputs = this.options.outputs.map((output) => this.convert(output, block, count));
    if (this.bytes + (outputs[0] as Uint8Array).length > this.fullAfterBytes) {
      const path = this.options.outputs[0]?.path ?? "";
      const message = "The disk is full. Free some space, or choose another folder.";
      this.error = { code: "ENOSPC", errno: 28, syscall: "write", path, message };
      this.finish("failed");
      return;
    }
    outputs.forEach((bytes, index) => writeSync(this.fds[index] as number, bytes));
    const gap = this.scans === 0 && !this.goesOn ? null : block.gap;
    if (gap && gap.cause !== "not-recorded") this.gaps.push(gap);
    this.journal.segment({
      sequence: block.sequence,
      scan: block.firstScan,
      sample: this.scans,
      scanCount: count,
      crc: crc32c(outputs[0] as Uint8Array),
      timeNs: block.timeNs,
      gap,
      offsetScans: 0,
    });
    this.scans += count;
    this.endScan = block.firstScan + count;
    this.bytes += outputs.reduce((sum, bytes) => sum + bytes.length, 0);
    if (this.options.scans > 0 && this.scans >= this.options.scans) this.finish("done");
  }

  private isFull(): boolean {
    const { partScans = 0 } = this.options;
    return partScans > 0 && this.scans >= partScans;
  }

  async next(options: NativeRecordingOptions): Promise<NativeRecording> {
    if (this.state !== "recording") throw errnoError("ECANCELED", 125, "record", "");
    if (this.successor) throw errnoError("EBUSY", 16, "record", "");
    const next = new FakeRecording(this.layout, { ...options, fromScan: -1 }, this.fullAfterBytes);
    next.beforeStop = this.beforeStop;
    next.goesOn = true;
    next.state = "waiting";
    this.successor = next;
    return next;
  }

  private withdraw(): void {
    for (const fd of this.fds) closeSync(fd);
    this.journal.close();
    for (const { path } of this.options.outputs) unlinkSync(path);
    unlinkSync(this.options.journalPath);
    this.state = "withdrawn";
  }

  status(): NativeRecordingStatus {
    const sum = (pick: (gap: NativeGap) => number): number =>
      this.gaps.reduce((total, gap) => total + pick(gap), 0);
    return {
      state: this.state,
      error: this.error,
      scans: this.scans,
      bytes: this.bytes,
      seconds: this.scans === 0 ? 0 : Number(process.hrtime.bigint() - this.firstTimeNs) / 1e9,
      backlogBlocks: 0,
      worstWriteMs: 0.1,
      freeBytes: 1e12,
      gaps: this.gaps.length,
      lost: sum((gap) => gap.lost),
      lostMin: sum((gap) => gap.lostMin),
      lostMax: this.gaps.some((gap) => gap.lostMax < 0) ? -1 : sum((gap) => gap.lostMax),
      grade: "exact",
      copiesPerByte: 1,
      cpuSeconds: 0,
      directWrites: false,
      writePath: "buffered",
      writePathWhy: "As asked, samples go through the page cache.",
      firstScan: this.firstScan,
      endScan: this.endScan,
      full: this.isFull(),
      captures: this.capturesEnded,
      capturesMissed: this.capturesMissed,
      capturesUnlisted: 0,
    };
  }

  appendEvent(bytes: Uint8Array): void {
    if (this.state === "recording") this.journal.event(this.scans, bytes);
  }

  /** The part that waits fails, as where somebody removes its file; null: none waits. */
  failWaiting(): FakeRecording | null {
    const { successor } = this;
    if (successor?.state !== "waiting") return null;
    this.successor = null;
    successor.withdraw();
    successor.state = "failed";
    const path = successor.options.outputs[0]?.path ?? "";
    successor.error = { code: "ENOENT", errno: 2, syscall: "fstat", path, message: "Removed." };
    return successor;
  }

  async stop(): Promise<NativeRecordingStatus> {
    this.stopped = true;
    if (this.state === "recording") {
      this.beforeStop();
      this.finish("done");
    }
    return this.status();
  }

  private finish(state: "done" | "failed"): void {
    this.state = state;
    if (this.successor?.state === "waiting") this.successor.withdraw();
    for (const fd of this.fds) closeSync(fd);
    this.journal.end(this.scans, this.error?.errno ?? 0);
  }

  private convert(output: NativeOutput, block: FakeBlock, count: number): Uint8Array {
    const { scanBytes, elements } = this.layout;
    if (output.verbatim) return block.data.subarray(0, count * scanBytes);
    const view = viewOf(block.data);
    const out: number[] = [];
    for (let scan = 0; scan < count; scan++) {
      for (const { element, as } of output.elements) {
        const one = elements[element] as NativeLayout["elements"][number];
        if (as === "i64-as-2u32") {
          const big = BigInt.asUintN(64, decodeBig(view, scan * scanBytes, one));
          for (let n = 0n; n < 8n; n++) out.push(Number((big >> (8n * n)) & 255n));
        } else if (as === "stored") {
          const at = scan * scanBytes + one.offsetBytes;
          out.push(...block.data.subarray(at, at + (one.storageBits / 8) * one.repeat));
        } else pushNumber(out, as, decode(view, scan * scanBytes, one));
      }
    }
    return Uint8Array.from(out);
  }
}

function behindSkipped(block: FakeBlock): FakeBlock {
  const { firstScan: scan, timeNs } = block;
  const none = { lost: 0, lostMin: 0, lostMax: 0 };
  return {
    ...block,
    gap: { ...none, scan, sample: 0, grade: "exact", cause: "not-recorded", timeNs },
  };
}

function pushNumber(out: number[], as: string, value: number): void {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (as === "f32") view.setFloat32(0, value, true);
  else if (as === "f64") view.setFloat64(0, value, true);
  else view.setBigInt64(0, BigInt(value), true);
  out.push(...bytes.subarray(0, Number(as.slice(1)) / 8));
}
