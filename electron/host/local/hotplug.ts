/**
 * Devices that come and go, from the kernel's own events. A burst is gathered and handed over once; nothing is polled.
 * When the kernel dropped events, everything is to be looked at again.
 */
import type { Addon } from "../../../native/addon.js";
import { toStudioError } from "../../../shared/errors.js";
import type { StudioError } from "../../../shared/errors.js";

export interface HotplugChange {
  /** Look at everything again. */
  all: boolean;
  /** `iio:deviceN` → whether a device of that name went (another may have taken its place). */
  devices: Map<string, { went: boolean }>;
  triggers: boolean;
  /** Memory: a heap or udmabuf. */
  heaps: boolean;
}

/** Long enough for a device to come with its trigger, short enough to feel immediate. */
const GATHER_MS = 100;
/** A hub that never rests must not hold back what is known. */
const LONGEST_MS = 1_000;

export class Hotplug {
  private pending = nothing();
  private timer: NodeJS.Timeout | null = null;
  private firstMs = 0;
  private end: (() => void) | null = null;

  constructor(private readonly onChange: (change: HotplugChange) => void) {}

  /** Why devices can't be followed, or null if they are. */
  start(addon: Addon): StudioError | null {
    try {
      this.end = addon.watchUevents((fields) => this.receive(fields));
      return null;
    } catch (error) {
      return toStudioError(error);
    }
  }

  stop(): void {
    this.end?.();
    this.end = null;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private receive(fields: readonly string[]): void {
    if (!gather(this.pending, fields)) return;
    const now = Date.now();
    if (!this.timer) this.firstMs = now;
    else clearTimeout(this.timer);
    const wait = Math.max(0, Math.min(GATHER_MS, this.firstMs + LONGEST_MS - now));
    this.timer = setTimeout(() => this.flush(), wait);
  }

  private flush(): void {
    this.timer = null;
    const change = this.pending;
    this.pending = nothing();
    this.onChange(change);
  }
}

function nothing(): HotplugChange {
  return { all: false, devices: new Map(), triggers: false, heaps: false };
}

/** Adds one event; false if it is of no concern. */
function gather(change: HotplugChange, fields: readonly string[]): boolean {
  if (fields[0] === "overflow") {
    change.all = true;
    return true;
  }
  const value = (key: string) =>
    fields.find((field) => field.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
  const action = value("ACTION");
  if (action !== "add" && action !== "remove") return false;
  const name = value("DEVPATH").split("/").at(-1) ?? "";
  const subsystem = value("SUBSYSTEM");
  if (subsystem === "dma_heap" || (subsystem === "misc" && name === "udmabuf")) {
    change.heaps = true;
    return true;
  }
  if (subsystem !== "iio") return false;
  if (/^trigger\d+$/.test(name)) change.triggers = true;
  else if (/^iio:device\d+$/.test(name)) {
    const known = change.devices.get(name);
    change.devices.set(name, { went: known?.went === true || action === "remove" });
  } else return false;
  return true;
}
