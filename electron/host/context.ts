/**
 * A context is where devices come from. The host asks it for devices and attributes, and has it make a buffer ready;
 * the host itself decides on geometry, owns the native stream, and overlays what the user said (labels, links, pairs).
 *
 * How a stream starts:
 *   1. `plan`: what the settings would mean, by what is known. Writes nothing. Also serves `stream.preview`.
 *   2. `prepare`: writes trigger and `_en`, reads them and the formats back. Nothing runs yet.
 *   3. host: reads the attributes for the record, picks a candidate, works out the geometry from what came back.
 *   4. `PreparedSource.arm`: writes `length` and `watermark`, answers what the native stream opens.
 *   5. host: opens and starts the native stream, which enqueues and then writes `enable`.
 *   6. at the end: native stop (writes `enable` 0, gives the buffer back), then `PreparedSource.release`. The history
 *      stays readable until the host closes the native stream.
 */
import type {
  Addon,
  ArenaOptions,
  NativeCounters,
  NativeStream,
  SourceOptions,
} from "../../native/addon.js";
import type {
  AttributeAddress,
  AttributeInfo,
  AttributeValue,
  ContextInfo,
  DeviceId,
  DeviceInfo,
  TransportKind,
} from "../../shared/device.js";
import type { ScanLayout } from "../../shared/scan-format.js";
import type { BlockGeometry, StreamSettings } from "../../shared/stream.js";
import type { Disposable } from "./disposable.js";
import type { JsonFileFault } from "./json-file.js";

export type ContextChange =
  /** A device came, changed or went (`presence`): the whole device. */
  | { kind: "device"; device: DeviceInfo }
  /** It is not listed any more. */
  | { kind: "removed"; id: DeviceId }
  /** `info` changed. */
  | { kind: "context" }
  /** A value changed: by a write (through whichever door), or seen to have. */
  | { kind: "attribute"; address: AttributeAddress; value: AttributeValue };

/** One way to fill blocks that works now: transport and memory. */
export interface SourceCandidate {
  transport: TransportKind;
  /** `system`, `udmabuf`, `pages`. */
  heap: string;
  arena: { kind: ArenaOptions["kind"]; devicePath: string };
  directWrites: boolean;
  /** One sentence: why this one, or why not a better one. */
  why: string;
  fix?: string;
}

/** What settings mean, as far as the context knows. */
export interface SourcePlan {
  /** Enabled elements in scan order, aligned as the kernel does it. */
  layout: ScanLayout;
  /** Scans per second as set; null if not known. */
  rateHz: number | null;
  /** Where a rate is set for these channels and this device trigger; null: nowhere that the context knows. */
  rate: AttributeAddress | null;
  /** Where `rateHz` comes from: a timer that clocks the scans comes before a rate of the device's own. */
  rateSource: AttributeAddress | null;
  /** The source waits for free blocks and loses nothing (the simulator's clock set so): `rateHz` then paces nothing. */
  waitsForBlocks?: boolean;
  /** Block payloads are a multiple of this. 1 if the buffer has no such attribute. */
  lengthAlignBytes: number;
  /** Largest block the memory can give (udmabuf's `size_limit_mb`); null: no known bound. */
  largestBlockBytes: number | null;
  /**
   * Best first, never empty: those that `settings.transport` and `settings.heap` allow. If what was asked for by name
   * can't be had, `plan` rejects with the reason and the fix. For `auto` a read() candidate stands after the DMABUF
   * ones wherever it works, because the host takes it when DMABUF blocks would last too long.
   */
  candidates: SourceCandidate[];
  /** One sentence each for what is missing before a start can work: no trigger chosen, rate 0. */
  missing: string[];
}

export interface PreparedSource extends SourcePlan {
  /** What was found and mended on the way: a buffer left enabled by a program that died. Shown once. */
  notes: string[];
  /**
   * Writes what depends on the geometry (`length` in scans, `watermark`), and answers the source. For read(), `length`
   * covers the reserve. Waveforms and the clock of the simulator come from here too.
   */
  arm(candidate: SourceCandidate, geometry: BlockGeometry): Promise<SourceOptions>;
  /** The native stream is open but not started: for contexts that steer it while it runs (the simulator). */
  attach?(stream: NativeStream): void;
  /** After the native stream was stopped. `vanished`: the device went while it ran. Never rejects. */
  release(end: {
    vanished: boolean;
    /** Of a stream that looked whether the device fills its blocks. */
    overwritten?: NativeCounters["overwritten"];
  }): Promise<void>;
}

export type SourceFault = Parameters<NativeStream["fault"]>[0];

/** What a recording says about the hardware. Empty text: not known. */
export interface DeviceFacts {
  /** Board, machine or `simulator`. */
  hardware: string;
  /** Kernel driver or module. */
  driver: string;
  /** `Linux 6.12.117`. */
  kernel: string;
  /** `local:`, `sim:`. */
  uri: string;
  /** `current_timestamp_clock`: `realtime`, `monotonic`, …; "" if the device has none. */
  timestampClock: string;
}

export interface Context {
  readonly info: ContextInfo;
  /** As they are: without the user's labels, links and pairs, which the host lays over them. Links by name or parent. */
  devices(): DeviceInfo[];
  onChange(listener: (change: ContextChange) => void): Disposable;

  /** Reads one attribute. A refusal by the device is a value with state `failed`; an unknown address rejects NOT_FOUND. */
  readAttribute(address: AttributeAddress): Promise<AttributeValue>;
  /**
   * Reads every attribute of a device. Those not read within `deadlineMs` come back as `failed` (ETIMEDOUT) or, if
   * they were never begun, `unread`; the promise itself resolves soon after the deadline.
   */
  readAttributes(device: DeviceId, deadlineMs: number): Promise<AttributeInfo[]>;
  /** Writes, reads back and answers what the device kept. A refusal rejects with a sentence and `kept`. */
  writeAttribute(address: AttributeAddress, value: string): Promise<AttributeValue>;

  /** Whether a change takes effect only at a start, so that running streams restart (besides a buffer's `rate`). */
  needsRestart?(address: AttributeAddress): boolean;

  facts(device: DeviceId): Promise<DeviceFacts>;

  plan(device: DeviceId, buffer: number, settings: StreamSettings): Promise<SourcePlan>;
  /** Rejects (naming field or fix) and leaves the device as it can if a step is refused. */
  prepare(device: DeviceId, buffer: number, settings: StreamSettings): Promise<PreparedSource>;

  /** Faults on demand. Absent: this context has none to offer. */
  fault?(device: DeviceId, fault: SourceFault): Promise<void>;

  /** Ends watching, closes control threads. Streams were closed before. */
  close(): Promise<void>;
}

/**
 * What the Local context is made from. `electron/host/local/index.ts` exports
 * `createLocalContext(options): Promise<Context>` and `runDoctor(options): Promise<DoctorReport>`.
 */
export interface LocalOptions {
  addon: Addon;
  /** `/sys` and `/dev`, or those of a test. */
  roots: { sysfs: string; dev: string };
  /** How long devices are waited for before the context is there without those that are slow. Default: 3 s. */
  firstLookMs?: number;
  /** Keeps for which devices memory of udmabuf is proven; without it they are forgotten at the end. */
  configDir?: string;
  onFault?: (fault: JsonFileFault) => void;
}
