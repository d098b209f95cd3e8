/** `record` of several devices or buffers: each its own recording, tied together on the time base of this computer. */
import { basename, dirname, resolve } from "node:path";
import type { StudioClient } from "../../../shared/client.js";
import { checkLine, checkWarning, type DiskCheck } from "../../../shared/disk-check.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { formatSi } from "../../../shared/figures.js";
import { groupLines } from "../../../shared/group-words.js";
import type { GroupResult } from "../../../shared/group.js";
import type { Inventory } from "../../../shared/device.js";
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import { streamId } from "../../../shared/stream.js";
import {
  durationOption,
  numberOption,
  textOption,
  UsageError,
  type Arguments,
} from "../arguments.js";
import { followStarts } from "../allocation.js";
import { findAttribute, findDevice } from "../device-name.js";
import { onInterrupt } from "../interrupts.js";
import { checkTaken, readOut } from "../out-option.js";
import type { Output } from "../output.js";
import { openSession } from "../session.js";
import { readStreamPlan, setUpStream, tellNotes } from "../stream-setup.js";
import { describe } from "./record.js";

/** What says something about one device, or makes one recording into several. */
const FOR_ONE = [
  ...["buffer", "channels", "counter", "device-trigger", "device-trigger-rate", "pre"],
  ...["start-at", "until"],
  ...["split-size", "split-time", "ring-size", "ring-time"],
  ...["trigger", "hysteresis", "before", "after", "captures", "each", "resume"],
];

/** Answers whether all recordings ended as asked. */
export async function recordGroup(args: Arguments, output: Output): Promise<boolean> {
  const plan = readPlan(args);
  await checkTaken(plan.out, false);
  const session = await openSession(args, {
    recordingsFolder: dirname(plan.out),
    recover: true,
    note: (line) => output.note(line),
  });
  const { client, hello } = session;
  try {
    const streams = streamsNamed(hello.inventory, args.operands);
    for (const [attribute, value] of plan.sets) {
      const [first] = args.operands as [string];
      const device = findDevice(hello.inventory, first.replace(BUFFER, ""));
      const address = findAttribute(hello.inventory, device, attribute);
      await client.request("attribute.write", { ...address, value });
    }
    const stream = readStreamPlan(args);
    const notes: string[] = [];
    for (const id of streams) notes.push(...(await setUpStream(client, id, stream, output)));
    if (!args.values["no-check"]) await checkDisk(client, streams, output);
    const result = await run(client, streams, plan, args, output);
    if (result === null) {
      const nothing = "Cancelled before they began; nothing was recorded.";
      output.answer({ name: basename(plan.out), recordings: [], cancelled: true }, () => [nothing]);
      return true;
    }
    output.answer({ ...result, notes }, () => describeGroup(result));
    for (const { error } of [...result.recordings, result]) {
      if (error) output.note(error.message);
    }
    return [...result.recordings, result].every(({ error }) => error === null);
  } finally {
    await session.close();
  }
}

interface GroupPlan {
  out: string;
  sets: [string, string][];
  seconds: number | undefined;
  scans: number | undefined;
}

function readPlan(args: Arguments): GroupPlan {
  const out = readOut(args);
  const odd = FOR_ONE.find((name) => args.values[name] !== undefined);
  if (odd !== undefined) {
    throw new UsageError(`--${odd} is for one DEVICE. Leave it out, or record each by itself.`);
  }
  const seconds = durationOption(args, "seconds");
  const scans = numberOption(args, "samples", { integer: true, least: 1 });
  if (seconds !== undefined && scans !== undefined) {
    throw new UsageError("--seconds and --samples exclude each other.");
  }
  const sets = ((args.values["set"] as string[] | undefined) ?? []).map(
    (text): [string, string] => {
      const equals = text.indexOf("=");
      if (equals < 1 || !text.slice(0, equals).includes(":")) {
        throw new UsageError(`--set takes DEVICE:NAME=VALUE for several devices, not "${text}".`);
      }
      return [text.slice(0, equals), text.slice(equals + 1)];
    },
  );
  return { out, sets, seconds, scans };
}

const BUFFER = /\/buffer(\d+)$/;

/** `DEVICE`, or `DEVICE/buffer1`. */
function streamNamed(inventory: Inventory, text: string): string {
  const buffer = Number(BUFFER.exec(text)?.[1] ?? 0);
  return streamId(findDevice(inventory, text.replace(BUFFER, "")).id, buffer);
}

/** Throws for one that is named twice, by whatever name. */
export function streamsNamed(inventory: Inventory, texts: readonly string[]): string[] {
  const streams = texts.map((text) => streamNamed(inventory, text));
  const at = streams.findIndex((stream, index) => streams.indexOf(stream) !== index);
  if (at < 0) return streams;
  const first = texts[streams.indexOf(streams[at] as string)] as string;
  const again = texts[at] as string;
  const how = first === again ? `${again} is named twice` : `${first} and ${again} are the same`;
  throw new UsageError(
    `${how}. Name each once; a device's other buffers are DEVICE/buffer1 and so on.`,
  );
}

