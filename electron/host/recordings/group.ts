/**
 * Groups: several streams recorded together, each by itself. All are made ready before the first begins, so that they
 * begin as close together as this computer can; how close that was is measured when they have ended.
 */
import type { Addon } from "../../../native/addon.js";
import { fail, toStudioError, type StudioError } from "../../../shared/errors.js";
import type { GroupMember, GroupResult, GroupState, GroupStatus } from "../../../shared/group.js";
import type { EventName, Events, RequestParams } from "../../../shared/messages.js";
import type { RecordingResult, RecordingStatus } from "../../../shared/recording.js";
import type { GroupFacts } from "../../../shared/sigmf/group.js";
import type { Inventory } from "../inventory.js";
import type { SettingsStore } from "../settings-store.js";
import { busyRecording } from "../streams/faults.js";
import type { LiveStream } from "../streams/live-stream.js";
import { isCancelled } from "../streams/starting.js";
import type { StreamRegistry } from "../streams/registry.js";
import { Serial } from "../streams/serial.js";
import { Barrier } from "./barrier.js";
import { folderFault } from "./folder-fault.js";
import {
  completeGroup,
  createGroupFile,
  followMembers,
  groupFile,
  groupsIn,
  isCutOff,
  readGroupFile,
} from "./group-files.js";
import { checkFree, checkName, nameFromPattern } from "./names.js";
import type { Recordings } from "./service.js";
import { makeFolder } from "./make-folder.js";

type GroupRequest = RequestParams<"group.start">;

/** Groups of this session whose recordings may still get a hash or another name. */
const FINISHED_KEPT = 32;
const LARGEST = 64;

export interface GroupDeps {
  addon: Pick<Addon, "clocks">;
  inventory: Inventory;
  settings: SettingsStore;
  streams(): StreamRegistry;
  recordings(): Pick<Recordings, "start" | "end" | "nameOf" | "folder" | "folderShown">;
  tell(group: GroupStatus): void;
  warn(title: string, thrown: unknown): void;
}

interface Member {
  stream: LiveStream;
  /** Base name as it is now. */
  name: string;
  /** Names its recording, with the stream; null before it began. */
  startedAtMs: number | null;
  result: RecordingResult | null;
}

interface Group {
  folder: string;
  name: string;
  facts: GroupFacts;
  startedAtMs: number;
  members: Member[];
  state: GroupState;
  timed: GroupMember[];
  /** A recording got its hash or another name while the collection was made. */
  outdated: boolean;
  serial: Serial;
  ended: Promise<GroupResult>;
  end: (result: GroupResult) => void;
}

export class GroupRecordings {
  private readonly going = new Map<string, Group>();
  private readonly finished: Group[] = [];

  constructor(private readonly deps: GroupDeps) {}

  running(): GroupStatus[] {
    return [...this.going.values()].map(statusOf);
  }

  /** Name of the group that a stream is being recorded in; null: none. */
  nameOf(stream: string): string | null {
    return this.with(stream)?.name ?? null;
  }

  async start(request: GroupRequest): Promise<GroupStatus> {
    const streams = this.streamsOf(request);
    const recordings = this.deps.recordings();
    const folder = recordings.folder();
    try {
      await makeFolder(folder);
      const group = await this.make(request, streams, folder);
      await createGroupFile(folder, group.name, group.facts);
      this.going.set(group.name, group);
      await this.begin(group, request).catch(async (error: unknown) => {
        await this.giveUp(group);
        throw error;
      });
      this.tell(group);
      return statusOf(group);
    } catch (error) {
      throw folderFault(error, folder, recordings.folderShown());
    }
  }

  /** Ends all of its recordings; answers when the collection is written. */
  async stop(name: string): Promise<GroupResult> {
    const group = this.going.get(name);
    if (!group) {
      throw fail("NOT_FOUND", `No group named “${name}” is being recorded. Look at its name.`, {
        field: "name",
      });
    }
    await this.endMembers(group);
    return group.ended;
  }

  /** What the recordings tell: members end, get their hash, or another name. */
  heard<N extends EventName>(name: N, data: Events[N]): void {
    if (name === "recording.ended") {
      const { status, result } = data as Events["recording.ended"];
      this.memberEnded(status, result);
    } else if (name === "recording") {
      this.memberChanged((data as Events["recording"]).status);
    }
  }

  /** Completes groups that were cut off, once their recordings were. */
  async recover(): Promise<void> {
    const folder = this.deps.recordings().folder();
    for (const name of await groupsIn(folder)) {
      if (this.going.has(name)) continue;
      await recoverGroup(folder, name).catch((error: unknown) =>
        this.deps.warn(`The group “${name}” could not be completed`, error),
      );
    }
  }

