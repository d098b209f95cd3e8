/** What stream settings mean on a device, by what is known of it. Writes nothing. */
import type { AttributeAddress, DeviceInfo, DeviceTriggerInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import { computeLayout } from "../../../shared/layout.js";
import type { LayoutInput } from "../../../shared/layout.js";
import { splitPairId } from "../../../shared/pairs.js";
import type { StreamSettings } from "../../../shared/stream.js";
import type { SourcePlan } from "../context.js";
import { chooseCandidates } from "./candidates.js";
import type { LocalDevice } from "./device.js";
import { NOT_ASKED } from "./probe.js";
import type { LocalHeap } from "./probe.js";
import { findRate } from "./rates.js";
import { findTrigger, triggerFault } from "./triggers.js";
import type { LocalTrigger } from "./triggers.js";

/** Everything a plan rests on, gathered by the context. */
export interface PlanInput {
  device: LocalDevice;
  /** The same device as the explorer has it. */
  info: DeviceInfo;
  linked: readonly DeviceInfo[];
  heaps: readonly LocalHeap[];
  triggers: readonly LocalTrigger[];
  /** `size_limit_mb` of udmabuf, bytes; null if it does not tell. */
  udmabufLimitBytes: number | null;
}

export function makePlan(input: PlanInput, buffer: number, settings: StreamSettings): SourcePlan {
  const { device, info } = input;
  device.requirePresent();
  const bufferInfo = requireInput(info, buffer);
  const inputs = wantedElements(info, buffer, settings.channels);
  const trigger = wantedTrigger(input, settings);
  const answers = device.answers.get(buffer) ?? NOT_ASKED;
  const candidates = chooseCandidates(settings, answers, input.heaps);
  const channels = inputs.map((element) => element.channel);
  const { rateHz, ...rate } = planRate(
    input,
    buffer,
    channels,
    bufferInfo.needsTrigger ? trigger : null,
  );
  const missing: string[] = [];
  if (bufferInfo.needsTrigger) {
    const fault = triggerFault(trigger, info.triggers);
    if (fault) missing.push(fault.message);
  }
  if (rateHz === 0 && missing.length === 0)
    missing.push("The sampling rate is 0. Set sampling_frequency first.");
  return {
    layout: computeLayout(inputs),
    rateHz: rateHz === 0 ? null : rateHz,
    ...rate,
    lengthAlignBytes: bufferInfo.lengthAlignBytes,
    largestBlockBytes: candidates[0]?.heap === "udmabuf" ? input.udmabufLimitBytes : null,
    candidates,
    missing,
  };
}

export function requireInput(info: DeviceInfo, buffer: number) {
  const found = info.buffers.find((candidate) => candidate.index === buffer);
  if (!found) throw fail("NOT_FOUND", `${info.name} has no buffer ${buffer}.`);
  if (found.direction === "out") {
    throw fail(
      "BAD_REQUEST",
      `Buffer ${buffer} of ${info.name} is an output. Choose a buffer that delivers samples.`,
    );
  }
  return found;
}

/** Elements of the channels named; a pair stands for both of its channels. */
export function wantedElements(
  info: DeviceInfo,
  buffer: number,
  channels: readonly string[],
): LayoutInput[] {
  const inputs = new Map<string, LayoutInput>();
  for (const name of channels) {
    const pair = info.channels.some((channel) => channel.id === name) ? null : splitPairId(name);
    for (const id of pair ? [pair.i, pair.q] : [name]) {
      const channel = info.channels.find((candidate) => candidate.id === id);
      const element = channel?.scan.find((candidate) => candidate.buffer === buffer);
      if (!element) throw noElement(info, buffer, id);
      inputs.set(id, { channel: id, index: element.index, format: element.format });
    }
  }
  if (inputs.size === 0) {
    throw fail("BAD_REQUEST", "No channel is enabled. Enable at least one.", { field: "channels" });
  }
  return [...inputs.values()];
}

function noElement(info: DeviceInfo, buffer: number, id: string) {
  const names = info.channels
    .filter((channel) => channel.scan.some((element) => element.buffer === buffer))
    .map((channel) => channel.id);
  return fail(
    "NOT_FOUND",
    `${info.name} has no channel ${id} in buffer ${buffer}. There are: ${names.join(", ") || "none"}.`,
    { field: "channels" },
  );
}

/** The trigger the settings name, with the rate they set; else the one the device has now. */
export function wantedTrigger(
  input: Pick<PlanInput, "triggers" | "device">,
  settings: Pick<StreamSettings, "deviceTrigger">,
): DeviceTriggerInfo | null {
  const wanted = settings.deviceTrigger;
  if (wanted) {
    const { info } = findTrigger(input.triggers, wanted.name);
    return { ...info, rateHz: wanted.rateHz ?? info.rateHz };
  }
  const current = input.device.currentTrigger;
  if (!current) return null;
  return (
    input.triggers.find((trigger) => trigger.info.name === current)?.info ?? {
      name: current,
      rateHz: null,
      kind: "device",
    }
  );
}

/** Scans come at the rate of a timer that clocks them; else at the rate set at buffer, channel, device or beyond. */
export function planRate(
  input: Pick<PlanInput, "info" | "linked">,
  buffer: number,
  channels: readonly string[],
  trigger: DeviceTriggerInfo | null,
): Pick<SourcePlan, "rateHz" | "rate" | "rateSource"> {
  const { info, linked } = input;
  const bufferInfo = info.buffers.find((candidate) => candidate.index === buffer)!;
  const chosen = trigger ? { ...info, currentTrigger: trigger.name } : info;
  const found = findRate(chosen, bufferInfo, linked, channels);
  const rate = found?.address ?? null;
  const timer = trigger?.rateHz ?? null;
  const clocks = trigger?.kind === "hrtimer" || rate?.scope.kind === "trigger";
  if (timer === null || (!clocks && (found?.rateHz ?? null) !== null)) {
    return { rateHz: found?.rateHz ?? null, rate, rateSource: rate };
  }
  return { rateHz: timer, rate, rateSource: triggerRate(info, trigger!.name) };
}

function triggerRate(info: DeviceInfo, trigger: string): AttributeAddress | null {
  const found = info.attributes.find(
    ({ scope, name }) =>
      scope.kind === "trigger" && scope.trigger === trigger && name === "sampling_frequency",
  );
  return found ? { device: info.id, scope: found.scope, name: found.name } : null;
}
