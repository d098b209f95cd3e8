/** Before a recording is started: what the disk takes, what is free, and how long that lasts at the stream's rate. */
import type { Addon } from "../../../native/addon.js";
import type { DiskCheck } from "../../../shared/disk-check.js";
import { fail } from "../../../shared/errors.js";
import { formatBytes } from "../../../shared/figures.js";
import type { LiveStream } from "../streams/live-stream.js";
import { FREE_FLOOR_BYTES } from "./active.js";
import type { StartRequest } from "./begin.js";
import { requireTrigger } from "./capture-plan.js";
import { testDisk, type DiskTest } from "./disk-test.js";
import { makeFolder } from "./make-folder.js";
import { checkFree } from "./names.js";
import { partName, planParts } from "./parts-plan.js";
import type { PromisedNames } from "./promised-names.js";
import { recordedScanBytes } from "./scan-bytes.js";

/** A test may fill no more than this part of what is free. */
const ROOM_SHARE = 0.25;
const LEAST_ROOM_BYTES = 16 * 1024 * 1024;
/** What a recording leaves free, and as much to record. */
const LEAST_FREE_BYTES = 2 * FREE_FLOOR_BYTES;
/** A disk that was tested just now is not asked again. */
const HOLDS_MS = 30_000;

export class DiskChecks {
  private last: { folder: string; atMs: number; test: Promise<DiskTest> } | null = null;

  constructor(
    private readonly addon: Pick<Addon, "freeBytes">,
    private readonly promised: PromisedNames,
    /** Whether something is recorded: a test would take its bandwidth. */
    private readonly isBusy: () => boolean,
  ) {}

  async check(stream: LiveStream, folder: string): Promise<DiskCheck> {
    await makeFolder(folder);
    const freeBytes = await this.addon.freeBytes(folder);
    const left = Math.max(0, freeBytes - FREE_FLOOR_BYTES);
    const streamBytesPerSecond = bytesPerSecond(stream);
    const rest = {
      freeBytes,
      streamBytesPerSecond,
      secondsUntilFull: streamBytesPerSecond === null ? null : left / streamBytesPerSecond,
    };
    const why = this.whyNot(left);
    if (why !== null) return { ...rest, bytesPerSecond: null, why, direct: false };
    const { bytesPerSecond: takes, direct } = await this.test(folder, left * ROOM_SHARE);
    return { ...rest, bytesPerSecond: takes, why: null, direct };
  }

  /**
   * Throws what would keep a recording that is set for a time from beginning then, as far as it is known before: no scope
   * trigger, a name that is taken, parts that do not fit, no room.
   */
  async ahead(
    stream: LiveStream,
    request: StartRequest,
    folder: { path: string; shown: string },
  ): Promise<void> {
    const { captures, split, ring, raw, resume } = request;
    if (captures) requireTrigger(stream.view.scopeTrigger());
    await makeFolder(folder.path);
    await this.requireName(request, folder.path);
    const freeBytes = await this.addon.freeBytes(folder.path);
    requireRoom(freeBytes, folder.shown);
    const { rateSetHz, geometry, settings } = stream.info();
    if (!geometry) return;
    const run = stream.isRunning() ? stream.currentRun() : null;
    planParts({
      ...{ split, ring },
      rateHz: settings.rateMax ? null : rateSetHz,
      scanBytes: run ? recordedScanBytes(run, raw) : geometry.scanBytes,
      // What a ring goes on from gives way as it goes on.
      roomBytes: resume ? Infinity : Math.max(0, freeBytes - FREE_FLOOR_BYTES),
    });
  }

  /** What a recording that goes on finds under its name is no reason against it. */
  private async requireName(
    { name, split, ring, captures, resume }: StartRequest,
    folder: string,
  ): Promise<void> {
    if (name === undefined || resume) return;
    await checkFree(folder, name, { promised: this.promised });
    if (split || ring || captures?.each) await checkFree(folder, partName(name, 1));
  }

  private whyNot(left: number): string | null {
    if (this.isBusy()) return "Something is being recorded; a test would disturb it.";
    if (left * ROOM_SHARE < LEAST_ROOM_BYTES) return "The disk is nearly full. Free some space.";
    return null;
  }

  private test(folder: string, roomBytes: number): Promise<DiskTest> {
    const now = performance.now();
    if (this.last?.folder === folder && now - this.last.atMs < HOLDS_MS) return this.last.test;
    const test = testDisk(folder, roomBytes);
    this.last = { folder, atMs: now, test };
    test.catch(() => (this.last = null));
    return test;
  }
}

/** Throws ENOSPC where nothing could be recorded. */
export function requireRoom(freeBytes: number, folderShown: string): void {
  if (freeBytes >= LEAST_FREE_BYTES) return;
  throw fail(
    "ENOSPC",
    `Only ${formatBytes(freeBytes)} are free in ${folderShown}, and a recording begins with ${formatBytes(LEAST_FREE_BYTES)} at least: it always leaves ${formatBytes(FREE_FLOOR_BYTES)}. Free some space, or choose another folder.`,
    { errno: 28 },
  );
}

/** As it would be recorded; null: as fast as blocks come free, or no rate is known. */
function bytesPerSecond(stream: LiveStream): number | null {
  const { rateSetHz, geometry, settings } = stream.info();
  if (rateSetHz === null || !geometry || settings.rateMax) return null;
  const run = stream.isRunning() ? stream.currentRun() : null;
  if (!run) return rateSetHz * geometry.scanBytes;
  return rateSetHz * recordedScanBytes(run);
}
