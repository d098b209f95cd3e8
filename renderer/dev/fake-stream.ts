/** One stream of the fake host: settings, geometry, a clock that runs, blocks that move through their states. */
import { formatCount, formatMemory } from "../../shared/figures.js";
import type { DeviceInfo } from "../../shared/device.js";
import { fail } from "../../shared/errors.js";
import {
  automaticSettings,
  BLOCK_STATES,
  streamId,
  type BlockGeometry,
  type BlockState,
  type GapInfo,
  type HeaderBatch,
  type StreamCounters,
  type StreamInfo,
  type StreamLatency,
  type StreamSettings,
} from "../../shared/stream.js";
import type { FrameSource } from "./fake-frames.js";

const BLOCK_SECONDS = 0.016;
const RESERVE_SECONDS = 0.2;
const POOL_BLOCKS = 64;
const FAKE_LATENCY: StreamLatency = {
  consumer: { p50: 42e-6, p99: 95e-6, max: 1.2e-3 },
  summary: { p50: 310e-6, p99: 640e-6, max: 4.1e-3 },
  frame: { p50: 12e-3, p99: 19e-3, max: 31e-3 },
};

export function scanBytes(device: DeviceInfo, channels: string[]): number {
  const sizes = device.channels
    .filter(({ id, scan }) => channels.includes(id) && scan.length > 0)
    .map(({ scan }) => scan[0]!.format.storageBits / 8);
  const largest = Math.max(1, ...sizes);
  let at = 0;
  for (const size of sizes) at = Math.ceil(at / size) * size + size;
  return Math.ceil(at / largest) * largest;
}

function askedBytes(
  settings: StreamSettings,
  scan: number,
  rateHz: number,
  short: boolean,
): number {
  const { blockSize } = settings;
  if (blockSize.kind === "bytes") return blockSize.bytes;
  if (blockSize.kind === "scans") return blockSize.scans * scan;
  if (blockSize.kind === "seconds") return Math.round(blockSize.seconds * rateHz) * scan;
  if (short) return 8 * scan;
  const wanted = rateHz * scan * BLOCK_SECONDS;
  return Math.min(1 << 20, Math.max(4096, 2 ** Math.round(Math.log2(wanted))));
}

export function geometryOf(
  device: DeviceInfo,
  settings: StreamSettings,
  rateHz: number,
): BlockGeometry {
  const scan = scanBytes(device, settings.channels);
  if (scan < 1 || settings.channels.length === 0) {
    throw fail("NO_CHANNELS", "No channel is enabled. Tick at least one in the explorer.");
  }
  const short = device.buffers[0]?.transport === "read";
  const asked = askedBytes(settings, scan, rateHz, short);
  if (asked > 16 << 20) {
    throw fail("TOO_LARGE", "A block may have at most 16 MiB here. Take a smaller one.", {
      field: "blockSize",
    });
  }
  const payload = Math.max(scan, Math.floor(asked / scan) * scan);
  const blockCount = settings.blockCount ?? POOL_BLOCKS;
  const seconds = payload / scan / rateHz;
  const queueDepth = Math.min(
    blockCount - 1,
    settings.queueDepth ??
      (short ? 1 : Math.max(2, 2 ** Math.min(4, Math.round(Math.log2(RESERVE_SECONDS / seconds))))),
  );
  const notes: string[] = [];
  if (payload !== asked) {
    notes.push(
      `${formatMemory(asked)} rounded to ${formatCount(payload)} bytes: whole scans of ${scan} bytes.`,
    );
  }
  return {
    blockCount,
    queueDepth,
    scanBytes: scan,
    scansPerBlock: payload / scan,
    payloadBytes: payload,
    allocatedBytes: short ? payload : Math.ceil(payload / 4096) * 4096,
    askedBytes: asked,
    secondsPerBlock: seconds,
    reserveSeconds: seconds * queueDepth,
    historySeconds: seconds * (blockCount - queueDepth),
    poolBytes: payload * blockCount,
    notes,
  };
}

