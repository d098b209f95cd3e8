/** `record`: sets a stream up, records it, and says what is in the file and what is not. */
import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { StudioClient } from "../../../shared/client.js";
import { formatAttributeName } from "../../../shared/device.js";
import { StudioFailure, fail } from "../../../shared/errors.js";
import type { RequestParams } from "../../../shared/messages.js";
import type { RecordingResult } from "../../../shared/recording.js";
import { formatSi } from "../../../shared/figures.js";
import { streamId } from "../../../shared/stream.js";
import {
  choiceOption,
  listOption,
  numberOption,
  operands,
  textOption,
  UsageError,
  type Arguments,
} from "../arguments.js";
import { findAttribute, findDevice } from "../device-name.js";
import { onInterrupt } from "../interrupts.js";
import type { Output } from "../output.js";
import { progressLine } from "../record-progress.js";
import { openSession, type CliSession } from "../session.js";

interface Plan {
  out: string;
  buffer: number;
  rate: number | "max" | undefined;
  sets: { name: string; value: string }[];
  patch: RequestParams<"stream.configure">["patch"];
  seconds: number | undefined;
  samples: number | undefined;
}

/** Answers whether the recording ended as asked; what was recorded is said either way. */
export async function record(args: Arguments, output: Output): Promise<boolean> {
  const [name] = operands(args, 1, 1, "one DEVICE") as [string];
  const plan = readPlan(args);
  checkFolder(dirname(plan.out));
  const session = await openSession(args, {
    recordingsFolder: dirname(plan.out),
    recover: true,
    note: (line) => output.note(line),
  });
  try {
    const result = await run(session, name, plan, args, output);
    output.answer(result, () => describe(result));
    if (!args.values["no-hash"]) {
      output.note("Working out the SHA-512 of the data; --no-hash leaves it out.");
    }
    if (result.error) output.note(result.error.message);
    return result.error === null;
  } finally {
    await session.close();
  }
}

/** A mistyped folder is refused instead of made. */
function checkFolder(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw fail("ENOENT", `There is no folder ${folder}. Make it first, or give another --out.`, {
      path: folder,
    });
  }
}

function readPlan(args: Arguments): Plan {
  const out = textOption(args, "out");
  if (!out) throw new UsageError("record needs --out BASENAME.");
  const seconds = numberOption(args, "seconds");
  const samples = numberOption(args, "samples", { integer: true, least: 1 });
  if (seconds !== undefined && samples !== undefined) {
    throw new UsageError("--seconds and --samples exclude each other.");
  }
  const rateText = textOption(args, "rate");
  const rate = rateText === "max" ? "max" : numberOption(args, "rate");
  const sets = ((args.values["set"] as string[] | undefined) ?? []).map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`--set takes NAME=VALUE, not "${text}".`);
    return { name: text.slice(0, equals), value: text.slice(equals + 1) };
  });
  return {
    out: resolve(out),
    buffer: numberOption(args, "buffer", { integer: true, least: 0 }) ?? 0,
    rate,
    sets,
    patch: readPatch(args, rate),
    seconds,
    samples,
  };
}

function readPatch(args: Arguments, rate: number | "max" | undefined): Plan["patch"] {
  const patch: Plan["patch"] = {};
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
  if (rate === "max") patch.rateMax = true;
  const trigger = textOption(args, "device-trigger");
  const triggerRate = numberOption(args, "device-trigger-rate");
  if (triggerRate !== undefined && trigger === undefined) {
    throw new UsageError("--device-trigger-rate needs --device-trigger NAME.");
  }
  if (trigger !== undefined) patch.deviceTrigger = { name: trigger, rateHz: triggerRate ?? null };
  return patch;
}

