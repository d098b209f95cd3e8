/** How a recording begins: its folder, its name, what it says of its source, its files. */
import type { Addon } from "../../../native/addon.js";
import { fail } from "../../../shared/errors.js";
import type { RequestParams } from "../../../shared/messages.js";
import { countedSeconds, paceHz } from "../../../shared/sigmf/seconds.js";
import type { RecordingMark } from "../../../shared/sigmf/types.js";
import type { Disposable } from "../disposable.js";
import type { Inventory } from "../inventory.js";
import type { SettingsStore } from "../settings-store.js";
import type { LiveStream } from "../streams/live-stream.js";
import type { Run } from "../streams/run.js";
import { ActiveRecording } from "./active.js";
import { requireRoom } from "./check.js";
import { recordingFacts } from "./facts.js";
import type { CaptureLog } from "./capture-log.js";
import type { AskedSpan } from "./moment.js";
import { checkFree, checkName, nameFromPattern } from "./names.js";
import { partName } from "./parts-plan.js";
import type { PromisedNames } from "./promised-names.js";
import { requireSame, type ResumePoint } from "./resume.js";
import { ownIdentity } from "./writer-identity.js";
import { makeFolder } from "./make-folder.js";

export type StartRequest = RequestParams<"recording.start">;

export interface BeginDeps {
  addon: Addon;
  inventory: Inventory;
  settings: SettingsStore;
  version: string;
}

/** Where it goes: `shown` as the user typed it. The name is held until the files are there. */
export interface Place {
  folder: string;
  name: string;
  held: Disposable;
  /** The group it is recorded in. */
  group?: string | undefined;
}

/** Creates the folder; refuses where there is no room to begin. */
export async function findPlace(
  deps: BeginDeps,
  promised: PromisedNames,
  request: StartRequest,
  stream: LiveStream,
  folder: { path: string; shown: string },
): Promise<Place> {
  await makeFolder(folder.path).catch((error: NodeJS.ErrnoException) => {
    // A file stands where the folder should.
    throw error.code === "EEXIST" ? Object.assign(error, { code: "ENOTDIR" }) : error;
  });
  requireRoom(await deps.addon.freeBytes(folder.path), folder.shown);
  if (request.name !== undefined) {
    const name = checkName(request.name);
    // What has that name is gone on from, by one at a time.
    if (request.resume && promised.has(name)) throw beingRecorded(name);
    if (request.resume) return { folder: folder.path, name, held: promised.keep([name]) };
    return { folder: folder.path, name, held: await promised.hold(folder.path, name, []) };
  }
  const { namePattern } = deps.settings.get().recordings;
  const { name: device, label } = deps.inventory.device(stream.device);
  const now = new Date();
  const name = await nameFromPattern(namePattern, folder.path, label || device, now, promised);
  return { folder: folder.path, name, held: promised.keep([name]) };
}

export function beingRecorded(name: string): Error {
  return fail("BUSY_RECORDING", `“${name}” is being recorded. Stop it first.`);
}

export interface Creation {
  request: StartRequest;
  stream: LiveStream;
  place: Place;
  /** The recording it goes on from. */
  continues: string | undefined;
  /** Scans of the history, or ones to come, in whole blocks; without: from the next block on. */
  span?: AskedSpan | undefined;
  marks?: RecordingMark[];
  /** Only what is around the scope trigger; one log for all parts. */
  captures?: CaptureLog | undefined;
  /** It goes on from there. */
  resumed?: ResumePoint | undefined;
  /** It is one of several, which carry the place's name with their number. */
  part?: { number: number; partScans: number | null; before: ActiveRecording | null };
}