  /** Resolves when nothing of groups is still being written. */
  async settled(): Promise<void> {
    const all = [...this.going.values()].filter(({ state }) => state.kind !== "recording");
    await Promise.all(all.map(({ ended }) => ended));
    await Promise.all(this.finished.map(({ serial }) => serial.settled()));
  }

  private streamsOf({ streams: ids }: GroupRequest): LiveStream[] {
    const registry = this.deps.streams();
    const streams = [...new Set(ids)].map((id) => registry.live(id));
    if (streams.length < 2 || streams.length > LARGEST) {
      throw fail(
        "BAD_REQUEST",
        `A group takes two to ${LARGEST} streams. Choose more, or record one by itself.`,
        {
          field: "streams",
        },
      );
    }
    for (const stream of streams) {
      stream.checkFree();
      const busy = this.deps.recordings().nameOf(stream.id) ?? this.nameOf(stream.id);
      if (busy !== null) throw busyRecording(busy, "streams");
    }
    return streams;
  }

  private async make(request: GroupRequest, streams: LiveStream[], folder: string): Promise<Group> {
    const { inventory, settings, addon } = this.deps;
    const { namePattern } = settings.get().recordings;
    const now = new Date();
    const name =
      request.name === undefined
        ? await nameFromPattern(namePattern, folder, "group", now, this.going)
        : checkName(request.name);
    await checkFree(folder, name, { promised: this.going });
    const names = memberNames(
      name,
      streams.map(({ device, buffer }) => {
        const { label, name: driver, buffers } = inventory.device(device);
        return { label: label || driver, buffer: buffers.length > 1 ? buffer : null };
      }),
    );
    for (const one of names) await checkFree(folder, one, { promised: this.going });
    const { monotonicNs, realtimeNs } = addon.clocks();
    let end!: Group["end"];
    const ended = new Promise<GroupResult>((resolve) => (end = resolve));
    return {
      folder,
      name,
      startedAtMs: now.getTime(),
      facts: {
        state: "recording",
        note: request.note ?? "",
        sharedClock: request.sharedClock,
        clocks: { monotonicNs: monotonicNs.toString(), realtimeNs: realtimeNs.toString() },
        members: streams.map((stream, index) => notTimed(names[index] as string, stream)),
      },
      members: streams.map((stream, index) => ({
        stream,
        name: names[index] as string,
        startedAtMs: null,
        result: null,
      })),
      state: { kind: "recording" },
      timed: [],
      outdated: false,
      serial: new Serial(),
      ended,
      end,
    };
  }

  /** All are ready before the first begins. Rejects with why one of them could not. */
  private async begin(group: Group, request: GroupRequest): Promise<void> {
    const { note, seconds, scans, hash, raw } = request;
    const recordings = this.deps.recordings();
    const barrier = new Barrier(group.members.length);
    const causes: unknown[] = [];
    await Promise.allSettled(
      group.members.map(async (member) => {
        try {
          const status = await recordings.start(
            {
              stream: member.stream.id,
              name: member.name,
              ...(note !== undefined && { note }),
              ...(seconds !== undefined && { seconds }),
              ...(scans !== undefined && { scans }),
              ...(hash !== undefined && { hash }),
              ...(raw !== undefined && { raw }),
            },
            undefined,
            {
              group: group.name,
              ready: () => Promise.race([barrier.arrive(), member.stream.startUnwanted()]),
            },
          );
          member.startedAtMs = status.startedAtMs;
        } catch (error) {
          // A short one may have ended before it was told that it began.
          if (member.result && !isCancelled(error)) return;
          causes.push(error);
          barrier.break(error);
          // Memory that others still wait for is not needed any more.
          for (const { stream } of group.members) stream.cancelStart();
        }
      }),
    );
    if (causes.length > 0) throw causes[0];
  }

  /** A group that could not begin: what had begun ends, and stays a recording by itself. */
  private async giveUp(group: Group): Promise<void> {
    await this.endMembers(group);
    this.going.delete(group.name);
    const begun = { ...group.facts, members: named(group).filter((_, at) => holds(group, at)) };
    await completeGroup(group.folder, group.name, begun, "complete").catch(() => {});
    group.end(resultOf(group, null));
  }

  private async endMembers({ members }: Group): Promise<void> {
    const recordings = this.deps.recordings();
    await Promise.allSettled(
      members
        .filter(({ stream, name }) => recordings.nameOf(stream.id) === name)
        .map(({ stream }) => recordings.end(stream.id)),
    );
  }

  private with(stream: string): Group | undefined {
    return [...this.going.values()].find(
      ({ state, members }) =>
        state.kind === "recording" &&
        members.some((member) => member.stream.id === stream && member.result === null),
    );
  }

