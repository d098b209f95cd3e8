/** `record --resume`: waits for a device that went or is not there yet, and goes on in the next part when it is. */
import { joinResults } from "../host/recordings/parts-sum.js";
import type { StudioClient } from "../../shared/client.js";
import type { Inventory } from "../../shared/device.js";
import { fail, toStudioError } from "../../shared/errors.js";
import { formatDuration } from "../../shared/figures.js";
import type { RecordingResult } from "../../shared/recording.js";
import { formatMoment } from "../../shared/wall-time.js";
import { UsageError, type Arguments } from "./arguments.js";
import { findDevice } from "./device-name.js";
import { onInterrupt } from "./interrupts.js";
import type { Output } from "./output.js";

export type Recorded = RecordingResult & { notes: string[] };

/** What can't go with it: it begins at once, wherever it was cut off. */
const NOT_BESIDE = ["pre", "start-at"];
/** A device that came back may be there before its nodes and permissions are. */
const TRIES = 5;
const AGAIN_MS = 1000;
const NOT_YET = ["ENODEV", "NOT_FOUND", "EACCES", "EBUSY", "ENOENT"];

export function readResume(args: Arguments): boolean {
  if (args.values["resume"] !== true) return false;
  const other = NOT_BESIDE.find((name) => args.values[name] !== undefined);
  if (other) throw new UsageError(`--resume and --${other} exclude each other.`);
  return true;
}

export interface ResumeRequest {
  client: StudioClient;
  /** As the user typed it. */
  device: string;
  /** Base name. */
  name: string;
  untilMs: number | undefined;
  output: Output;
  /** Records until the end, or until the device goes; null: cancelled. `again`: not for the first time. */
  once(
    inventory: Inventory,
    state: { asked: () => boolean; again: boolean },
  ): Promise<Recorded | null>;
}

/**
 * What all of it is together; null: it was asked to end before anything was recorded; "complete": nothing was left to record.
 * Throws where its time is over and nothing was recorded.
 */
export async function recordResuming(
  request: ResumeRequest,
): Promise<Recorded | "complete" | null> {
  const { output, name } = request;
  const stop = stopOnInterrupt(request.untilMs);
  const done: Recorded[] = [];
  let tries = 0;
  let complete = false;
  let whyNot: unknown = null;
  try {
    for (;;) {
      const inventory = await waitForDevice(request, stop, done.length > 0);
      if (!inventory) break;
      try {
        const state = { asked: () => stop.over(), again: done.length > 0 || tries > 0 };
        const one = await request.once(inventory, state);
        if (one) done.push(one);
        if (!one || stop.over() || one.error?.code !== "ENODEV") break;
        tries = one.samples > 0 ? 0 : tries + 1;
        if (tries > TRIES) break;
      } catch (thrown) {
        const { code, message } = toStudioError(thrown);
        if (code === "NOTHING_LEFT") {
          output.note(message);
          complete = true;
          break;
        }
        const isThere = present(await request.client.request("inventory.get", {}), request.device);
        const mayCome = NOT_YET.includes(code) && ++tries <= TRIES;
        if (!mayCome || (isThere && done.length === 0)) throw thrown;
        whyNot = thrown;
      }
      await stop.pause(AGAIN_MS);
    }
    if (done.length > 0) return together(name, done, complete || stop.over());
    if (complete) return "complete";
    if (stop.asked()) return null;
    throw whyNot ?? nobodyCame(request);
  } catch (thrown) {
    // Why it does not go on stands in the result: what was recorded is said either way.
    if (done.length === 0) throw thrown;
    return { ...together(name, done, false), error: toStudioError(thrown) };
  } finally {
    stop.dispose();
  }
}

/** `ended`: as it was asked to, whatever the last device did. */
function together(name: string, done: readonly Recorded[], ended: boolean): Recorded {
  const last = done.at(-1) as Recorded;
  const holding = done.filter(({ samples }) => samples > 0);
  const error = ended && last.error?.code === "ENODEV" ? null : last.error;
  return {
    ...joinResults(name, holding.length > 0 ? holding : [last], null),
    error,
    parts: holding.flatMap((one) => one.parts ?? [one.name]),
    notes: [...new Set(done.flatMap(({ notes }) => notes))],
  };
}

/** null: it is over before the device came. */
async function waitForDevice(
  { client, device, output }: ResumeRequest,
  stop: Stop,
  again: boolean,
): Promise<Inventory | null> {
  let told = false;
  while (!stop.over()) {
    const inventory = await client.request("inventory.get", {});
    const there = present(inventory, device);
    if (there) return there;
    if (!told) output.note(waitingFor(device, again, inventory));
    told = true;
    await stop.pause(AGAIN_MS);
  }
  return null;
}

function nobodyCame({ device, untilMs = Date.now() }: ResumeRequest): Error {
  return fail(
    "NOT_FOUND",
    `${device} was not there until ${formatMoment(untilMs)}, so nothing was recorded. Connect it, and give a later --until.`,
  );
}

function waitingFor(device: string, again: boolean, { devices }: Inventory): string {
  if (again) {
    return `Waiting for ${device} to come back; then the recording goes on in its next part. Ctrl+C ends it here.`;
  }
  const known = devices.filter(({ presence }) => presence === "present").map(({ id }) => id);
  return `Waiting for ${device}, which is not there (known: ${known.join(", ") || "none"}). It is recorded when it comes; Ctrl+C ends this.`;
}

/** The inventory without what has gone, if the device is in it; null: it is not. Throws for a name that several have. */
function present(inventory: Inventory, device: string): Inventory | null {
  const devices = inventory.devices.filter(({ presence }) => presence === "present");
  const there = { ...inventory, devices };
  try {
    findDevice(there, device);
    return there;
  } catch (error) {
    if (toStudioError(error).code === "NOT_FOUND") return null;
    throw error;
  }
}

interface Stop {
  /** It was asked to end. */
  asked(): boolean;
  /** It was asked to end, or its time is. */
  over(): boolean;
  /** At most so long. */
  pause(ms: number): Promise<void>;
  dispose(): void;
}

function stopOnInterrupt(untilMs: number | undefined): Stop {
  let asked = false;
  let wake = (): void => {};
  const stopListening = onInterrupt(() => {
    asked = true;
    wake();
  });
  const over = (): boolean => asked || Date.now() >= (untilMs ?? Infinity);
  return {
    asked: () => asked,
    over,
    pause: (ms) =>
      new Promise((resolve) => {
        if (over()) return resolve();
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    dispose: stopListening,
  };
}

/** What is said of each hole at the end. */
export function resumedLines({ resumed = [] }: RecordingResult): string[] {
  return resumed.map(({ from, holeSeconds }) =>
    holeSeconds === null
      ? `Goes on from ${from}; for how long nothing was recorded before is not known.`
      : `Goes on from ${from}, after ${formatDuration(holeSeconds)} in which nothing was recorded.`,
  );
}
