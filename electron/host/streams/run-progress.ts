/** What a stream tells while it runs: counters with what it waits for, and batches of headers. */
import type { NativeCounters } from "../../../native/addon.js";
import type { DeviceInfo } from "../../../shared/device.js";
import type { Spread } from "../../../shared/spread.js";
import type { HeaderBatch, ScopeTrigger, StreamCounters } from "../../../shared/stream.js";
import { Emitter } from "../disposable.js";
import { NO_COUNTERS, silence, toCounters, waitingFor, type WaitingNow } from "./counters.js";
import { restartGap } from "./faults.js";
import { toHeaderBatch, type ClockOffset } from "./progress.js";
import type { Run } from "./run.js";
import { bufferOf } from "./settings.js";

export interface StreamProgress {
  counters: StreamCounters;
  headers: HeaderBatch;
}

export class RunProgress {
  readonly told = new Emitter<StreamProgress>();
  /** A single acquisition waits for the scope trigger. */
  singleWaits = false;
  /** Run whose break with the one before was told. */
  private breakTold = 0;

  constructor(
    private readonly stream: {
      id: string;
      buffer: number;
      device(): DeviceInfo;
      scopeTrigger(): ScopeTrigger | null;
      frameLatency(): Spread | null;
      clock(): ClockOffset;
    },
  ) {}

  counters(run: Run | null): StreamCounters {
    const native = run?.counters();
    if (!native || !run) return NO_COUNTERS;
    return toCounters(native, this.waiting(native, run), this.stream.frameLatency());
  }

  /** The only one who takes headers from the run. */
  tell(run: Run): void {
    const { id, clock } = this.stream;
    const headers = toHeaderBatch(id, run.number, run.headers(), run.native.blockStates(), clock());
    if (run.isRestart && this.breakTold !== run.number && headers.sequence.length > 0) {
      this.breakTold = run.number;
      headers.gaps.unshift(restartGap());
    }
    this.told.fire({ counters: this.counters(run), headers });
  }

  dispose(): void {
    this.told.dispose();
  }

  /** What clocks it and is waited for; null while blocks come. */
  silence(run: Run): string | null {
    return silence(this.now(run.counters(), run));
  }

  private waiting(native: NativeCounters, run: Run): string | null {
    const scope = this.stream.scopeTrigger();
    const scopeTrigger = this.singleWaits ? (scope?.trace.channel ?? null) : null;
    return waitingFor({ ...this.now(native, run), scopeTrigger });
  }

  private now(native: NativeCounters, run: Run): Omit<WaitingNow, "scopeTrigger"> {
    const device = this.stream.device();
    const needsTrigger = bufferOf(device, this.stream.buffer)?.needsTrigger ?? false;
    return {
      counters: native,
      secondsPerBlock: run.resolved.geometry.secondsPerBlock,
      deviceLabel: device.label,
      deviceTrigger: needsTrigger ? device.currentTrigger : null,
    };
  }
}
