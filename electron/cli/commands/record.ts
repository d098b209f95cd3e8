/** `record`: sets a stream up, records it, and says what is in the file and what is not. */
import { basename, dirname } from "node:path";
import type { StudioClient } from "../../../shared/client.js";
import type { Inventory } from "../../../shared/device.js";
import { checkLine, checkWarning } from "../../../shared/disk-check.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import type { Amount, RecordingResult } from "../../../shared/recording.js";
import { formatSi } from "../../../shared/figures.js";
import { streamId } from "../../../shared/stream.js";
import {
  durationOption,
  numberOption,
  operands,
  textOption,
  UsageError,
  type Arguments,
} from "../arguments.js";
import { followStarts } from "../allocation.js";
import { findAttribute, findDevice } from "../device-name.js";
import { onInterrupt } from "../interrupts.js";
import { checkTaken, readOut } from "../out-option.js";
import type { Output } from "../output.js";
import { fillHistory, makeRoom, waitForRate } from "../pre-trigger.js";
import {
  readResume,
  recordResuming,
  resumedLines,
  type Recorded,
  type ResumeRequest,
} from "../resume.js";
import { LEAST_FOR_CHECK_MS, readTimes, waitForStart, type TimePlan } from "../schedule.js";
import { progressLine } from "../record-progress.js";
import { openSession, type CliSession } from "../session.js";
import { readStreamPlan, setUpStream, tellNotes, type StreamPlan } from "../stream-setup.js";
import {
  captureLines,
  readTriggerPlan,
  scopeTrigger,
  type TriggerPlan,
} from "../trigger-options.js";

export interface RecordPlan extends StreamPlan, TimePlan {
  out: string;
  sets: { name: string; value: string }[];
  seconds: number | undefined;
  samples: number | undefined;
  pre: number | undefined;
  split: Amount | undefined;
  ring: Amount | undefined;
  trigger: TriggerPlan | undefined;
  resume: boolean;
  raw: boolean;
}

/** Answers whether the recording ended as asked; what was recorded is said either way. */
export async function record(args: Arguments, output: Output): Promise<boolean> {
  const [name] = operands(args, 1, 1, "one DEVICE") as [string];
  const plan = readPlan(args);
  const { split, ring, trigger } = plan;
  // Before the device is touched, and the disk tested.
  if (!plan.resume) await checkTaken(plan.out, Boolean(split ?? ring ?? trigger?.captures.each));
  const session = await openSession(args, {
    recordingsFolder: dirname(plan.out),
    recover: true,
    note: (line) => output.note(line),
  });
  try {
    const recorded = await recordOn(session, name, plan, args, output);
    if (recorded === null) {
      const nothing = "Cancelled before it began; nothing was recorded.";
      output.answer({ name: basename(plan.out), samples: 0, files: [], cancelled: true }, () => [
        nothing,
      ]);
      return true;
    }
    if (recorded === "complete") {
      const complete = { name: basename(plan.out), samples: 0, files: [], complete: true };
      output.answer(complete, () => ["Nothing is left to record."]);
      return true;
    }
    const { notes, ...result } = recorded;
    output.answer({ ...result, notes }, () => describe(result));
    if (!args.values["no-hash"] && result.samples > 0) {
      output.note("Working out the SHA-512 of the data; --no-hash leaves it out.");
    }
    if (result.shortfall) output.note(result.shortfall);
    if (result.error) output.note(result.error.message);
    return result.error === null;
  } finally {
    await session.close();
  }
}

/**
 * With `--resume` as often as the device comes back. null: cancelled before anything was recorded; "complete": all that was
 * asked for is there already.
 */
export function recordOn(
  { client, hello }: Pick<CliSession, "client" | "hello">,
  device: string,
  plan: RecordPlan,
  args: Arguments,
  output: Output,
): Promise<Recorded | "complete" | null> {
  const once: ResumeRequest["once"] = (inventory, state) =>
    run(client, inventory, device, plan, args, output, state);
  if (!plan.resume) return once(hello.inventory, { asked: () => false, again: false });
  const { out, untilMs } = plan;
  return recordResuming({ client, device, name: basename(out), untilMs, output, once });
}

