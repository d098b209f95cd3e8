/** Options of a simulated converter for tests of the addon: one 32-bit counter channel, or several of 16 bits. */
import { JOURNAL_CAUSES, JOURNAL_GRADES } from "../../shared/journal.js";
import type {
  NativeCaptures,
  NativeElement,
  NativeGap,
  NativeStreamOptions,
  NativeTrace,
  SimulatorChannel,
} from "../../native/addon.js";

export function waveform(
  kind: SimulatorChannel["waveform"],
  more: Partial<SimulatorChannel> = {},
): SimulatorChannel {
  return {
    waveform: kind,
    frequencyHz: 1000,
    frequencyEndHz: 0,
    sweepSeconds: 0,
    amplitude: 10_000,
    offset: 0,
    noise: 0,
    phase: 0,
    duty: 0.5,
    glitchEvery: 0,
    ...more,
  };
}

export function element(offsetBytes: number, bits: 16 | 32 | 64, kind: "s" | "u"): NativeElement {
  return { offsetBytes, storageBits: bits, bits, shift: 0, repeat: 1, kind, bigEndian: false };
}

/** A counter of 32 bits beside a sine of 16 (and 16 bits of padding): 8-byte scans. */
export function counterOptions(more: Partial<NativeStreamOptions> = {}): NativeStreamOptions {
  return {
    layout: {
      scanBytes: 8,
      elements: [element(0, 32, "u"), element(4, 16, "s")],
      timestamp: -1,
    },
    arena: { kind: "pages", devicePath: "", blockCount: 16, allocatedBytes: 65536 },
    source: {
      kind: "simulator",
      channels: [waveform("counter"), waveform("sine")],
      max: false,
      seed: 1,
    },
    payloadBytes: 65536,
    queueDepth: 4,
    rateHz: 1_000_000,
    counter: [0],
    timestampGaps: false,
    pyramidBytes: 1 << 20,
    deadlineMs: 5000,
    ...more,
  };
}

export function rawTrace(index: number): NativeTrace {
  return {
    part: "value",
    element: index,
    elementQ: -1,
    scale: 1,
    offset: 0,
    scaleQ: 1,
    offsetQ: 0,
  };
}

/** Captures as a file's options have them. */
export function captures(gaps: readonly NativeGap[] = []): NativeCaptures {
  return {
    scan: Float64Array.from(gaps, ({ scan }) => scan),
    sample: Float64Array.from(gaps, ({ sample }) => sample),
    lost: Float64Array.from(gaps, ({ lost }) => lost),
    lostMin: Float64Array.from(gaps, ({ lostMin }) => lostMin),
    lostMax: Float64Array.from(gaps, ({ lostMax }) => lostMax),
    grade: Uint8Array.from(gaps, ({ grade }) => JOURNAL_GRADES.indexOf(grade)),
    cause: Uint8Array.from(gaps, ({ cause }) => JOURNAL_CAUSES.indexOf(cause)),
    timeNs: BigInt64Array.from(gaps, ({ timeNs }) => timeNs),
  };
}
