/** What the table of a search says: one row a try. */
import { formatCount, memoryFigure, type Figure } from "../../shared/figures.js";
import type { StreamInfo } from "../../shared/stream.js";
import type { TuneFound, TuneTry } from "../../shared/tune.js";
import { timeFigure } from "./buffer-table.js";

export interface TuneRow {
  size: Figure;
  blocks: string;
  queued: string;
  reserve: Figure;
  least: string;
  outcome: TuneTry["verdict"]["kind"];
  words: string;
}

export function tuneRow(one: TuneTry): TuneRow {
  const { verdict, queuedLeast, dryRuns } = one;
  return {
    size: memoryFigure(one.blockBytes, 3),
    blocks: formatCount(one.blockCount),
    queued: formatCount(one.queueDepth),
    reserve: timeFigure(one.reserveSeconds),
    least: formatCount(dryRuns > 0 ? 0 : queuedLeast),
    outcome: verdict.kind,
    words: verdict.kind === "good" ? "kept up" : verdict.kind === "bad" ? verdict.why : "running",
  };
}

/** `24 blocks of 4 KiB, 18 of them queued: 18.4 ms` */
export function foundWords(found: TuneFound): string {
  const size = memoryFigure(found.blockBytes, 3);
  const reserve = timeFigure(found.reserveSeconds);
  return `${formatCount(found.blockCount)} blocks of ${size.text} ${size.unit}, ${formatCount(found.queueDepth)} of them queued: ${reserve.text} ${reserve.unit}`;
}

/** Why there is nothing to look for; null if there is. */
export function cannotTune(stream: StreamInfo | undefined): string | null {
  if (!stream) return "select a device that has a buffer";
  const kind = stream.transport?.kind;
  if (kind === "replay") return "this is a recording";
  if (stream.recording !== null) return "it records; R stops that";
  if (stream.settings.rateMax) return "as fast as possible it waits for free blocks";
  if (kind === "read") return "read() does not tell how full its queue gets";
  return null;
}
