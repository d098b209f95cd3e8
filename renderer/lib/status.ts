/** What the status bar says of a stream, item by item. */
import { formatCount, formatMemory, formatSi, siFigure } from "../../shared/figures.js";
import type { DeviceInfo } from "../../shared/device.js";
import type { RecordingStatus } from "../../shared/recording.js";
import type {
  AllocationProgress,
  BlockGeometry,
  StreamCounters,
  StreamInfo,
} from "../../shared/stream.js";
import { clockTime, failureOf, formatRate } from "./names.js";

/** `61.44 MS/s` with, beside it, what was measured: `measured 61.439`, in the same prefix. */
export function rateWords(
  setHz: number | null,
  measuredHz: number | null,
): { set: string; measured: string } {
  const set = formatRate(setHz ?? measuredHz);
  if (measuredHz === null || setHz === null) return { set, measured: "" };
  const own = siFigure(setHz, "S/s", 6);
  const measured = siFigure(measuredHz, "S/s", 5, { keepZeros: true });
  return {
    set,
    measured: `measured ${measured.text}${measured.unit === own.unit ? "" : ` ${measured.unit}`}`,
  };
}

/** `246 MB/s`, with as many digits at every turn, so that it stands still. */
export function byteRate(bytesPerSecond: number): string {
  return formatSi(bytesPerSecond, "B/s", 3, { keepZeros: true });
}

/** `15/16` and `least 9`; nothing where no queue is kept. */
export function reserveWords(
  counters: StreamCounters,
  stream: StreamInfo,
): { now: string; least: string } | null {
  const depth = stream.geometry?.queueDepth ?? 0;
  if (depth < 2 || stream.transport?.kind === "read") return null;
  return {
    now: `${formatCount(counters.queued)}/${formatCount(depth)}`,
    least: `least ${formatCount(counters.queuedLeast)}`,
  };
}

/** What stands there instead of rates while nothing flows. */
export function restWords(
  device: DeviceInfo,
  stream: StreamInfo,
): { text: string; error: boolean } | null {
  if (device.presence === "gone") {
    const since = device.goneAtMs ? ` since ${clockTime(device.goneAtMs)}` : "";
    return { text: `device gone${since}`, error: true };
  }
  if (stream.transport?.kind === "replay") return { text: "recorded file", error: false };
  switch (stream.state.kind) {
    case "failed": {
      const failure = failureOf(device, stream);
      return { text: failure?.message ?? "idle", error: failure !== null };
    }
    case "starting":
      return { text: allocationWords(stream) ?? "starting", error: false };
    case "stopping":
      return { text: "stopping", error: false };
    case "idle":
      return { text: "idle", error: false };
    case "running":
      return null;
  }
}

/** A large pool takes seconds to be had: `allocating 4 GiB, 30 %`. null: nothing to wait for. */
export function allocationWords({ state, geometry }: StreamInfo): string | null {
  if (state.kind !== "starting" || !geometry) return null;
  const words = `allocating ${formatMemory(geometry.poolBytes)}`;
  return state.allocation ? `${words}, ${allocationFigures(state.allocation).percent} %` : words;
}

/** Beside and within a bar: `1.21 GiB of 4 GiB`, and the part of it, 0 … 1. 100 % is said only when all is there. */
export function allocationFigures({ bytes, totalBytes }: AllocationProgress): {
  amount: string;
  part: number;
  percent: number;
} {
  const part = totalBytes > 0 ? Math.min(1, bytes / totalBytes) : 0;
  return {
    amount: `${formatMemory(bytes, 3)} of ${formatMemory(totalBytes)}`,
    part,
    percent: Math.floor(part * 100),
  };
}

/** The same as a sentence, for the place where the picture will be. */
export function startingWords(geometry: BlockGeometry | null | undefined): string {
  if (!geometry) return "Its buffer is being made.";
  const blocks = `${formatCount(geometry.blockCount)} blocks of ${formatMemory(geometry.allocatedBytes)}`;
  return `Allocating ${formatMemory(geometry.poolBytes)}: ${blocks}.`;
}

export function blocksWords(pinned: number, secondsPerBlock: number | null): string {
  const blocks = `${formatCount(pinned)} ${pinned === 1 ? "block" : "blocks"}`;
  return secondsPerBlock ? `${blocks}, ${formatSi(pinned * secondsPerBlock, "s", 3)}` : blocks;
}

/** Backlog and slowest write are said only when they begin to matter. */
export function diskWords(status: RecordingStatus): { rate: string; strain: string } {
  const strained = status.backlogBlocks > 8 || status.worstWriteMs > 250;
  return {
    rate: byteRate(status.bytesPerSecond),
    strain: strained
      ? `${formatCount(status.backlogBlocks)} blocks wait, slowest write ${formatSi(status.worstWriteMs / 1000, "s", 2)}`
      : "",
  };
}
