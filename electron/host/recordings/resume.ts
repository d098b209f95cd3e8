/** Where a recording goes on that was cut off, or whose device went: behind its last part, if it is of the same kind. */
import { setTimeout } from "node:timers/promises";
import { fail } from "../../../shared/errors.js";
import { formatCount, formatDuration, formatSi } from "../../../shared/figures.js";
import { formatScanFormat } from "../../../shared/parse-format.js";
import { isObject, number, objects, text } from "../../../shared/sigmf/fields.js";
import { scansToNs, toRealtimeNs } from "../../../shared/sigmf/time.js";
import type { RecordingFacts, SigmfObject } from "../../../shared/sigmf/types.js";
import type { StartRequest } from "./begin.js";
import { findEarlier, writtenElsewhere, type Earlier, type EarlierPart } from "./earlier-parts.js";
import { FRESH_MS } from "./foreign-journals.js";
import { heldIn } from "./held.js";
import { JournalFollower } from "./journal-follower.js";
import { recordingPaths } from "./names.js";
import type { Unfinished } from "./recoveries.js";
import { ownIdentity } from "./writer-identity.js";

const LOOK_MS = 1000;
/** Less is what rounding leaves of a recording that is whole. */
const LEAST_SECONDS = 1e-6;

export interface ResumePoint extends Earlier {
  /** The last one that holds samples; null: none does. */
  last: EarlierPart | null;
  /** Where `core:global_index` goes on. */
  scanOffset: number;
  hole: NonNullable<NonNullable<RecordingFacts["resumed"]>["hole"]>;
}

/** Throws BAD_REQUEST for what does not go with it. */
export function checkResume({ resume, preSeconds = 0 }: StartRequest): void {
  if (!resume || preSeconds === 0) return;
  throw fail(
    "BAD_REQUEST",
    "A recording that goes on begins at once. Leave the time before the press out.",
    { field: "preSeconds" },
  );
}

/**
 * Of what lies in the folder, once `recover` has completed what was cut off. Only what another machine may still write is
 * waited for a little: after a quick restart of this one its journals look like that.
 */
export async function findResumePoint(
  folder: string,
  name: string,
  recover: () => Promise<Unfinished>,
): Promise<ResumePoint> {
  let untilMs = Infinity;
  for (;;) {
    const unfinished = await recover();
    const earlier = await findEarlier(folder, name);
    const part = await writtenElsewhere(folder, earlier);
    if (!part) return resumePoint(folder, earlier);
    const nowMs = performance.now();
    untilMs = Math.min(untilMs, nowMs + FRESH_MS + LOOK_MS);
    const mayEnd = unfinished.written.has(part.name) && nowMs < untilMs;
    if (part.here || !mayEnd) throw notComplete(part, unfinished);
    await setTimeout(LOOK_MS);
  }
}

function notComplete(
  { name, here }: { name: string; here: boolean },
  { written, faults }: Unfinished,
): Error {
  const busy = (who: string): Error =>
    fail(
      "BUSY_RECORDING",
      `“${name}” is being recorded by ${who}. Stop that first, or give the recording another name.`,
      { field: "name" },
    );
  if (here) return busy("another program");
  if (written.has(name)) return busy("another computer");
  const why =
    faults.get(name)?.message ??
    "Its journal is missing or can't be read. Bring that back, or take its files out of the folder.";
  return fail(
    "BAD_RECORDING",
    `“${name}” was cut off and can't be completed, so nothing can go on from there. ${why} Or give the recording another name.`,
    { field: "name" },
  );
}

async function resumePoint(folder: string, earlier: Earlier): Promise<ResumePoint> {
  const last = earlier.parts.findLast(({ samples }) => samples > 0) ?? null;
  return {
    ...earlier,
    last,
    scanOffset: last?.endScan ?? 0,
    hole: last ? await endOf(folder, last) : { endedRealtimeNs: null, endedMonotonicNs: null },
  };
}

/** When its last sample was taken, by its journal. */
async function endOf(folder: string, part: EarlierPart): Promise<ResumePoint["hole"]> {
  const { journal } = recordingPaths(folder, part.name);
  const summary = await new JournalFollower(journal).look().catch(() => null);
  const facts = summary?.header as Partial<RecordingFacts> | null | undefined;
  const { clocks, writer } = facts ?? {};
  if (!summary || summary.lastTimeNs === null || !clocks || !writer) {
    return { endedRealtimeNs: null, endedMonotonicNs: null };
  }
  // Behind the last block that the journal knows.
  const unjournaled = Math.max(0, part.samples - summary.samples);
  const endedNs = summary.lastTimeNs + scansToNs(unjournaled, facts?.rateHz ?? null);
  const sameBoot = writer.bootId !== "" && writer.bootId === (await ownIdentity()).bootId;
  return {
    endedRealtimeNs: toRealtimeNs(clocks, endedNs).toString(),
    endedMonotonicNs: sameBoot ? endedNs.toString() : null,
  };
}

