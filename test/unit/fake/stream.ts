/** A stream of the fake addon: the simulator's shape in a few lines, on a timer. */
import type {
  NativeCounters,
  NativeFrame,
  NativeGap,
  NativeHeaders,
  NativeQuery,
  NativeRecording,
  NativeRecordingOptions,
  NativeStream,
  NativeStreamOptions,
  NativeTrigger,
  SimulatorChannel,
} from "../../../native/addon.js";
import { answer, findTriggers, type FoundTrigger } from "./query.js";
import { FakeGate } from "./captures.js";
import { FakeAllocation, type FakeMemory } from "./memory.js";
import { FakeRecording, type FakeBlock } from "./recorder.js";
import { decode, decodeBig, encode, viewOf, type FakeStore } from "./scans.js";

type Fault = Parameters<NativeStream["fault"]>[0];
const TICK_MS = 4;
const WORK_MS = 1;

export class FakeStream implements NativeStream {
  private state: NativeCounters["state"] = "new";
  private error: NativeCounters["error"] = null;
  private vanished = false;
  private blocks: FakeBlock[] = [];
  private sequence = 0;
  private scans = 0;
  private endScan = 0;
  private gaps: NativeGap[] = [];
  private headerGaps: NativeGap[] = [];
  private headerBlocks: FakeBlock[] = [];
  private failures: { sequence: number; message: string }[] = [];
  private channels: SimulatorChannel[];
  private trigger: NativeTrigger | null = null;
  private triggers: FoundTrigger[] = [];
  private triggerState = { armed: false, count: 0 };
  private currentFault: Fault = "none";
  private pendingLost = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private listener: (() => void) | null = null;
  private startNs = 0n;
  private producedTo = 0;
  private pins = new Map<string, { fromScan: number; toScan: number }>();
  readonly recordings: FakeRecording[] = [];
  private readonly memory: FakeAllocation;
  private readonly gates: FakeGate[] = [];

  constructor(
    readonly options: NativeStreamOptions,
    private readonly disk: { fullAfterBytes: number },
    memory: FakeMemory,
    private readonly onClose: () => void,
  ) {
    const { source } = options;
    this.channels = source.kind === "simulator" ? source.channels : [];
    this.memory = new FakeAllocation(options.arena, memory);
  }

  async start(): Promise<void> {
    await this.memory.allocate();
    this.memory.checkWanted();
    this.state = "running";
    this.startNs = process.hrtime.bigint();
    this.schedule(TICK_MS);
  }

  cancelStart(): void {
    this.memory.cancel();
  }

  allocation(): { bytes: number; totalBytes: number } {
    return this.memory.progress();
  }