/** One test, against what all of them give together. */
async function checkDisk(
  client: StudioClient,
  streams: readonly string[],
  output: Output,
): Promise<void> {
  const [first] = streams as [string];
  const check = await client.request("recording.check", { stream: first });
  const rates = await Promise.all(
    streams.map(async (stream) => {
      const { geometry, rateSetHz } = await client.request("stream.get", { stream });
      return geometry && rateSetHz ? geometry.scanBytes * rateSetHz : null;
    }),
  );
  const known = rates.every((rate) => rate !== null);
  const total = known ? rates.reduce((sum, rate) => sum + rate, 0) : null;
  const { streamBytesPerSecond: one, secondsUntilFull: alone } = check;
  const all: DiskCheck = {
    ...check,
    streamBytesPerSecond: total,
    secondsUntilFull: total && one && alone !== null ? (alone * one) / total : null,
  };
  output.note(checkLine(all));
  const warning = checkWarning(all);
  if (warning !== null) output.note(warning);
}

/** null: cancelled while memory was allocated. */
async function run(
  client: StudioClient,
  streams: readonly string[],
  plan: GroupPlan,
  args: Arguments,
  output: Output,
): Promise<GroupResult | null> {
  const name = basename(plan.out);
  const note = textOption(args, "note");
  const stopNotes = streams.map((stream) => tellNotes(client, stream, output));
  const ended = waitForEnd(client, name, dirname(plan.out), output);
  let asked = false;
  let running = false;
  const starts = followStarts(client, streams, output);
  const stop = () => {
    if (!asked) return;
    if (running) client.request("group.stop", { name }).catch(() => undefined);
    else starts.cancel();
  };
  const stopListening = onInterrupt((times, signal) => {
    if (times > 1) {
      stopListening();
      process.kill(process.pid, signal);
      return;
    }
    asked = true;
    output.note(
      starts.any()
        ? "Cancelling; nothing was recorded yet."
        : "Stopping; what was recorded is kept.",
    );
    stop();
  });
  try {
    await client.request("group.start", {
      streams: [...streams],
      name,
      sharedClock: args.values["shared-clock"] === true,
      ...(plan.seconds !== undefined && { seconds: plan.seconds }),
      ...(plan.scans !== undefined && { scans: plan.scans }),
      ...(note !== undefined && { note }),
      hash: !args.values["no-hash"],
      ...(args.values["raw"] === true && { raw: true }),
    });
    running = true;
    stop();
    return await ended.promise;
  } catch (error) {
    if (asked && toStudioError(error).code === "CANCELLED") return null;
    throw error;
  } finally {
    starts.dispose();
    ended.dispose();
    stopListening();
    for (const end of stopNotes) end();
  }
}

function waitForEnd(
  client: StudioClient,
  name: string,
  folder: string,
  output: Output,
): { promise: Promise<GroupResult>; dispose: () => void } {
  const disposers: (() => void)[] = [];
  const running = new Map<string, RecordingStatus>();
  const results = new Map<string, RecordingResult>();
  const promise = new Promise<GroupResult>((done, reject) => {
    disposers.push(
      client.on("recording", ({ status }) => {
        if (!status.name.startsWith(`${name}-`)) return;
        running.set(status.stream, status);
        output.progress(progress([...running.values()]));
      }),
      client.on("recording.ended", ({ status, result }) => results.set(status.stream, result)),
      client.on("group", ({ group }) => {
        if (group.name !== name) return;
        if (group.state.kind !== "done" && group.state.kind !== "failed") return;
        const file = group.members.length > 0 ? resolve(folder, `${name}.sigmf-collection`) : "";
        done({
          name,
          file,
          sharedClock: group.sharedClock,
          members: group.members,
          recordings: group.streams.flatMap((stream) => results.get(stream) ?? []),
          error: group.state.kind === "failed" ? group.state.error : null,
        });
      }),
      client.onClose(() => reject(fail("CLOSED", "The host ended before the recordings did."))),
    );
  });
  promise.catch(() => undefined);
  return { promise, dispose: () => disposers.forEach((dispose) => dispose()) };
}

function progress(running: readonly RecordingStatus[]): string {
  const sum = (of: (status: RecordingStatus) => number) =>
    running.reduce((total, status) => total + of(status), 0);
  const seconds = Math.min(...running.map((status) => status.seconds));
  const gaps = sum(({ continuity }) => continuity.gaps);
  return (
    `${running.length} recordings  ${seconds.toFixed(1)} s  ${formatSi(
      sum(({ bytes }) => bytes),
      "B",
    )}  ` +
    `${formatSi(
      sum(({ bytesPerSecond }) => bytesPerSecond),
      "B/s",
    )}${gaps === 0 ? "" : `  ${gaps} gaps`}`
  );
}

function describeGroup(result: GroupResult): string[] {
  return [
    ...result.recordings.flatMap((one) => [one.name, ...describe(one).map((line) => `  ${line}`)]),
    ...groupLines(result.members, result.sharedClock),
    ...(result.file === "" ? [] : [result.file]),
  ];
}