  private memberEnded(status: RecordingStatus, result: RecordingResult): void {
    for (const group of this.going.values()) {
      const member = memberOf(group, status);
      if (!member) continue;
      member.name = status.name;
      member.startedAtMs ??= status.startedAtMs;
      member.result = result;
      if (group.members.every((one) => one.result !== null)) void this.complete(group);
      else this.tell(group);
    }
  }

  /** Another name, or the hash is there: the collection follows. */
  private memberChanged(status: RecordingStatus): void {
    for (const group of this.going.values()) {
      const member = memberOf(group, status);
      if (!member) continue;
      member.name = status.name;
      if (group.state.kind === "finishing") group.outdated = true;
    }
    if (status.state.kind === "recording" || status.state.kind === "finishing") return;
    for (const group of this.finished) {
      const member = memberOf(group, status);
      if (!member || (member.name === status.name && status.hashing !== null)) continue;
      const renamed = new Map([[member.name, status.name]]);
      member.name = status.name;
      this.follow(group, renamed);
    }
  }

  private follow({ folder, name, serial }: Group, renamed: ReadonlyMap<string, string>): void {
    serial
      .run(() => followMembers(folder, name, renamed))
      .catch((error: unknown) =>
        this.deps.warn(`The group “${name}” could not be brought up to date`, error),
      );
  }

  private async complete(group: Group): Promise<void> {
    if (group.state.kind !== "recording") return;
    group.state = { kind: "finishing" };
    this.tell(group);
    let error: StudioError | null = null;
    let left = true;
    const members = named(group);
    try {
      const facts = { ...group.facts, members };
      const whole = await completeGroup(group.folder, group.name, facts, "complete");
      group.timed = whole?.members ?? [];
      left = whole !== null;
    } catch (thrown) {
      error = toStudioError(thrown);
      this.deps.warn(`The group “${group.name}” has no collection`, thrown);
    }
    group.state = error ? { kind: "failed", error } : { kind: "done" };
    this.going.delete(group.name);
    this.finished.push(group);
    if (this.finished.length > FINISHED_KEPT) this.finished.shift();
    if (group.outdated) {
      this.follow(group, new Map(named(group).map((one, at) => [members[at]!.name, one.name])));
    }
    this.tell(group);
    group.end(resultOf(group, left ? groupFile(group.folder, group.name) : null));
  }

  private tell(group: Group): void {
    this.deps.tell(statusOf(group));
  }
}

/** `take-adc`, `take-adc-buffer1`, `take-adc-2`: each once. */
export function memberNames(
  group: string,
  streams: readonly { label: string; buffer: number | null }[],
): string[] {
  const taken = new Set<string>();
  return streams.map(({ label, buffer }) => {
    const safe = label.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[-.]+/, "") || "stream";
    const base = `${group}-${safe}${buffer === null ? "" : `-buffer${buffer}`}`;
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return checkName(name);
  });
}

function notTimed(name: string, { device, buffer }: LiveStream): GroupMember {
  return {
    name,
    device,
    buffer,
    firstSampleNs: "",
    rateHz: null,
    rateMeasuredHz: null,
    startSkewSeconds: null,
    startSkewUncertaintySeconds: null,
    driftPpm: null,
    driftUncertaintyPpm: null,
    offsetSamples: null,
  };
}

async function recoverGroup(folder: string, name: string): Promise<void> {
  const facts = await readGroupFile(folder, name);
  if (!facts || !(await isCutOff(folder, name, facts))) return;
  await completeGroup(folder, name, facts, "recovered");
}

/** As their recordings are called now. */
function named({ facts, members }: Group): GroupMember[] {
  return facts.members.map((one, index) => ({ ...one, name: (members[index] as Member).name }));
}

/** Its recording is there. */
function holds({ members }: Group, index: number): boolean {
  return (members[index]?.result?.files.length ?? 0) > 0;
}

/** Whose recording a status is of. Before it is known when one began, its name tells. */
function memberOf({ members }: Group, status: RecordingStatus): Member | undefined {
  if (status.kept) return undefined;
  return members.find(
    ({ stream, startedAtMs, name }) =>
      stream.id === status.stream &&
      (startedAtMs === null ? name === status.name : startedAtMs === status.startedAtMs),
  );
}

function statusOf({ name, startedAtMs, facts, state, members, timed }: Group): GroupStatus {
  return {
    name,
    startedAtMs,
    sharedClock: facts.sharedClock,
    state,
    streams: members.map(({ stream }) => stream.id),
    recordings: members.map((member) => member.name),
    members: timed,
  };
}

function resultOf({ name, facts, members, timed, state }: Group, file: string | null): GroupResult {
  return {
    name,
    file: file ?? "",
    sharedClock: facts.sharedClock,
    members: timed,
    recordings: members.flatMap(({ result }) => (result ? [result] : [])),
    error: state.kind === "failed" ? state.error : null,
  };
}
