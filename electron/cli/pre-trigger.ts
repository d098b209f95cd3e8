/** What `record --pre` and `--trigger` need of a stream before: a history that holds so much, a rate that is known. */
import type { StudioClient } from "../../shared/client.js";
import { fail, StudioFailure, toStudioError } from "../../shared/errors.js";
import { formatCount, formatDuration, formatMemory } from "../../shared/figures.js";
import { blocksToHold } from "../../shared/history-room.js";
import {
  MOST_BLOCKS,
  type BlockGeometry,
  type StreamCounters,
  type StreamInfo,
} from "../../shared/stream.js";
import type { Output } from "./output.js";

/** Runs the stream and resolves when its history holds `seconds`, or is full, or somebody `asked` for the end. */
export async function fillHistory(
  client: StudioClient,
  stream: string,
  seconds: number,
  output: Output,
  asked: () => boolean,
): Promise<void> {
  await makeRoom(client, stream, seconds, "pre");
  const info = await client.request("stream.start", { stream });
  const set = setRateOf(info);
  output.note(`Running ${formatDuration(seconds)} before the recording begins.`);
  await until(client, stream, ({ historyFromScan, historyToScan, rateHz }) => {
    const perSecond = set ?? rateHz ?? 0;
    const full = historyFromScan > 0;
    return asked() || full || (perSecond > 0 && historyToScan >= seconds * perSecond);
  });
}

/** Where no rate is set, runs the stream and resolves when one is measured, or somebody `asked` for the end. */
export async function waitForRate(
  client: StudioClient,
  stream: string,
  output: Output,
  asked: () => boolean,
): Promise<void> {
  if (setRateOf(await client.request("stream.get", { stream })) !== null) return;
  output.note("Running until its rate is measured: none is set, and a trigger needs one.");
  await client.request("stream.start", { stream });
  await until(client, stream, ({ rateHz }) => asked() || (rateHz ?? 0) > 0);
}

function setRateOf({ rateSetHz, settings }: StreamInfo): number | null {
  return settings.rateMax ? null : rateSetHz;
}

/** Resolves when the counters of a stream that runs are so; rejects with why it failed. */
async function until(
  client: StudioClient,
  stream: string,
  isSo: (counters: StreamCounters) => boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const off = [
      client.on("stream.progress", ({ stream: of, counters }) => {
        if (of === stream && isSo(counters)) done(resolve);
      }),
      client.on("stream", ({ stream: info }) => {
        const error = info.id === stream ? failureOf(info) : null;
        if (error) done(() => reject(error));
      }),
      client.onClose(() => done(() => reject(fail("CLOSED", "The host ended.")))),
    ];
    const done = (settle: () => void): void => {
      for (const one of off) one();
      settle();
    };
  });
}

function failureOf({ state }: StreamInfo): StudioFailure | null {
  return state.kind === "failed" ? new StudioFailure(state.error) : null;
}

/** As many blocks as hold it, where the user left their number open. */
export async function makeRoom(
  client: StudioClient,
  stream: string,
  seconds: number,
  /** The one that asks for it. */
  option: "pre" | "before",
): Promise<void> {
  const { geometry, settings } = await client.request("stream.get", { stream });
  if (!geometry || settings.blockCount !== null) return;
  const blockCount = blocksToHold(seconds, geometry);
  if (blockCount === null) return;
  if (blockCount > MOST_BLOCKS) throw tooMany(blockCount, geometry, seconds, option);
  try {
    await client.request("stream.configure", { stream, patch: { blockCount } });
  } catch (thrown) {
    const error = toStudioError(thrown);
    // The user did not ask for blocks, but for this.
    throw error.code === "BUDGET" ? fail(error.code, `--${option}: ${error.message}`) : thrown;
  }
}

function tooMany(
  blocks: number,
  { payloadBytes }: Pick<BlockGeometry, "payloadBytes">,
  seconds: number,
  option: string,
): Error {
  return fail(
    "BAD_REQUEST",
    `--${option} of ${formatDuration(seconds)} takes ${formatCount(blocks)} blocks of ${formatMemory(payloadBytes)}, and a stream has at most ${formatCount(MOST_BLOCKS)}. Take a shorter time, or larger blocks with --block-size.`,
  );
}