export function readPlan(args: Arguments): RecordPlan {
  const out = readOut(args);
  const seconds = durationOption(args, "seconds");
  const samples = numberOption(args, "samples", { integer: true, least: 1 });
  if (seconds !== undefined && samples !== undefined) {
    throw new UsageError("--seconds and --samples exclude each other.");
  }
  if (args.values["shared-clock"] === true) {
    throw new UsageError("--shared-clock is about several DEVICEs, and this is one. Leave it out.");
  }
  const sets = ((args.values["set"] as string[] | undefined) ?? []).map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw new UsageError(`--set takes NAME=VALUE, not "${text}".`);
    return { name: text.slice(0, equals), value: text.slice(equals + 1) };
  });
  return {
    ...readStreamPlan(args),
    ...readTimes(args),
    out,
    sets,
    seconds,
    samples,
    pre: durationOption(args, "pre"),
    split: amountOption(args, "split"),
    ring: amountOption(args, "ring"),
    trigger: readTriggerPlan(args),
    resume: readResume(args),
    raw: args.values["raw"] === true,
  };
}

/** `--split-size` or `--split-time`. */
function amountOption(args: Arguments, name: string): Amount | undefined {
  const bytes = numberOption(args, `${name}-size`, { integer: true, least: 1 });
  const seconds = durationOption(args, `${name}-time`);
  if (bytes !== undefined && seconds !== undefined) {
    throw new UsageError(`--${name}-size and --${name}-time exclude each other.`);
  }
  if (bytes !== undefined) return { kind: "bytes", bytes };
  return seconds === undefined ? undefined : { kind: "seconds", seconds };
}

/** null: cancelled while it waited for its time, its time from before or its memory. `again`: the disk was looked at before. */
async function run(
  client: StudioClient,
  inventory: Inventory,
  name: string,
  plan: RecordPlan,
  args: Arguments,
  output: Output,
  { asked, again }: { asked: () => boolean; again: boolean },
): Promise<Recorded | null> {
  const device = findDevice(inventory, name);
  const stream = streamId(device.id, plan.buffer);
  for (const { name: attribute, value } of plan.sets) {
    const address = findAttribute(inventory, device, attribute);
    await client.request("attribute.write", { ...address, value });
  }
  const notes = await setUpStream(client, stream, plan, output);
  if (plan.trigger) await setTrigger(client, stream, plan.trigger);
  const stopNotes = tellNotes(client, stream, output);
  const ended = waitForEnd(client, stream, output, plan);
  const wait = waitForStart(client, stream, output);
  const stop = stopOnSignal(client, stream, output, asked());
  try {
    const { startAtMs } = plan;
    const soon = startAtMs !== undefined && startAtMs - Date.now() < LEAST_FOR_CHECK_MS;
    if (!args.values["no-check"] && !soon && !again) await checkDisk(client, stream, output);
    if (plan.pre !== undefined) {
      if (startAtMs !== undefined) await makeRoom(client, stream, plan.pre, "pre");
      else await fillHistory(client, stream, plan.pre, output, stop.asked);
    } else if (plan.trigger && startAtMs === undefined) {
      await waitForRate(client, stream, output, stop.asked);
      if (stop.asked()) return null;
    }
    // One that goes on looks for itself what there is, and how it ends.
    if (stop.asked() && startAtMs === undefined && !plan.resume) return null;
    const request = {
      stream,
      name: basename(plan.out),
      ...(plan.seconds !== undefined && { seconds: plan.seconds }),
      ...(plan.split && { split: plan.split }),
      ...(plan.ring && { ring: plan.ring }),
      ...(plan.pre !== undefined && { preSeconds: plan.pre }),
      ...(plan.trigger && { captures: plan.trigger.captures }),
      ...(plan.samples !== undefined && { scans: plan.samples }),
      ...(textOption(args, "note") !== undefined && { note: textOption(args, "note")! }),
      ...(plan.untilMs !== undefined && { untilMs: plan.untilMs }),
      hash: !args.values["no-hash"],
      ...(plan.raw && { raw: true }),
      ...(plan.resume && { resume: true }),
    };
    if (startAtMs === undefined) await client.request("recording.start", request);
    else {
      await client.request("recording.schedule", { ...request, startAtMs });
      stop.waits();
      if (!(await wait.begun)) return null;
    }
    stop.started();
    return { ...(await ended.promise), notes };
  } catch (error) {
    // Ctrl+C while its memory was allocated.
    if (stop.asked() && toStudioError(error).code === "CANCELLED") return null;
    throw error;
  } finally {
    wait.dispose();
    ended.dispose();
    stop.dispose();
    stopNotes();
  }
}

