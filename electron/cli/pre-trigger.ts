/** `record --pre`: a stream that runs until its history holds what is to be recorded of the time before. */
import type { StudioClient } from "../../shared/client.js";
import { fail, StudioFailure } from "../../shared/errors.js";
import { formatDuration } from "../../shared/figures.js";
import type { StreamCounters, StreamInfo } from "../../shared/stream.js";
import type { Output } from "./output.js";

/** Blocks beyond those that hold the time asked: they fill while the recording is made. */
const SPARE_BLOCKS = 8;

/** Runs the stream and resolves when its history holds `seconds`, or is full, or somebody `asked` for the end. */
export async function fillHistory(
  client: StudioClient,
  stream: string,
  seconds: number,
  output: Output,
  asked: () => boolean,
): Promise<void> {
  await makeRoom(client, stream, seconds);
  const { rateSetHz, settings } = await client.request("stream.start", { stream });
  const set = settings.rateMax ? null : rateSetHz;
  output.note(`Running ${formatDuration(seconds)} before the recording begins.`);
  const isThere = ({ historyFromScan, historyToScan, rateHz }: StreamCounters): boolean => {
    const perSecond = set ?? rateHz ?? 0;
    const full = historyFromScan > 0;
    return full || (perSecond > 0 && historyToScan >= seconds * perSecond);
  };
  await new Promise<void>((resolve, reject) => {
    const off = [
      client.on("stream.progress", ({ stream: of, counters }) => {
        if (of === stream && (isThere(counters) || asked())) done(resolve);
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
): Promise<void> {
  const { geometry, settings } = await client.request("stream.get", { stream });
  if (!geometry?.secondsPerBlock || settings.blockCount !== null) return;
  if ((geometry.historySeconds ?? 0) >= seconds + SPARE_BLOCKS * geometry.secondsPerBlock) return;
  const history = Math.ceil(seconds / geometry.secondsPerBlock) + SPARE_BLOCKS;
  const blockCount = history + geometry.queueDepth;
  await client.request("stream.configure", { stream, patch: { blockCount } });
}
