// A recording that goes on in a host of this process, with the driver's faults within reach.

import path from "node:path";

import { getControl, setControl, writeAttribute } from "./driver.mjs";
import { newRecording, sleep, until, withHost } from "./studio.mjs";

export const device = "studio-counter";
const every = ["voltage0", "voltage1", "voltage2", "voltage3"];

/**
 * Sets the counter's stream up, begins the recording that `request` asks for, and hands the test {client, stream, out,
 * ended, blocks, stop}. Answers {out, result}: of the recording that `use` stopped, or that ended by itself.
 */
export async function whileRecording(
  { channels = 2, rateHz = 100_000, patch = {}, out, ...asked },
  use,
) {
  const at = out ?? newRecording("going");
  const names = every.slice(0, channels);
  let result = null;
  await withHost(
    async ({ client, find }) => {
      const stream = `${find(device).id}/buffer0`;
      writeAttribute(device, "sampling_frequency", rateHz);
      await client.request("stream.configure", {
        stream,
        patch: {
          ...{ channels: names, counter: ["voltage0", "voltage1"], queueDepth: 64 },
          ...{ blockCount: 512, blockSize: { kind: "bytes", bytes: 4096 }, transport: "dmabuf" },
          ...patch,
        },
      });
      await asked.before?.({ client, stream });
      const ended = new Promise((resolve) =>
        client.on("recording.ended", (event) => resolve(event.result)),
      );
      const { request } = asked;
      const name = path.basename(at);
      await client.request("recording.start", { stream, name, hash: false, ...request });
      // Of the run before, until this one has begun.
      await until(() => getControl(device, "outstanding") > 0, "queued blocks");
      const going = {
        ...{ client, stream, out: at, ended },
        blocks: (count) => until(() => getControl(device, "blocks") >= count, `${count} blocks`),
        stop: () => client.request("recording.stop", { stream }),
      };
      result = (await use(going)) ?? (await ended);
    },
    { recordingsFolder: path.dirname(at) },
  );
  return { out: at, result };
}

/** Transfers that fail, blocks that are refused, and a device that stands still, one behind the other. */
export async function provoke({ blocks }) {
  setControl(device, "abort_next", 2);
  await until(() => getControl(device, "failed_blocks") === 2, "two failed transfers");
  await blocks(getControl(device, "blocks") + 20);
  setControl(device, "refuse_next", 2);
  await until(() => getControl(device, "refuse_next") === 0, "two refused blocks");
  await blocks(getControl(device, "blocks") + 20);
  setControl(device, "stall", 1);
  try {
    await sleep(1500);
  } finally {
    setControl(device, "stall", 0);
  }
  await blocks(getControl(device, "blocks") + 80);
}
