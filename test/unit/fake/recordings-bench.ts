/** What tests of recordings ask of their bench: names, files, metadata, and whether all of it is sound. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { verifyRecording } from "../../../electron/host/recordings/verify.js";
import type { RecordingResult } from "../../../shared/recording.js";
import { bench, request } from "./each-bench.js";
import { ADC } from "./host.js";

export const folder = () => join(bench.folder, "recordings");
export const file = (name: string) => join(folder(), name);

interface Meta {
  global: Record<string, unknown>;
  captures: (Record<string, number> & { "iio:gap_cause"?: string; "core:datetime": string })[];
  annotations: Record<string, number>[];
}
export const meta = (name: string) =>
  JSON.parse(readFileSync(file(`${name}.sigmf-meta`), "utf8")) as Meta;

interface Collection {
  "core:streams": { name: string }[];
  "iio:parts"?: boolean;
  "iio:kept"?: string[];
  "iio:deleted"?: { through: number; samples: number; seconds: number; captures: number };
}
export const collection = (name: string) =>
  (JSON.parse(readFileSync(file(`${name}.sigmf-collection`), "utf8")) as { collection: Collection })
    .collection;

export const sound = async (name: string) =>
  expect((await verifyRecording(file(name))).faults).toEqual([]);

export const ended = () => bench.next("recording.ended");

/** The name of the n-th part of a recording. */
export const part = (n: number, name = "take") => `${name}-part${String(n).padStart(4, "0")}`;

/** Recordings and parts whose samples are in the folder, by name. */
export const dataNames = () =>
  readdirSync(folder())
    .filter((one) => one.endsWith(".sigmf-data"))
    .map((one) => one.replace(".sigmf-data", ""))
    .sort();

/** Of the whole recording, as its own count goes on. */
export const scansOf = (name: string) => {
  const { global, captures } = meta(name);
  const last = captures.at(-1)!;
  const behind = (global["iio:samples"] as number) - last["core:sample_start"]!;
  return { first: captures[0]!["core:global_index"]!, end: last["core:global_index"]! + behind };
};

/** Blocks that are small beside parts of some hundred milliseconds. */
export const smallBlocks = () =>
  request("stream.configure", {
    stream: ADC,
    patch: { blockSize: { kind: "scans", scans: 10_000 }, blockCount: 32 },
  });

/** A ring of so many seconds, in parts of so many. */
export const ringOf = (seconds: number, partSeconds: number) => ({
  ring: { kind: "seconds" as const, seconds },
  split: { kind: "seconds" as const, seconds: partSeconds },
});

/** Until a recording has come to its n-th part. */
export const partBegan = (n: number) =>
  bench.next("recording", ({ status }) => (status.parts?.number ?? 0) >= n);

/** Names of the parts that the collection has. */
export const streamsOf = (name = "take") => collection(name)["core:streams"].map((one) => one.name);
/** Goes on with it, or begins. */
export const start = (more: object = {}) =>
  request("recording.start", { stream: ADC, name: "take", hash: false, resume: true, ...more });

/** Records until it ends by itself; the stream runs anew the next time. */
export async function record(more: object): Promise<RecordingResult> {
  const end = ended();
  const { stream } = await start(more);
  const { result } = await end;
  await request("stream.stop", { stream });
  return result;
}
