/** The fake host's search for settings: a machine that keeps up with blocks from 16 KiB on, and a reserve of 20 ms. */
import { fail } from "../../shared/errors.js";
import type { RequestParams } from "../../shared/messages.js";
import type { TuneStatus, TuneTry } from "../../shared/tune.js";
import type { FakeHost } from "./fake-host.js";

const SMALLEST = 16_384;
const RESERVE_SECONDS = 0.02;
/** A try takes so long here, whatever was asked. */
const TRY_MS = 150;

export class FakeTunings {
  private readonly going = new Set<string>();

  constructor(private readonly host: FakeHost) {}

  cancel(stream: string): void {
    this.going.delete(stream);
  }

  async run({ stream, seconds, marginPercent }: RequestParams<"stream.tune">): Promise<TuneStatus> {
    const known = this.host.stream(stream);
    if (known.settings.rateMax) {
      throw fail("CANNOT_TUNE", "As fast as possible, the source waits for free blocks.");
    }
    const rateHz = known.rateHz();
    const status: TuneStatus = {
      stream,
      seconds,
      marginPercent,
      rateHz,
      state: { kind: "running" },
      tries: [],
      triesAtMost: 16,
    };
    this.going.add(stream);
    const { scanBytes } = known.geometry();
    const tell = () => this.host.emit("stream.tune", { tune: structuredClone(status) });
    tell();
    for (const [blockBytes, blockCount] of steps(scanBytes * rateHz)) {
      const one = begin(blockBytes, blockCount, blockBytes / scanBytes / rateHz);
      status.tries.push(one);
      tell();
      await new Promise((done) => setTimeout(done, TRY_MS));
      if (!this.going.has(stream)) {
        status.state = { kind: "cancelled" };
        tell();
        return status;
      }
      end(one, seconds);
      tell();
    }
    this.going.delete(stream);
    const last = status.tries.at(-1)!;
    const { blockBytes, blockCount, queueDepth, secondsPerBlock, reserveSeconds } = last;
    status.state = {
      kind: "done",
      found: {
        blockBytes,
        blockCount,
        queueDepth,
        secondsPerBlock,
        reserveSeconds,
        poolBytes: blockBytes * blockCount,
        patch: { blockSize: { kind: "bytes", bytes: blockBytes }, blockCount, queueDepth },
      },
    };
    tell();
    return status;
  }
}

function steps(bytesPerSecond: number): [number, number][] {
  const enough = Math.ceil((RESERVE_SECONDS * bytesPerSecond * 4) / 3 / SMALLEST) + 2;
  return [
    [131_072, 64],
    [32_768, 64],
    [8192, 128],
    [SMALLEST, 64],
    [SMALLEST, enough - 1],
    [SMALLEST, enough],
    [SMALLEST, enough],
  ];
}

function begin(blockBytes: number, blockCount: number, secondsPerBlock: number): TuneTry {
  const queueDepth = blockCount - Math.max(1, Math.floor(blockCount / 4));
  return {
    blockBytes,
    blockCount,
    queueDepth,
    secondsPerBlock,
    reserveSeconds: secondsPerBlock * queueDepth,
    seconds: 0,
    queuedLeast: null,
    dryRuns: 0,
    verdict: { kind: "running" },
  };
}

function end(one: TuneTry, seconds: number): void {
  const missed = Math.ceil(RESERVE_SECONDS / one.secondsPerBlock / 2);
  one.queuedLeast = Math.max(0, one.queueDepth - missed);
  one.seconds = seconds;
  if (one.blockBytes < SMALLEST) {
    one.dryRuns = 1;
    one.verdict = { kind: "bad", why: "the queue ran dry" };
  } else if (one.queuedLeast < one.queueDepth / 2) {
    one.verdict = {
      kind: "bad",
      why: `the queue fell to ${one.queuedLeast} of ${one.queueDepth}`,
    };
  } else one.verdict = { kind: "good" };
}
