/** What views ask of a stream: frames, samples, pins and the scope trigger, over its present run. */
import type { NativeFrame } from "../../../native/addon.js";
import type { DeviceInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import { RecentSpread, type Spread } from "../../../shared/spread.js";
import type { ScopeTrigger } from "../../../shared/stream.js";
import type { Frame, FrameRequest, SamplesReply } from "../../../shared/view.js";
import { restartGap } from "./faults.js";
import type { ClockOffset } from "./progress.js";
import {
  emptyFrame,
  nativeQuery,
  nativeTrigger,
  toFrame,
  toSamples,
  type TraceSpace,
} from "./queries.js";
import type { Run } from "./run.js";

export class RunView {
  private trigger: ScopeTrigger | null = null;
  private applied = "";
  private readonly ages = new RecentSpread();
  private agesOf: Run | null = null;
  private newestShownNs = 0n;

  constructor(
    private readonly stream: {
      id: string;
      run(): Run | null;
      running(): boolean;
      /** Its memory is being allocated: there is nothing to ask yet. */
      starting(): boolean;
      device(): DeviceInfo;
      clock(): ClockOffset;
    },
  ) {}

  scopeTrigger(): ScopeTrigger | null {
    return this.trigger;
  }

  /** Throws if its channel is not in the present run. */
  setTrigger(trigger: ScopeTrigger | null): void {
    const run = this.stream.run();
    if (trigger && run) nativeTrigger(this.space(run), trigger);
    this.trigger = trigger;
    this.applied = "";
    this.apply();
  }

  /** To a new run, or with new scales. Answers whether the trigger was dropped because its channel is off. */
  apply(): boolean {
    const run = this.stream.run();
    if (!run) return false;
    try {
      const native = this.trigger && nativeTrigger(this.space(run), this.trigger);
      const key = `${run.number} ${JSON.stringify(native)}`;
      if (key === this.applied) return false;
      this.applied = key;
      run.native.setTrigger(native);
      return false;
    } catch {
      this.trigger = null;
      run.native.setTrigger(null);
      return true;
    }
  }

  async frame(request: FrameRequest): Promise<Frame> {
    const run = this.stream.run();
    if (!run || this.stream.starting()) return emptyFrame(request, 0);
    const native = await run.native.query(nativeQuery(this.space(run), request));
    const frame = toFrame(native, {
      stream: this.stream.id,
      run: run.number,
      rateHz: run.resolved.rateHz,
      running: this.stream.running(),
      clock: this.stream.clock(),
      timestampClock: run.facts.timestampClock,
    });
    this.noteAge(run, native);
    if (run.isRestart && frame.fromScan <= 0 && frame.toScan > 0) frame.gaps.unshift(restartGap());
    return frame;
  }

  /** From the completion of blocks until the first frame with them was made. */
  frameLatency(): Spread | null {
    return this.ages.last(performance.now() / 1000);
  }

  private noteAge(run: Run, { newestTimeNs, nowNs }: NativeFrame): void {
    if (this.agesOf !== run) this.ages.clear();
    else if (newestTimeNs <= this.newestShownNs) return;
    this.agesOf = run;
    this.newestShownNs = newestTimeNs;
    if (newestTimeNs <= 0n || !this.stream.running()) return;
    this.ages.add(Math.max(0, Number(nowNs - newestTimeNs) / 1e9), performance.now() / 1000);
  }

  async samples(channel: string, fromScan: number, count: number): Promise<SamplesReply> {
    const run = this.stream.run();
    const element = run?.layout.elements.findIndex((one) => one.channel === channel) ?? -1;
    if (!run || element < 0) {
      throw fail("NOT_ENABLED", `There are no samples of ${channel}. Enable it and run.`, {
        field: "channel",
      });
    }
    return toSamples(await run.native.samples(element, Math.floor(fromScan), count));
  }

  pin(key: string, fromScan: number, toScan: number): { fromScan: number; toScan: number } {
    const native = this.stream.run()?.native;
    if (!native || this.stream.starting()) return { fromScan: 0, toScan: 0 };
    return native.pin(key, Math.floor(fromScan), Math.ceil(toScan));
  }

  unpin(key: string): void {
    this.stream.run()?.native.unpin(key);
  }

  /** Scales as they are now: the newest samples are the ones looked at. */
  private space(run: Run): TraceSpace {
    const { channels, pairs } = this.stream.device();
    return { layout: run.layout, channels, pairs };
  }
}
