/**
 * Faults on demand, as switches of a simulated device. One at a time. A transfer error happens once, so its switch goes
 * back by itself; `fault_vanish` is the plug: off brings the device back.
 */
import type { SourceFault } from "../context.js";
import { onDevice, switchAttribute, type SimSwitch } from "./attribute.js";

const KINDS = ["stall", "lost-blocks", "transfer-error", "vanish"] as const;

export interface SimFaults {
  attributes: SimSwitch[];
  /** What is on now. */
  active(): SourceFault;
  /** Sets the switches, as writing them would. */
  set(fault: SourceFault): void;
}

/** `onChange` is told when a switch was written. */
export function createFaults(onChange: (fault: SourceFault) => void): SimFaults {
  const switches = new Map<SourceFault, SimSwitch>();
  const set = (fault: SourceFault): void => {
    for (const [kind, attribute] of switches) attribute.set(kind === fault);
  };
  const active = (): SourceFault =>
    [...switches].find(([, attribute]) => attribute.get())?.[0] ?? "none";
  for (const kind of KINDS) {
    const name = `fault_${kind.replaceAll("-", "_")}`;
    const attribute = switchAttribute(
      { scope: onDevice, name },
      {
        outlives: kind === "vanish",
        onChange: (on) => {
          if (on) set(kind);
          onChange(active());
          if (kind === "transfer-error") attribute.set(false);
        },
      },
    );
    switches.set(kind, attribute);
  }
  return { attributes: [...switches.values()], active, set };
}
