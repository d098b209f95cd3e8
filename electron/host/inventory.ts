/** All devices of all contexts, with the user's notes over them. Tells what changes. */
import { join } from "node:path";
import * as v from "valibot";
import {
  sameScope,
  type AttributeAddress,
  type AttributeValue,
  type ContextInfo,
  type DeviceInfo,
  type Inventory as InventoryInfo,
} from "../../shared/device.js";
import { fail } from "../../shared/errors.js";
import type { Context } from "./context.js";
import { Emitter, type Disposable } from "./disposable.js";
import { JsonFile, type JsonFileFault } from "./json-file.js";
import { noteKey } from "./identity.js";
import { notePair, overlayDevice, type AllNotes } from "./overlay.js";

const text = v.pipe(v.string(), v.maxLength(512));
const storedNotes = v.record(
  text,
  v.object({
    label: v.optional(text),
    channels: v.optional(v.record(text, text)),
    pairs: v.optional(v.array(v.object({ i: text, q: text }))),
    parted: v.optional(v.array(text)),
    links: v.optional(v.record(text, v.boolean())),
  }),
);

export type InventoryChange =
  | { kind: "device"; device: DeviceInfo }
  | { kind: "removed"; id: string }
  | { kind: "context"; context: ContextInfo }
  | { kind: "attribute"; address: AttributeAddress; value: AttributeValue };

export class Inventory {
  readonly changed: Emitter<InventoryChange>;
  /** With what listens to each. */
  private readonly contexts = new Map<Context, Disposable>();
  private readonly file: JsonFile<AllNotes>;
  private notes: AllNotes = {};
  private known: Map<string, DeviceInfo> | null = null;

  constructor(
    configDir: string,
    onFault: (fault: JsonFileFault) => void,
    onListenerFault: (error: unknown) => void,
  ) {
    this.changed = new Emitter<InventoryChange>(onListenerFault);
    this.file = new JsonFile(
      join(configDir, "devices.json"),
      (value) => v.parse(storedNotes, value) as AllNotes,
      onFault,
    );
  }

  async load(): Promise<void> {
    this.notes = (await this.file.read()) ?? {};
  }

  add(context: Context): void {
    this.known = null;
    this.contexts.set(
      context,
      context.onChange((change) => {
        this.known = null;
        if (change.kind === "context") {
          this.changed.fire({ kind: "context", context: context.info });
        } else if (change.kind === "device") {
          this.tellDevice(change.device);
          this.tellThoseWithRateAt((rate) => rate.device === change.device.id, change.device.id);
        } else {
          this.changed.fire(change);
          if (change.kind === "attribute" && change.address.name === "sampling_frequency") {
            this.tellThoseWithRateAt(sameAddress(change.address));
          }
        }
      }),
    );
    for (const device of context.devices()) this.tellDevice(device);
  }

  /** Its devices are told as removed; it is for its owner to close, once their streams have ended. */
  remove(context: Context): void {
    const listening = this.contexts.get(context);
    if (!listening) return;
    const devices = context.devices();
    listening.dispose();
    this.contexts.delete(context);
    this.known = null;
    for (const { id } of devices) this.changed.fire({ kind: "removed", id });
  }

  list(): InventoryInfo {
    const all = this.raw();
    return {
      contexts: this.all().map((context) => context.info),
      devices: all.map((device) => overlayDevice(device, all, this.notes)),
    };
  }

  /** As of the last change told: cheap enough for every frame. */
  find(id: string): DeviceInfo | undefined {
    this.known ??= new Map(this.list().devices.map((device) => [device.id, device]));
    return this.known.get(id);
  }

  /** As it is now. Throws NOT_FOUND. */
  device(id: string): DeviceInfo {
    const all = this.raw();
    const found = all.find((candidate) => candidate.id === id);
    const device = found && overlayDevice(found, all, this.notes);
    if (!device) {
      throw fail("NOT_FOUND", `There is no device ${id}. Plug it in, or choose another.`, {
        field: "device",
      });
    }
    return device;
  }

  contextOf(id: string): Context {
    const context = this.all().find((one) => one.devices().some((device) => device.id === id));
    if (!context) this.device(id);
    return context as Context;
  }

  async setLabel(id: string, channel: string | null, label: string): Promise<DeviceInfo> {
    const device = this.device(id);
    if (channel !== null && !device.channels.some((one) => one.id === channel)) {
      throw fail("NOT_FOUND", `There is no channel ${channel}. Choose one of this device.`, {
        field: "channel",
      });
    }
    const trimmed = label.trim();
    return this.note(id, (notes) => {
      if (channel === null) return { ...notes, label: trimmed };
      const channels = { ...notes.channels };
      if (trimmed) channels[channel] = trimmed;
      else delete channels[channel];
      return { ...notes, channels };
    });
  }

  async setPair(
    id: string,
    i: string,
    q: string,
    action: "join" | "part" | "swap",
  ): Promise<DeviceInfo> {
    const device = this.device(id);
    return this.note(id, (notes) => notePair(device, notes, i, q, action));
  }

  /** Both ends know of it. */
  async setLink(id: string, to: string, linked: boolean): Promise<DeviceInfo> {
    this.device(id);
    this.device(to);
    if (id === to) {
      throw fail("BAD_REQUEST", "A device can't be linked to itself. Choose another.", {
        field: "to",
      });
    }
    const identity = (one: string): string => this.identity(this.rawDevice(one));
    await this.note(to, (notes) => ({
      ...notes,
      links: { ...notes.links, [identity(id)]: linked },
    }));
    return this.note(id, (notes) => ({
      ...notes,
      links: { ...notes.links, [identity(to)]: linked },
    }));
  }

  async close(): Promise<void> {
    for (const listening of this.contexts.values()) listening.dispose();
    await Promise.all(this.all().map((context) => context.close()));
    this.changed.dispose();
  }

  private all(): Context[] {
    return [...this.contexts.keys()];
  }

  private raw(): DeviceInfo[] {
    return this.all().flatMap((context) => context.devices());
  }

  private rawDevice(id: string): DeviceInfo {
    return this.raw().find((device) => device.id === id) ?? this.device(id);
  }

  private identity(device: DeviceInfo): string {
    return noteKey(device, this.raw(), this.notes);
  }

  private async note(
    id: string,
    change: (notes: AllNotes[string]) => AllNotes[string],
  ): Promise<DeviceInfo> {
    const device = this.rawDevice(id);
    const identity = this.identity(device);
    this.notes = { ...this.notes, [identity]: change(this.notes[identity] ?? {}) };
    this.known = null;
    this.tellDevice(device);
    await this.file.write(this.notes);
    return this.device(id);
  }

  /** A receiver's rate is an attribute of another device: its buffer changes with it. */
  private tellThoseWithRateAt(
    matches: (rate: AttributeAddress) => boolean,
    exceptDevice?: string,
  ): void {
    for (const { id, buffers } of this.list().devices) {
      const rates = buffers.flatMap((buffer) => buffer.rate ?? []);
      const foreign = rates.filter((rate) => rate.device !== id);
      if (id !== exceptDevice && foreign.some(matches)) this.tellDevice(this.rawDevice(id));
    }
  }

  private tellDevice(device: DeviceInfo): void {
    this.changed.fire({
      kind: "device",
      device: overlayDevice(device, this.raw(), this.notes),
    });
  }
}

export function sameAddress(a: AttributeAddress): (b: AttributeAddress) => boolean {
  return (b) => a.device === b.device && a.name === b.name && sameScope(a.scope, b.scope);
}