/** On the device as it is set up by now; with room for what is before each trigger. */
async function setTrigger(client: StudioClient, stream: string, plan: TriggerPlan): Promise<void> {
  const { settings, device: id } = await client.request("stream.get", { stream });
  const device = await client.request("device.get", { device: id });
  const trigger = scopeTrigger(plan, device, settings.channels);
  await makeRoom(client, stream, plan.captures.beforeSeconds, "before");
  await client.request("stream.trigger", { stream, trigger });
}

async function checkDisk(client: StudioClient, stream: string, output: Output): Promise<void> {
  const check = await client.request("recording.check", { stream });
  output.note(checkLine(check));
  const warning = checkWarning(check);
  if (warning !== null) output.note(warning);
}

function waitForEnd(
  client: StudioClient,
  stream: string,
  output: Output,
  plan: RecordPlan,
): { promise: Promise<RecordingResult>; dispose: () => void } {
  const disposers: (() => void)[] = [];
  let waiting: string | null = null;
  const promise = new Promise<RecordingResult>((resolve, reject) => {
    disposers.push(
      client.on("recording", ({ status }) => {
        if (status.stream !== stream) return;
        // What is there of before counts too, and is not in the figures.
        const [seconds, samples] = plan.resume ? [] : [plan.seconds, plan.samples];
        output.progress(progressLine(status, seconds, samples));
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
 * comes before the recording has begun cancels the start of the stream, or takes effect as soon as it has begun.
 */
function stopOnSignal(
  client: StudioClient,
  stream: string,
  output: Output,
  askedBefore: boolean,
): { started: () => void; waits: () => void; asked: () => boolean; dispose: () => void } {
  let asked = askedBefore;
  let waiting = false;
  let running = false;
  const starts = followStarts(client, [stream], output);
  const stop = () => {
    if (!asked) return;
    if (waiting) client.request("recording.unschedule", { stream }).catch(() => undefined);
    if (running) client.request("recording.stop", { stream }).catch(() => undefined);
    else starts.cancel();
  };
  const stopListening = onInterrupt((times, signal) => {
    if (times > 1) {
      stopListening();
      process.kill(process.pid, signal);
      return;
    }
    asked = true;
    if (running) output.note("Stopping; what was recorded is kept.");
    else if (!waiting) output.note("Cancelling; nothing was recorded yet.");
    stop();
  });
  return {
    waits: () => {
      waiting = true;
      stop();
    },
    started: () => {
      waiting = false;
      running = true;
      stop();
    },
    asked: () => asked,
    dispose: () => {
      stopListening();
      starts.dispose();
    },
  };
}

export function describe(result: RecordingResult): string[] {
  const loss =
    result.samples === 0
      ? "nothing came, so nothing can be said of loss"
      : result.lostSamples !== null
        ? `${result.lostSamples} lost (${result.continuity})`
        : result.continuity === "unknown"
          ? "loss cannot be known"
          : `${result.gaps.length} possible gaps, ${result.lostMin} to ${result.lostMax ?? "any number"} lost`;
  return [
    `${result.samples} samples of every channel, ${formatSi(result.bytes, "B")}, ${result.seconds.toFixed(3)} s`,
    `${loss}; ${result.transport} over ${result.heap}, ${result.copiesPerByte.toFixed(2)} copies per byte`,
    ...(result.writePath && result.writePath !== "direct" ? [result.writePathWhy ?? ""] : []),
    ...(result.captures ? captureLines(result.captures) : []),
    ...resumedLines(result),
    ...result.files,
  ];
}