export class FakeStream {
  readonly id: string;
  settings: StreamSettings;
  state: StreamInfo["state"] = { kind: "idle" };
  recording: string | null = null;
  trigger: StreamInfo["trigger"] = null;
  run = 0;
  pinnedBlocks = 0;
  queuedLeast = 0;
  readonly gaps: GapInfo[] = [];
  private startedAt = 0;
  private stoppedScans = 0;
  private pendingGaps: GapInfo[] = [];

  constructor(
    readonly device: () => DeviceInfo,
    readonly rateHz: () => number,
  ) {
    const info = device();
    this.id = streamId(info.id, 0);
    this.settings = {
      ...automaticSettings(
        info.channels.filter(({ scan }) => scan[0]?.enabled).map(({ id }) => id),
      ),
      deviceTrigger: info.currentTrigger ? { name: info.currentTrigger, rateHz: null } : null,
    };
  }

  geometry(settings = this.settings): BlockGeometry {
    return geometryOf(this.device(), settings, this.rateHz());
  }

  start(agoSeconds = 0): void {
    if (this.state.kind === "running") return;
    this.geometry();
    this.run++;
    this.startedAt = performance.now() - agoSeconds * 1000;
    this.state = { kind: "running", sinceMs: Date.now() - agoSeconds * 1000 };
    this.queuedLeast = Math.max(0, this.geometry().queueDepth - 2);
  }

  stop(): void {
    this.stoppedScans = this.scans();
    this.state = { kind: "idle" };
  }

  fail(error: StreamInfo["geometryError"] & object): void {
    this.stoppedScans = this.scans();
    this.state = { kind: "failed", error, atMs: Date.now() };
  }

  /** Scans delivered: whole blocks only. */
  scans(): number {
    if (this.state.kind !== "running") return this.stoppedScans;
    const per = this.geometry().scansPerBlock;
    return Math.floor((((performance.now() - this.startedAt) / 1000) * this.rateHz()) / per) * per;
  }

  addGap(lost: number, agoScans: number): void {
    const scan = this.scans() - agoScans;
    const gap: GapInfo = {
      scan,
      sample: scan - lost,
      lost,
      lostMin: 0,
      lostMax: lost,
      grade: this.grade(),
      cause: "dry-queue",
      timeNs: "0",
    };
    this.gaps.push(gap);
    this.pendingGaps.push(gap);
    this.queuedLeast = 0;
  }

  private grade(): GapInfo["grade"] {
    const stamped = this.settings.channels.includes("timestamp");
    return stamped || this.device().context === "sim" ? "exact" : "estimated";
  }

  info(): StreamInfo {
    const device = this.device();
    const buffer = device.buffers[0]!;
    let geometry: BlockGeometry | null = null;
    let geometryError: StreamInfo["geometryError"] = null;
    try {
      // Of a device that is gone, the last state stays.
      geometry = this.geometry();
      if (device.presence === "gone") throw fail("ENODEV", `${device.name} has gone.`);
    } catch (thrown) {
      geometryError = (thrown as { detail: NonNullable<StreamInfo["geometryError"]> }).detail;
    }
    const heap = buffer.heaps.find(({ usable }) => usable.state === "yes")?.name ?? "pages";
    return {
      id: this.id,
      device: device.id,
      buffer: 0,
      settings: structuredClone(this.settings),
      geometry,
      geometryError,
      rateSetHz: geometry && this.rateHz(),
      rate: buffer.rate,
      state: this.state,
      transport: {
        kind: buffer.transport,
        heap,
        directWrites: heap !== "system",
        why: buffer.why,
        ...(buffer.fix ? { fix: buffer.fix } : {}),
      },
      recording: this.recording,
      trigger: this.trigger,
      run: this.run,
      ...this.file(),
    };
  }

