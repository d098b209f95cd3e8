/** How a stream is set up from the command line: its options, and the order in which they are applied. */
import type { StudioClient } from "../../shared/client.js";
import { formatAttributeName, type AttributeAddress } from "../../shared/device.js";
import { parseCpus } from "../../shared/cpus.js";
import { fail, StudioFailure } from "../../shared/errors.js";
import type { RequestParams } from "../../shared/messages.js";
import {
  choiceOption,
  listOption,
  numberOption,
  textOption,
  UsageError,
  type Arguments,
} from "./arguments.js";
import type { Output } from "./output.js";

export interface StreamPlan {
  buffer: number;
  rate: number | "max" | undefined;
  patch: RequestParams<"stream.configure">["patch"];
}

export function readStreamPlan(args: Arguments): StreamPlan {
  const rate = textOption(args, "rate") === "max" ? "max" : numberOption(args, "rate");
  return {
    buffer: numberOption(args, "buffer", { integer: true, least: 0 }) ?? 0,
    rate,
    patch: readPatch(args, rate),
  };
}

function readPatch(args: Arguments, rate: StreamPlan["rate"]): StreamPlan["patch"] {
  const patch: StreamPlan["patch"] = {};
  const channels = listOption(args, "channels");
  if (channels) patch.channels = channels;
  const blocks = numberOption(args, "blocks", { integer: true, least: 2 });
  if (blocks) patch.blockCount = blocks;
  const bytes = numberOption(args, "block-size", { integer: true, least: 1 });
  if (bytes) patch.blockSize = { kind: "bytes", bytes };
  const queue = numberOption(args, "queue", { integer: true, least: 1 });
  if (queue) patch.queueDepth = queue;
  const transport = choiceOption(args, "transport", ["auto", "dmabuf", "read"] as const);
  if (transport) patch.transport = transport;
  const heap = textOption(args, "heap");
  if (heap) patch.heap = heap;
  const counter = listOption(args, "counter");
  if (counter) patch.counter = counter;
  const realtime = readRealtime(args);
  if (realtime) patch.realtime = realtime;
  if (rate === "max") patch.rateMax = true;
  const trigger = textOption(args, "device-trigger");
  const triggerRate = numberOption(args, "device-trigger-rate");
  if (triggerRate !== undefined && trigger === undefined) {
    throw new UsageError("--device-trigger-rate needs --device-trigger NAME.");
  }
  if (trigger !== undefined) patch.deviceTrigger = { name: trigger, rateHz: triggerRate ?? null };
  return patch;
}

function readRealtime(args: Arguments): StreamPlan["patch"]["realtime"] {
  const priority = numberOption(args, "realtime", { integer: true, least: 1 });
  if (priority !== undefined && priority > 99) {
    throw new UsageError(`--realtime takes a priority of 1 to 99, not "${priority}".`);
  }
  const text = textOption(args, "cpus");
  const cpus = text === undefined ? [] : parseCpus(text);
  if (cpus === null || (text !== undefined && cpus.length === 0)) {
    throw new UsageError(`--cpus takes numbers of CPUs, as in 2,3 or 0-3, not "${text}".`);
  }
  return priority === undefined && cpus.length === 0 ? null : { priority: priority ?? 0, cpus };
}

/** Says once what of its settings a stream runs without. Answers the end of that. */
export function tellNotes(client: StudioClient, stream: string, output: Output): () => void {
  const told = new Set<string>();
  return client.on("stream", ({ stream: { id, notes = [] } }) => {
    if (id !== stream) return;
    for (const note of notes) {
      if (!told.has(note)) output.note(note);
      told.add(note);
    }
  });
}

/**
 * Channels and trigger first: they say where the rate is set. Then the rate: sizes follow it. Says, and answers, what was
 * made of the sizes asked for: a sentence each.
 */
export async function setUpStream(
  client: StudioClient,
  stream: string,
  plan: StreamPlan,
  output: Output,
): Promise<string[]> {
  const { channels, counter, deviceTrigger, ...sizes } = plan.patch;
  const source = {
    ...(channels && { channels }),
    ...(counter && { counter }),
    ...(deviceTrigger && { deviceTrigger }),
  };
  const apply = async (patch: StreamPlan["patch"]): Promise<void> => {
    if (Object.keys(patch).length > 0) await client.request("stream.configure", { stream, patch });
  };
  await apply(source);
  if (plan.rate !== undefined && plan.rate !== "max") {
    await setRate(client, stream, plan.rate, output);
  }
  await apply(sizes);
  const { geometry } = await client.request("stream.preview", { stream, patch: {} });
  const notes = geometry?.notes ?? [];
  for (const note of notes) output.note(note);
  return notes;
}

/**
 * Writes the first sampling_frequency found at buffer, channels recorded, device, trigger, linked device; says which it
 * was.
 */
async function setRate(
  client: StudioClient,
  stream: string,
  rateHz: number,
  output: Output,
): Promise<void> {
  const address = await rateAddress(client, stream);
  const kept = await client.request("attribute.write", { ...address, value: String(rateHz) });
  if (kept.state === "failed") throw new StudioFailure(kept.error);
  const name = formatAttributeName(address.scope, address.name);
  output.note(`${address.device} ${name} = ${kept.state === "ok" ? kept.raw : rateHz}`);
}

/** Where the rate of a stream is set, as it is set up. */
export async function rateAddress(client: StudioClient, stream: string): Promise<AttributeAddress> {
  const info = await client.request("stream.preview", { stream, patch: {} });
  const address = info.rate;
  if (!address) {
    if (info.geometryError) throw new StudioFailure(info.geometryError);
    throw fail(
      "NOT_FOUND",
      `${info.device} has no sampling_frequency to set. Leave --rate out, or set its trigger's rate with --device-trigger-rate.`,
    );
  }
  const { deviceTrigger } = info.settings;
  if (address.scope.kind === "trigger" && deviceTrigger && deviceTrigger.rateHz !== null) {
    throw new UsageError("--rate and --device-trigger-rate set the same rate here. Give one.");
  }
  return address;
}
