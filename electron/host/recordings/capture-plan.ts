/** Trigger to record: what was asked, in scans of the stream it is asked of. */
import type { NativeRecordingOptions } from "../../../native/addon.js";
import type { CaptureTrigger } from "../../../shared/capture.js";
import type { DeviceInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import type { RequestParams } from "../../../shared/messages.js";
import { paceHz } from "../../../shared/sigmf/seconds.js";
import type { ScopeTrigger } from "../../../shared/stream.js";
import type { Run } from "../streams/run.js";

type Request = RequestParams<"recording.start">;

export interface CapturePlan {
  /** For the recorder: its `limit` is 0 where there is none. */
  native: NonNullable<NativeRecordingOptions["captures"]>;
  /** null: until it is stopped. */
  limit: number | null;
  /** Of the stream: triggers from there on are none of it. null: no such end. */
  toScan: number | null;
  trigger: CaptureTrigger;
}

/** Throws BAD_REQUEST with the field for what does not go together. Does nothing without captures. */
export function checkCaptures(request: Request): void {
  const { captures, scans, preSeconds = 0, ring, split } = request;
  if (!captures) return;
  if (scans !== undefined) {
    throw refused("scans", "Captures are counted, not samples. Give a number of captures instead.");
  }
  if (preSeconds > 0) {
    throw refused("preSeconds", "Each capture has its own time before its trigger. Set that.");
  }
  if (ring) {
    throw refused(
      "ring",
      "A ring keeps the last of what is recorded whole. Record captures without.",
    );
  }
  if (captures.each && split) {
    throw refused("split", "Each capture is to be a recording of its own already. Leave one out.");
  }
}

/** Throws if there is no scope trigger, or no rate that makes scans of seconds. */
export function planCaptures(
  { captures, seconds }: Request,
  trigger: ScopeTrigger | null,
  run: Run,
  device: DeviceInfo,
): CapturePlan | null {
  if (!captures) return null;
  const around = requireTrigger(trigger);
  const { rateHz, plan } = run.resolved;
  const set = paceHz(rateHz, plan.waitsForBlocks);
  const { rateHz: measured, historyToScan } = run.counters();
  const rate = set ?? measured;
  if (!(rate > 0)) {
    throw fail(
      "NO_RATE",
      "How much comes in a second is not known yet. Run the stream for a second, then record.",
      { field: "captures" },
    );
  }
  const { physical, ...rest } = around;
  return {
    native: {
      preScans: captures.beforeSeconds * rate,
      postScans: captures.afterSeconds * rate,
      limit: captures.count ?? 0,
    },
    limit: captures.count ?? null,
    toScan: seconds !== undefined && set ? historyToScan + Math.ceil(seconds * set) : null,
    trigger: { ...rest, unit: unitOf(device, around.trace, physical) },
  };
}

/** Throws BAD_REQUEST if there is none. */
export function requireTrigger(trigger: ScopeTrigger | null): ScopeTrigger {
  if (trigger) return trigger;
  throw refused("captures", "There is no scope trigger to record around. Set one first.");
}

function unitOf(device: DeviceInfo, trace: ScopeTrigger["trace"], physical: boolean): string {
  if (trace.part === "phase") return "rad";
  const pair = device.pairs.find(({ id }) => id === trace.channel);
  const channel = device.channels.find(({ id }) => id === (pair?.i ?? trace.channel));
  return physical && channel?.scaled ? channel.unit : "";
}

function refused(field: string, message: string): Error {
  return fail("BAD_REQUEST", message, { field });
}
