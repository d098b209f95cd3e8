/** What a stream's settings mean at the moment, kept up to date and shown in its info. */
import type { DeviceInfo } from "../../../shared/device.js";
import { toStudioError, type StudioError } from "../../../shared/errors.js";
import type { StreamInfo, StreamSettings } from "../../../shared/stream.js";
import { rateElsewhere, resolvePlan, transportInfo, type Resolved } from "./resolve.js";
import type { RunServices } from "./run.js";

export interface Planned {
  resolved: Resolved | null;
  error: StudioError | null;
}

export const NOT_PLANNED: Planned = { resolved: null, error: null };

/** `ownPoolBytes`: memory that a restart would give back first. */
export async function planSettings(
  services: RunServices,
  device: DeviceInfo,
  buffer: number,
  settings: StreamSettings,
  ownPoolBytes: number,
): Promise<Planned> {
  try {
    const plan = await services.context(device.id).plan(device.id, buffer, settings);
    const machine = services.machine();
    const resolved = resolvePlan(
      plan,
      settings,
      { ...machine, availableBytes: machine.availableBytes + ownPoolBytes },
      { elsewhere: rateElsewhere(device, buffer) },
    );
    return { resolved, error: null };
  } catch (thrown) {
    return { resolved: null, error: toStudioError(thrown) };
  }
}

/** Of a device that went, what its settings meant stays readable as the last state. */
export function keepLast(planned: Planned, before: Planned): Planned {
  if (planned.resolved || planned.error?.code !== "ENODEV") return planned;
  return { resolved: before.resolved, error: planned.error };
}

/** The part of a stream's info that follows from what was planned. */
export function plannedInfo({
  resolved,
  error,
}: Planned): Pick<StreamInfo, "geometry" | "geometryError" | "rateSetHz" | "rate" | "transport"> {
  return {
    geometry: resolved?.geometry ?? null,
    geometryError: error,
    rateSetHz: resolved?.rateHz ?? null,
    rate: resolved?.rate ?? null,
    transport: resolved && transportInfo(resolved.candidate),
  };
}
