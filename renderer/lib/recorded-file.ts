/** What the inspector says of an opened recording: only what is true of a file. */
import { formatBytes, formatCount, formatDuration, formatMemory } from "../../shared/figures.js";
import type { RecordedFile, RecordedHow } from "../../shared/recording.js";
import { lossVerdict } from "./loss.js";
import { rateWords } from "./status.js";
import { TRANSPORT_NAMES } from "./transport-words.js";

export interface FileRow {
  name: string;
  text: string;
  /** More than fits. */
  title?: string;
}

export function fileRows(file: RecordedFile, rateHz: number | null): FileRow[] {
  const { how } = file;
  const rate = rateWords(rateHz, how.rateMeasuredHz);
  return [
    { name: "Scans", text: formatCount(file.scans) },
    ...(file.seconds === null ? [] : [{ name: "Duration", text: formatDuration(file.seconds) }]),
    { name: "Size", text: formatBytes(file.bytes) },
    ...(rateHz === null && how.rateMeasuredHz === null
      ? []
      : [{ name: "Rate", text: [rate.set, rate.measured].filter(Boolean).join(", ") }]),
    ...lossRow(file, rateHz),
    ...transportRow(how),
    ...blocksRow(how),
    ...(how.continues === "" ? [] : [{ name: "Continues", text: how.continues }]),
  ];
}

function lossRow({ continuity, scans }: RecordedFile, rateHz: number | null): FileRow[] {
  if (!continuity) return [];
  return [{ name: "Loss", text: lossVerdict({ continuity, scans, rateHz, counted: null }).text }];
}

function transportRow({ transport, heap, why }: RecordedHow): FileRow[] {
  if (transport === "") return [];
  const name = (TRANSPORT_NAMES as Record<string, string>)[transport] ?? transport;
  const text = heap === "" || heap === "pages" ? name : `${name}, ${heap}`;
  return [{ name: "Recorded over", text, ...(why ? { title: why } : {}) }];
}

function blocksRow({ blockCount, blockBytes, queuedBlocks }: RecordedHow): FileRow[] {
  if (blockCount === null || blockBytes === null) return [];
  const text = `${formatCount(blockCount)} of ${formatMemory(blockBytes)}`;
  const title =
    queuedBlocks === null ? {} : { title: `${formatCount(queuedBlocks)} of them queued` };
  return [{ name: "Blocks", text, ...title }];
}
