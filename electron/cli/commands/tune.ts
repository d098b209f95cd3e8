/** `tune`: a measured search for the smallest blocks that keep up. The stream and its rate are left as they were. */
import type { StudioClient } from "../../../shared/client.js";
import type { AttributeAddress } from "../../../shared/device.js";
import { formatCount, formatDuration, formatMemory } from "../../../shared/figures.js";
import { streamId } from "../../../shared/stream.js";
import {
  TUNE_DEFAULTS,
  type TuneFound,
  type TuneStatus,
  type TuneTry,
} from "../../../shared/tune.js";
import {
  durationOption,
  numberOption,
  operands,
  textOption,
  UsageError,
  type Arguments,
} from "../arguments.js";
import { followStarts } from "../allocation.js";
import { findDevice } from "../device-name.js";
import { onInterrupt } from "../interrupts.js";
import type { Output } from "../output.js";
import { openSession } from "../session.js";
import {
  rateAddress,
  readStreamPlan,
  setUpStream,
  tellNotes,
  type StreamPlan,
} from "../stream-setup.js";

/** Answers whether something was found. */
export async function tune(args: Arguments, output: Output): Promise<boolean> {
  const [name] = operands(args, 1, 1, "one DEVICE") as [string];
  const seconds = durationOption(args, "seconds") ?? TUNE_DEFAULTS.seconds;
  const marginPercent = numberOption(args, "margin", { least: 0 }) ?? TUNE_DEFAULTS.marginPercent;
  if (marginPercent > 90) throw new UsageError("--margin takes 0 to 90, in percent of the queue.");
  const plan = readStreamPlan(args);
  const session = await openSession(args, { note: (line) => output.note(line) });
  const { client, hello } = session;
  try {
    const device = findDevice(hello.inventory, name);
    const stream = streamId(device.id, plan.buffer);
    const rate = await rateBefore(client, stream, plan);
    try {
      await setUpStream(client, stream, plan, output);
      const status = await follow(client, { stream, seconds, marginPercent }, output);
      const hint = hintOf(device.id, args, status);
      output.answer({ ...status, hint }, () =>
        describe(status, args.values["apply-hint"] ? hint : null),
      );
      return status.state.kind === "done" && status.state.found !== null;
    } finally {
      if (rate) await client.request("attribute.write", rate);
    }
  } finally {
    await session.close();
  }
}

/** What the rate is before `--rate` sets it; null where nothing sets it. */
async function rateBefore(
  client: StudioClient,
  stream: string,
  plan: StreamPlan,
): Promise<(AttributeAddress & { value: string }) | null> {
  if (typeof plan.rate !== "number") return null;
  const { channels, deviceTrigger } = plan.patch;
  const source = { ...(channels && { channels }), ...(deviceTrigger && { deviceTrigger }) };
  if (Object.keys(source).length > 0) {
    await client.request("stream.configure", { stream, patch: source });
  }
  const address = await rateAddress(client, stream);
  const value = await client.request("attribute.read", address);
  return value.state === "ok" ? { ...address, value: value.raw.trim() } : null;
}

/** Shows each try; Ctrl+C ends the search in order. */
async function follow(
  client: StudioClient,
  request: { stream: string; seconds: number; marginPercent: number },
  output: Output,
): Promise<TuneStatus> {
  const { stream } = request;
  let shown = 0;
  const off = client.on("stream.tune", ({ tune: { tries } }) => {
    const over = tries.filter(({ verdict }) => verdict.kind !== "running");
    for (; shown < over.length; shown++) output.note(tryLine(over[shown] as TuneTry));
    if (over.length < tries.length) output.progress(`${nameOf(tries.at(-1) as TuneTry)} …`);
  });
  const stopNotes = tellNotes(client, stream, output);
  const starts = followStarts(client, [stream], output);
  const stopListening = onInterrupt((times, signal) => {
    if (times === 1) {
      output.note("Cancelling; the stream is given back as it was.");
      client.request("stream.tuneStop", { stream }).catch(() => undefined);
      return;
    }
    stopListening();
    process.kill(process.pid, signal);
  });
  try {
    return await client.request("stream.tune", request);
  } finally {
    stopListening();
    stopNotes();
    starts.dispose();
    off();
  }
}

function nameOf({
  blockBytes,
  blockCount,
  queueDepth,
  reserveSeconds,
}: TuneTry | TuneFound): string {
  return `${formatCount(blockCount)} blocks of ${formatMemory(blockBytes)}, ${formatCount(queueDepth)} queued (${formatDuration(reserveSeconds, 3)})`;
}

function tryLine(one: TuneTry): string {
  const { verdict, queuedLeast, queueDepth, seconds } = one;
  const how =
    verdict.kind === "good"
      ? `good: never below ${formatCount(queuedLeast ?? 0)} of ${formatCount(queueDepth)}`
      : verdict.kind === "bad"
        ? `no: ${verdict.why}`
        : "";
  return `${nameOf(one)}: ${how}, ${formatDuration(seconds, 2)}`;
}

/** Options of this command that `record` has too: with others it would be another stream. */
const OF_STREAM = ["buffer", "channels", "rate", "transport", "heap", "device-trigger"];
const OF_THREAD = ["realtime", "cpus"];

/** The options of `record` that use what was found, for a shell; null if nothing was. */
export function hintOf(
  device: string,
  args: Arguments,
  { state }: Pick<TuneStatus, "state">,
): string | null {
  if (state.kind !== "done" || !state.found) return null;
  const { blockBytes, blockCount, queueDepth } = state.found;
  const given = [...OF_STREAM, ...OF_THREAD].flatMap((name) => {
    const text = textOption(args, name);
    return text === undefined ? [] : [`--${name} ${quoted(text)}`];
  });
  const found = `--blocks ${blockCount} --block-size ${blockBytes} --queue ${queueDepth}`;
  return ["record", quoted(device), "--out BASENAME", ...given, found].join(" ");
}

function quoted(word: string): string {
  return /^[\w.,:/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function describe({ state, seconds, marginPercent }: TuneStatus, hint: string | null): string[] {
  if (state.kind === "cancelled") return ["Cancelled. The stream is as it was."];
  if (state.kind !== "done" || !state.found) {
    return [
      `No setting ran ${formatDuration(seconds, 2)} with a margin of ${marginPercent} %. Take a lower rate or a smaller margin, or relieve this computer.`,
    ];
  }
  return [nameOf(state.found), ...(hint === null ? [] : [hint])];
}