async function run(
  { client, hello: { inventory } }: CliSession,
  name: string,
  plan: Plan,
  args: Arguments,
  output: Output,
): Promise<RecordingResult> {
  const device = findDevice(inventory, name);
  const stream = streamId(device.id, plan.buffer);
  for (const { name: attribute, value } of plan.sets) {
    const address = findAttribute(inventory, device, attribute);
    await client.request("attribute.write", { ...address, value });
  }
  await configure(client, stream, plan, output);
  const ended = waitForEnd(client, stream, output, plan);
  const stop = stopOnSignal(client, stream, output);
  try {
    await client.request("recording.start", {
      stream,
      name: basename(plan.out),
      ...(plan.seconds !== undefined && { seconds: plan.seconds }),
      ...(plan.samples !== undefined && { scans: plan.samples }),
      ...(textOption(args, "note") !== undefined && { note: textOption(args, "note")! }),
      hash: !args.values["no-hash"],
    });
    stop.started();
    return await ended.promise;
  } finally {
    ended.dispose();
    stop.dispose();
  }
}

/** Channels and trigger first: they say where the rate is set. Then the rate: sizes follow it. */
async function configure(
  client: StudioClient,
  stream: string,
  plan: Plan,
  output: Output,
): Promise<void> {
  const { channels, counter, deviceTrigger, ...sizes } = plan.patch;
  const source = {
    ...(channels && { channels }),
    ...(counter && { counter }),
    ...(deviceTrigger && { deviceTrigger }),
  };
  const apply = async (patch: Plan["patch"]): Promise<void> => {
    if (Object.keys(patch).length > 0) await client.request("stream.configure", { stream, patch });
  };
  await apply(source);
  if (plan.rate !== undefined && plan.rate !== "max") {
    await setRate(client, stream, plan.rate, output);
  }
  await apply(sizes);
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
  const kept = await client.request("attribute.write", { ...address, value: String(rateHz) });
  if (kept.state === "failed") throw new StudioFailure(kept.error);
  const name = formatAttributeName(address.scope, address.name);
  output.note(`${address.device} ${name} = ${kept.state === "ok" ? kept.raw : rateHz}`);
}

function waitForEnd(
  client: StudioClient,
  stream: string,
  output: Output,
  plan: Plan,
): { promise: Promise<RecordingResult>; dispose: () => void } {
  const disposers: (() => void)[] = [];
  let waiting: string | null = null;
  const promise = new Promise<RecordingResult>((resolve, reject) => {
    disposers.push(
      client.on("recording", ({ status }) => {
        if (status.stream !== stream) return;
        output.progress(progressLine(status, plan.seconds, plan.samples));
      }),
      client.on("stream.progress", ({ stream: of, counters: { waitingFor } }) => {
        if (of !== stream || waitingFor === waiting) return;
        waiting = waitingFor;
        if (waitingFor !== null) output.note(waitingFor);
      }),
      client.on("recording.ended", ({ status, result }) => {
        if (status.stream === stream) resolve(result);
      }),
      client.onClose(() => reject(fail("CLOSED", "The host ended before the recording did."))),
    );
  });
  promise.catch(() => undefined);
  return { promise, dispose: () => disposers.forEach((dispose) => dispose()) };
}

/**
 * Ctrl+C stops the recording, not the program: what was recorded is finished as always. A second one ends it. One that
 * comes before the recording has begun takes effect as soon as it has.
 */
function stopOnSignal(
  client: StudioClient,
  stream: string,
  output: Output,
): { started: () => void; dispose: () => void } {
  let asked = false;
  let running = false;
  const stop = () => {
    if (asked && running) client.request("recording.stop", { stream }).catch(() => undefined);
  };
  const dispose = onInterrupt((times, signal) => {
    if (times > 1) {
      dispose();
      process.kill(process.pid, signal);
      return;
    }
    asked = true;
    output.note("Stopping; what was recorded is kept.");
    stop();
  });
  return {
    started: () => {
      running = true;
      stop();
    },
    dispose,
  };
}

function describe(result: RecordingResult): string[] {
  const loss =
    result.lostSamples !== null
      ? `${result.lostSamples} lost (${result.continuity})`
      : result.continuity === "unknown"
        ? "loss cannot be known"
        : `${result.gaps.length} possible gaps, ${result.lostMin} to ${result.lostMax ?? "any number"} lost`;
  return [
    `${result.samples} samples of every channel, ${formatSi(result.bytes, "B")}, ${result.seconds.toFixed(3)} s`,
    `${loss}; ${result.transport} over ${result.heap}, ${result.copiesPerByte.toFixed(2)} copies per byte`,
    ...result.files,
  ];
}