  async stop(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.state === "running") this.state = "stopped";
  }

  async close(): Promise<void> {
    this.cancelStart();
    await this.memory.settled();
    await this.stop();
    if (this.state === "closed") return;
    this.state = "closed";
    this.blocks = [];
    this.onClose();
  }

  counters(): NativeCounters {
    const { queueDepth } = this.options;
    const { scanBytes } = this.options.layout;
    const running = this.state === "running";
    return {
      state: this.state,
      error: this.error,
      vanished: this.vanished,
      blocks: this.sequence,
      failedBlocks: this.failures.length,
      scans: this.scans,
      bytes: this.scans * scanBytes,
      rateHz: running ? this.options.rateHz : 0,
      bytesPerSecond: running ? this.options.rateHz * scanBytes : 0,
      queued: running ? queueDepth : 0,
      queuedLeast: queueDepth,
      dryRuns: 0,
      grade: "exact",
      gaps: this.gaps.length,
      lost: this.gaps.reduce((sum, gap) => sum + gap.lost, 0),
      lostMin: this.gaps.reduce((sum, gap) => sum + gap.lost, 0),
      lostMax: this.gaps.reduce((sum, gap) => sum + gap.lost, 0),
      historyFromScan: this.blocks[0]?.firstScan ?? this.endScan,
      historyToScan: this.endScan,
      summarisedToScan: this.endScan,
      pyramidFromScan: this.blocks[0]?.firstScan ?? this.endScan,
      triggers: this.triggerState.count,
      newestTimeNs: this.blocks.at(-1)?.timeNs ?? 0n,
      startTimeNs: this.startNs,
      nowNs: process.hrtime.bigint(),
      cpuSeconds: 0.01,
      jitterSeconds: -1,
    };
  }

  headers(): NativeHeaders {
    const blocks = this.headerBlocks.splice(0);
    const gaps = this.headerGaps.splice(0);
    const dropped = blocks.splice(0, Math.max(0, blocks.length - 256));
    const pick = (of: (block: FakeBlock) => number): Float64Array =>
      Float64Array.from(blocks.map(of));
    return {
      sequence: pick((block) => block.sequence),
      firstScan: pick((block) => block.firstScan),
      scanCount: pick((block) => block.scanCount),
      bytes: pick((block) => block.data.length),
      timeNs: BigInt64Array.from(blocks.map((block) => block.timeNs)),
      coalescedBlocks: dropped.length,
      coalescedScans: dropped.reduce((sum, block) => sum + block.scanCount, 0),
      coalescedBytes: dropped.reduce((sum, block) => sum + block.data.length, 0),
      coalescedGaps: 0,
      coalescedFailures: 0,
      gaps,
      failures: this.failures.splice(0),
    };
  }

  blockStates(): Uint8Array<ArrayBuffer> {
    const { blockCount } = this.options.arena;
    return Uint8Array.from({ length: blockCount }, (_, n) => (n < this.blocks.length ? 3 : 1));
  }

  async query(query: NativeQuery): Promise<NativeFrame> {
    return answer(this.store(), query, this.gaps, this.triggers, {
      newestTimeNs: this.blocks.at(-1)?.timeNs ?? 0n,
      zeroTimeNs: this.blocks.at(-1)?.timeNs ?? -1n,
      triggersTotal: this.triggerState.count,
    });
  }

  async samples(element: number, fromScan: number, count: number) {
    const one = this.options.layout.elements[element]!;
    const block = this.blocks.find((b) => b.firstScan + b.scanCount > fromScan);
    if (!block) return { fromScan, values: new Int32Array(0) };
    const first = Math.max(fromScan, block.firstScan);
    const last = Math.min(this.endScan, first + count);
    if (one.storageBits === 64 && one.kind === "s") {
      const values = new BigInt64Array(last - first);
      for (let n = 0; n < values.length; n++) values[n] = this.big(element, first + n);
      return { fromScan: first, values };
    }
    const values = new Int32Array(last - first);
    for (let n = 0; n < values.length; n++) values[n] = this.store().value(element, first + n);
    return { fromScan: first, values };
  }

  async block(sequence: number) {
    const block = this.blocks.find((one) => one.sequence === sequence);
    if (!block) return null;
    return { firstScan: block.firstScan, scanCount: block.scanCount, data: block.data.slice() };
  }

  pin(key: string, fromScan: number, toScan: number) {
    const span = {
      fromScan: Math.max(fromScan, this.blocks[0]?.firstScan ?? this.endScan),
      toScan: Math.min(toScan, this.endScan),
    };
    this.pins.set(key, span);
    return span;
  }

  unpin(key: string): void {
    this.pins.delete(key);
  }

  pinKeys(): string[] {
    return [...this.pins.keys()];
  }

  setTrigger(trigger: NativeTrigger | null): void {
    this.trigger = trigger;
    this.triggers = [];
    this.triggerState = { armed: false, count: 0 };
  }

  nextTrigger(afterScan: number, postScans: number) {
    return (
      this.triggers.find((one) => one.scan >= afterScan && one.scan + postScans < this.endScan) ??
      null
    );
  }

  setSimulator(channels: SimulatorChannel[]): void {
    this.channels = channels;
  }

  simulated(): SimulatorChannel[] {
    return this.channels;
  }

  fault(kind: Fault): void {
    this.currentFault = kind;
  }

  /** As an engine that fails between two ticks: its recordings end with it, and nobody was told yet. */
  failUnseen(): void {
    const { listener } = this;
    this.listener = null;
    this.fail("EIO", 5, "The bus reports a fault.");
    this.listener = listener;
    for (const recording of this.recordings) void recording.stop();
  }

  async record(options: NativeRecordingOptions): Promise<NativeRecording> {
    if (this.state === "new") await this.memory.allocate();
    const recording = new FakeRecording(this.options.layout, options, this.disk.fullAfterBytes);
    recording.takeHistory(this.blocks, this.endScan);
    if (options.captures) {
      const gate = new FakeGate(recording, options);
      recording.beforeStop = () => gate.close();
      this.gates.push(gate);
    }
    this.recordings.push(recording);
    return recording;
  }

  onNews(listener: (() => void) | null): void {
    this.listener = listener;
  }

  private store(): FakeStore {
    return {
      layout: this.options.layout,
      rateHz: this.options.rateHz,
      fromScan: () => this.blocks[0]?.firstScan ?? this.endScan,
      toScan: () => this.endScan,
      value: (element, scan) => {
        const at = this.at(scan);
        if (!at) return NaN;
        return decode(viewOf(at.block.data), at.byte, this.options.layout.elements[element]!);
      },
    };
  }

  private big(element: number, scan: number): bigint {
    const at = this.at(scan);
    if (!at) return 0n;
    return decodeBig(viewOf(at.block.data), at.byte, this.options.layout.elements[element]!);
  }

  private at(scan: number): { block: FakeBlock; byte: number } | null {
    const block = this.blocks.find(
      (one) => scan >= one.firstScan && scan < one.firstScan + one.scanCount,
    );
    if (!block) return null;
    return { block, byte: (scan - block.firstScan) * this.options.layout.scanBytes };
  }

  /** Three quarters of the time belong to the test. */
  private schedule(ms: number): void {
    this.timer = setTimeout(() => {
      const start = performance.now();
      this.tick();
      if (this.timer) this.schedule(Math.max(TICK_MS, 3 * (performance.now() - start)));
    }, ms);
  }

  private tick(): void {
    const { source, rateHz, payloadBytes, layout } = this.options;
    if (this.currentFault === "stall") return;
    if (this.currentFault === "vanish") {
      this.fail("ENODEV", 19, "The device has gone. Plug it in again.");
      this.vanished = true;
      return;
    }
    const perBlock = payloadBytes / layout.scanBytes;
    const max = source.kind === "simulator" && source.max;
    const elapsed = Number(process.hrtime.bigint() - this.startNs) / 1e9;
    const due = max ? this.producedTo + perBlock : Math.floor(elapsed * (rateHz || 1000));
    const until = performance.now() + WORK_MS;
    let made = 0;
    while (this.producedTo + perBlock <= due && (made === 0 || performance.now() < until)) {
      this.produce(perBlock);
      made++;
    }
    // Behind for good: the fake's clock goes slower, rather than eat all time there is.
    if (!max && this.producedTo + perBlock <= due) {
      const seconds = (due - this.producedTo) / (rateHz || 1000);
      this.startNs += BigInt(Math.round(seconds * 1e9));
    }
    if (made > 0) this.listener?.();
  }

  private produce(scanCount: number): void {
    this.producedTo += scanCount;
    if (this.currentFault === "lost-blocks") {
      this.currentFault = "none";
      this.pendingLost += scanCount;
      this.endScan += scanCount;
      return;
    }
    if (this.currentFault === "transfer-error") {
      this.currentFault = "none";
      this.failures.push({ sequence: this.sequence++, message: "The transfer failed." });
      this.pendingLost += scanCount;
      this.endScan += scanCount;
      return;
    }
    const { layout, rateHz } = this.options;
    const data = new Uint8Array(scanCount * layout.scanBytes);
    const view = viewOf(data);
    for (let n = 0; n < scanCount; n++) {
      layout.elements.forEach((element, index) => {
        const value = waveAt(this.channels[index], this.endScan + n, rateHz || 1000);
        encode(view, n * layout.scanBytes, element, value);
      });
    }
    const gap = this.takeGap();
    const block: FakeBlock = {
      sequence: this.sequence++,
      firstScan: this.endScan,
      scanCount,
      data,
      timeNs: process.hrtime.bigint(),
      gap,
    };
    this.scans += scanCount;
    this.endScan += scanCount;
    this.keep(block);
  }

  private keep(block: FakeBlock): void {
    const { arena, queueDepth } = this.options;
    this.blocks.push(block);
    this.headerBlocks.push(block);
    if (block.gap) {
      this.gaps.push(block.gap);
      this.headerGaps.push(block.gap);
    }
    while (this.blocks.length > arena.blockCount - queueDepth) this.blocks.shift();
    const found = this.trigger
      ? findTriggers(this.store(), this.trigger, block.firstScan, this.endScan, this.triggerState)
      : [];
    this.triggers.push(...found);
    for (const gate of this.gates) gate.follow(this.blocks, found, this.endScan);
    for (const recording of this.recordings) recording.take(block);
  }

  private takeGap(): NativeGap | null {
    const lost = this.pendingLost;
    this.pendingLost = 0;
    if (lost === 0) return null;
    return {
      scan: this.endScan,
      sample: this.scans,
      lost,
      lostMin: lost,
      lostMax: lost,
      grade: "exact",
      cause: "simulator",
      timeNs: process.hrtime.bigint(),
    };
  }

  private fail(code: string, errno: number, message: string): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.state = "failed";
    this.error = { code, errno, syscall: "ioctl", path: "", message };
    this.listener?.();
  }
}

function waveAt(
  channel: SimulatorChannel | undefined,
  scan: number,
  rateHz: number,
): number | bigint {
  if (!channel || channel.waveform === "counter") return scan % 65_536;
  if (channel.waveform === "timestamp")
    return BigInt(Math.round((scan / rateHz) * 1e9)) + 10n ** 18n;
  const cycle = (((channel.frequencyHz * scan) / rateHz + channel.phase) % 1) + 0;
  const unit =
    channel.waveform === "square" || channel.waveform === "pulses"
      ? cycle < channel.duty
        ? 1
        : -1
      : channel.waveform === "constant" || channel.waveform === "noise"
        ? 0
        : Math.sin(2 * Math.PI * cycle);
  return channel.offset + channel.amplitude * unit;
}