/** What of a request is still to be recorded; throws NOTHING_LEFT if all of it was recorded. */
export function leftOf(request: StartRequest, earlier: Earlier): StartRequest {
  const held = heldIn(earlier);
  const left = { ...request };
  if (request.scans !== undefined) left.scans = request.scans - held.samples;
  if (request.seconds !== undefined && !request.captures) {
    const seconds = request.seconds - held.seconds;
    left.seconds = seconds < LEAST_SECONDS ? 0 : seconds;
  }
  const asked = request.captures?.count;
  if (request.captures && asked !== undefined) {
    left.captures = { ...request.captures, count: asked - held.captures };
  }
  const over = [left.scans, left.seconds, left.captures?.count].some((one) => (one ?? 1) <= 0);
  if (!over) return left;
  throw fail(
    "NOTHING_LEFT",
    `“${request.name ?? ""}” holds ${askedFor(request)} that it was to hold already. Ask for more, or give the recording another name.`,
    { field: "resume" },
  );
}

function askedFor({ scans, seconds, captures }: StartRequest): string {
  if (captures?.count !== undefined) return `the ${formatCount(captures.count)} captures`;
  if (scans !== undefined) return `the ${formatCount(scans)} samples`;
  return `the ${formatDuration(seconds ?? 0)}`;
}

/** Throws MISMATCH, with what differs, for a recording that is of another kind than the parts before. */
export function requireSame(of: string, { last }: ResumePoint, facts: RecordingFacts): void {
  if (!last) return;
  const [first] = last.files as [EarlierPart["files"][number]];
  const fault =
    deviceFault(first.global, facts) ??
    channelFault(last, facts) ??
    fileFault(last, facts) ??
    rateFault(first.global, facts);
  if (fault === null) return;
  throw fail("MISMATCH", `“${of}” can't go on: ${fault}, or give the recording another name.`, {
    field: "resume",
  });
}

function deviceFault(before: SigmfObject, { device, buffer }: RecordingFacts): string | null {
  const was = isObject(before["iio:device"]) ? before["iio:device"] : {};
  const name = text(was["name"]);
  if (name !== device.name) {
    return `it was recorded from ${name || "another device"}, and this is ${device.name}. Choose that device`;
  }
  const wasBuffer = number(before["iio:buffer"]) ?? 0;
  return wasBuffer === buffer
    ? null
    : `it was recorded from buffer${wasBuffer}, and this is buffer${buffer}. Choose that buffer`;
}

interface Lane {
  id: string;
  format: string;
}

function channelFault({ files }: EarlierPart, { layout }: RecordingFacts): string | null {
  const before = new Map<string, Lane>();
  for (const { global } of files) {
    for (const entry of objects(global["iio:channels"])) {
      const id = text(entry["id"]);
      before.set(id, { id, format: text(entry["format"]) });
    }
  }
  const now = layout.elements.map((element) => ({
    id: element.channel,
    format: formatScanFormat(element),
  }));
  const names = (lanes: Iterable<Lane>): string => [...lanes].map(({ id }) => id).join(", ");
  if (before.size !== now.length || now.some(({ id }) => !before.has(id))) {
    return `it holds the channels ${names(before.values())}, and this stream has ${names(now)}. Enable the same channels`;
  }
  const other = now.find(({ id, format }) => before.get(id)!.format !== format);
  return other
    ? `the device now delivers ${other.id} as ${other.format}, and delivered it as ${before.get(other.id)!.format}. Set the device as it was`
    : null;
}

/** Widths, byte order, pairs, and whether words stay as they are stored. */
function fileFault({ name, files }: EarlierPart, { outputs }: RecordingFacts): string | null {
  const isStored = (global: SigmfObject): boolean =>
    objects(global["iio:channels"]).some(({ stored }) => isObject(stored));
  const wasStored = files.some(({ global }) => isStored(global));
  if (wasStored !== outputs.some(({ stored }) => stored)) {
    return wasStored
      ? "it holds values as the device stores them (raw), and this recording would convert them. Ask for raw values again"
      : "its values were converted, and this recording would keep them as the device stores them (raw). Leave raw out";
  }
  const before = files.map(
    ({ name: file, global }) => `${file.slice(name.length)} ${text(global["core:datatype"])}`,
  );
  const now = outputs.map(({ suffix, datatype }) => `${suffix} ${datatype}`);
  const same = before.length === now.length && now.every((one) => before.includes(one));
  return same
    ? null
    : `its files are of the types ${types(before)}, and this recording would make ${types(now)}. Pair the channels as they were`;
}

const types = (files: readonly string[]): string =>
  files.map((file) => file.slice(file.lastIndexOf(" ") + 1)).join(", ");

function rateFault(before: SigmfObject, { rateHz }: RecordingFacts): string | null {
  const was = number(before["iio:sample_rate"]);
  if (was === null || rateHz === null || was === rateHz) return null;
  const hz = (rate: number): string => formatSi(rate, "Hz", 9);
  return `it was recorded at ${hz(was)}, and the device runs at ${hz(rateHz)}. Set its rate to ${hz(was)}`;
}