  /** A recording is looked at, not run: it has no buffer. */
  private file(): Partial<StreamInfo> {
    const { context, buffers } = this.device();
    if (context !== "rec") return {};
    const { blockCount, queueDepth, payloadBytes } = this.geometry();
    const { scans, bytes, continuity } = this.counters();
    const how = {
      transport: "dmabuf",
      heap: "system",
      why: "DMABUF works.",
      blockBytes: payloadBytes,
      blockCount,
      queuedBlocks: queueDepth,
      rateMeasuredHz: this.rateHz() * 0.999992,
      continues: "",
    };
    return {
      geometry: null,
      transport: {
        kind: "replay",
        heap: "",
        directWrites: false,
        why: buffers[0]?.why ?? "",
      },
      file: { scans, seconds: scans / this.rateHz(), bytes, continuity, how },
    };
  }

  counters(): StreamCounters {
    const geometry = this.geometry();
    const scans = this.scans();
    const lost = this.gaps.reduce((sum, gap) => sum + gap.lost, 0);
    const running = this.state.kind === "running";
    const kept = (geometry.blockCount - geometry.queueDepth) * geometry.scansPerBlock;
    return {
      blocks: scans / geometry.scansPerBlock,
      failedBlocks: this.state.kind === "failed" ? geometry.queueDepth : 0,
      scans,
      bytes: scans * geometry.scanBytes,
      rateHz: running ? this.rateHz() * 0.999992 : null,
      bytesPerSecond: running ? this.rateHz() * geometry.scanBytes : 0,
      queued: running ? Math.max(0, geometry.queueDepth - 1) : 0,
      queuedLeast: this.queuedLeast,
      dryRuns: this.gaps.length,
      continuity: {
        grade: this.grade(),
        gaps: this.gaps.length,
        lost,
        lostMin: 0,
        lostMax: lost,
      },
      historyFromScan: Math.max(0, scans - kept),
      historyToScan: scans,
      pyramidFromScan: Math.max(0, scans - 4 * kept),
      triggers: Math.floor(scans / 3072),
      newestTimeNs: "0",
      waitingFor: null,
      ...(running ? { latency: FAKE_LATENCY } : {}),
    };
  }

  blockStates(): Uint8Array<ArrayBuffer> {
    const { blockCount, queueDepth, scansPerBlock } = this.geometry();
    const index = (state: BlockState) => BLOCK_STATES.indexOf(state);
    const done = Math.floor(this.scans() / scansPerBlock);
    const states = new Uint8Array(blockCount).fill(index("history"));
    const at = (n: number) => (((done + n) % blockCount) + blockCount) % blockCount;
    if (done < blockCount)
      for (let n = 1; n < blockCount - done; n++) states[at(n)] = index("idle");
    if (this.state.kind === "failed") {
      for (let n = 0; n < queueDepth; n++) states[at(n)] = index("failed");
      return states;
    }
    if (this.state.kind !== "running") return states;
    for (let n = 1; n < queueDepth; n++) states[at(n)] = index("queued");
    states[at(0)] = index("active");
    if (this.recording) for (let n = 1; n <= 5; n++) states[at(-n)] = index("held");
    for (let n = 0; n < this.pinnedBlocks; n++) states[at(-18 - n)] = index("pinned");
    return states;
  }

  headers(): HeaderBatch {
    const gaps = this.pendingGaps;
    this.pendingGaps = [];
    return {
      stream: this.id,
      run: this.run,
      sequence: [],
      firstScan: [],
      scanCount: [],
      bytes: [],
      timeNs: new BigInt64Array(0),
      coalesced: { blocks: 0, scans: 0, bytes: 0, gaps: 0, failures: 0 },
      gaps,
      failures: [],
      blockStates: this.blockStates(),
    };
  }

  frameSource(attribute: FrameSource["attribute"]): FrameSource {
    const counters = this.counters();
    return {
      device: this.device(),
      run: this.run,
      rateHz: this.rateHz(),
      fromScan: counters.historyFromScan,
      toScan: counters.historyToScan,
      gaps: this.gaps,
      trigger: this.trigger,
      triggersTotal: counters.triggers,
      attribute,
    };
  }
}