/** Records the run into new files. */
export async function beginRecording(
  deps: BeginDeps,
  { request, stream, place, continues, span, marks, captures, part, resumed }: Creation,
  run: Run,
): Promise<ActiveRecording> {
  const { folder } = place;
  const name = part ? partName(place.name, part.number) : place.name;
  const before = part?.before ?? null;
  const begun = { atMs: Date.now(), monotonicMs: performance.now() };
  const { inventory, settings, addon, version } = deps;
  const facts = recordingFacts({
    name,
    note: before?.noteNow ?? request.note ?? "",
    continues,
    // Of a ring most is deleted before it would be hashed.
    hash: !request.ring && (request.hash ?? settings.get().recordings.hash),
    version,
    run,
    buffer: stream.buffer,
    group: place.group,
    device: inventory.device(stream.device),
    devices: inventory.list().devices,
    clocks: addon.clocks(),
    writer: await ownIdentity(),
    startedAtMs: begun.atMs,
    marks,
    captures: captures?.plan,
    raw: request.raw,
    resumed: resumed?.last ? resumedFacts(resumed, before === null) : undefined,
    ...(part && { part: { of: place.name, number: part.number } }),
  });
  if (resumed) requireSame(place.name, resumed, facts);
  // What it writes beside its own name, which was looked for before.
  const besides = facts.outputs.filter(({ suffix }) => suffix !== "");
  for (const { suffix } of besides) await checkFree(folder, name + suffix);
  if (part) await checkFree(folder, name);
  const { seconds } = request;
  const pace = paceHz(facts.rateHz, facts.waitsForBlocks);
  const bySeconds = seconds !== undefined && pace !== null ? Math.ceil(seconds * pace) : 0;
  const length = request.scans ?? bySeconds;
  return ActiveRecording.start(
    {
      folder,
      facts,
      stream: stream.id,
      // What is left of it goes over to a next part by itself.
      scans: span || before || captures ? 0 : length,
      stopAfterSeconds: seconds !== undefined && pace === null ? seconds : null,
      ...(part?.partScans && { partScans: part.partScans }),
      begun: before?.begun ?? begun,
      captures,
      ...(span && { span: { ...span, toScan: endOf(span, length) } }),
    },
    run,
    before,
  );
}

/** `isFirst`: the one behind the hole. */
function resumedFacts({ scanOffset, hole }: ResumePoint, isFirst: boolean) {
  return { scanOffset, ...(isFirst && { hole }) };
}

/** A length counts from the press, wherever the block begins that holds the first scan; at the earliest from that. */
function endOf({ toScan, pressScan }: AskedSpan, length: number): number | null {
  return pressScan !== undefined && length > 0 ? Math.max(0, pressScan) + length : toScan;
}

/**
 * What is left to do of a request after a recording of it, with the note as it stands now and a name of its own; null if
 * nothing is.
 */
export function restOf(
  request: StartRequest,
  recording: ActiveRecording,
  /** What is done: in parts, of all of them. */
  done = { scans: recording.scansOfLength, clockSeconds: recording.clockSeconds },
): StartRequest | null {
  const { scans, clockSeconds } = done;
  const rest: StartRequest = { ...request, note: recording.noteNow };
  delete rest.name;
  delete rest.preSeconds;
  delete rest.resume;
  if (request.captures) return restOfCaptures(rest, recording);
  if (request.scans !== undefined) rest.scans = request.scans - scans;
  if (request.seconds !== undefined) {
    rest.seconds = request.seconds - countedSeconds(recording.facts, scans, clockSeconds);
  }
  const over = (rest.scans ?? 1) <= 0 || (rest.seconds ?? 1) <= 0;
  return over || isPast(rest) ? null : rest;
}

function isPast({ untilMs }: StartRequest): boolean {
  return untilMs !== undefined && Date.now() >= untilMs;
}

/** So many fewer captures, and so much less time to wait for them. */
function restOfCaptures(rest: StartRequest, recording: ActiveRecording): StartRequest | null {
  const { captures, seconds } = recording.status();
  const { count } = rest.captures!;
  if (count !== undefined) {
    rest.captures = { ...rest.captures!, count: count - (captures?.count ?? 0) };
  }
  if (rest.seconds !== undefined) rest.seconds -= seconds;
  const over = (rest.captures?.count ?? 1) <= 0 || (rest.seconds ?? 1) <= 0;
  return over || isPast(rest) ? null : rest;
}
