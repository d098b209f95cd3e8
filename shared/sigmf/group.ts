/**
 * The collection of a group: recordings that were made together, each whole by itself, and how they lie in time to one
 * another. The `iio:group` object is described in docs/iio.sigmf-ext.md.
 */
import type { GroupMember } from "../group.js";
import { isObject, number, objects, text } from "./fields.js";
import { formatDatetime, toRealtimeNs } from "./time.js";
import {
  IIO_EXTENSION_VERSION,
  SIGMF_VERSION,
  type RecordingFacts,
  type SigmfCollection,
  type SigmfObject,
} from "./types.js";

/** Of a collection: its recordings were made together. */
export const GROUP = "iio:group";

export interface GroupFacts {
  /** While it records the timing is not known yet. */
  state: "recording" | "complete" | "recovered";
  note: string;
  sharedClock: boolean;
  /** Read together at the start. */
  clocks: RecordingFacts["clocks"];
  members: GroupMember[];
}

/** `streams`: every SigMF Recording of every member, in order, with the SHA-512 of its metadata. */
export function buildGroupCollection(
  facts: GroupFacts,
  streams: readonly { name: string; hash: string }[],
): SigmfCollection {
  return {
    collection: {
      "core:version": SIGMF_VERSION,
      ...(facts.note === "" ? {} : { "core:description": facts.note }),
      "core:extensions": [{ name: "iio", version: IIO_EXTENSION_VERSION, optional: true }],
      [GROUP]: {
        state: facts.state,
        time_base: "CLOCK_MONOTONIC of the computer that recorded",
        clocks: { monotonic_ns: facts.clocks.monotonicNs, realtime_ns: facts.clocks.realtimeNs },
        shared_clock: facts.sharedClock,
        members: facts.members.map((member) => memberFields(member, facts)),
      },
      "core:streams": streams,
    },
  };
}

function memberFields(member: GroupMember, { clocks, sharedClock }: GroupFacts): SigmfObject {
  const { firstSampleNs } = member;
  return {
    name: member.name,
    device: member.device,
    buffer: member.buffer,
    first_sample_ns: firstSampleNs === "" ? null : firstSampleNs,
    ...(firstSampleNs === ""
      ? {}
      : { datetime: formatDatetime(toRealtimeNs(clocks, BigInt(firstSampleNs))) }),
    start_skew: member.startSkewSeconds,
    start_skew_uncertainty: member.startSkewUncertaintySeconds,
    sample_rate: member.rateHz,
    sample_rate_measured: member.rateMeasuredHz,
    drift_ppm: member.driftPpm,
    drift_uncertainty_ppm: member.driftUncertaintyPpm,
    ...(sharedClock ? { offset_samples: member.offsetSamples } : {}),
  };
}

/** null: it is no collection of a group. */
export function readGroup(json: unknown): GroupFacts | null {
  const collection = isObject(json) ? json["collection"] : null;
  const group = isObject(collection) ? collection[GROUP] : null;
  if (!isObject(collection) || !isObject(group)) return null;
  const clocks = isObject(group["clocks"]) ? group["clocks"] : {};
  const state = text(group["state"]);
  return {
    state: state === "complete" || state === "recovered" ? state : "recording",
    note: text(collection["core:description"]),
    sharedClock: group["shared_clock"] === true,
    clocks: {
      monotonicNs: digits(clocks["monotonic_ns"]),
      realtimeNs: digits(clocks["realtime_ns"]),
    },
    members: objects(group["members"]).map(readMember),
  };
}

function readMember(member: SigmfObject): GroupMember {
  const first = text(member["first_sample_ns"]);
  return {
    name: text(member["name"]),
    device: text(member["device"]),
    buffer: number(member["buffer"]) ?? 0,
    firstSampleNs: /^\d+$/.test(first) ? first : "",
    rateHz: number(member["sample_rate"]),
    rateMeasuredHz: number(member["sample_rate_measured"]),
    startSkewSeconds: number(member["start_skew"]),
    startSkewUncertaintySeconds: number(member["start_skew_uncertainty"]),
    driftPpm: number(member["drift_ppm"]),
    driftUncertaintyPpm: number(member["drift_uncertainty_ppm"]),
    offsetSamples: number(member["offset_samples"]),
  };
}

function digits(value: unknown): string {
  return /^\d+$/.test(text(value)) ? text(value) : "0";
}
