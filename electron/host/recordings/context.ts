/** The Recordings context: opened recordings as devices. */
import type {
  AttributeInfo,
  AttributeValue,
  ContextInfo,
  DeviceInfo,
} from "../../../shared/device.js";
import { sameScope } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import type {
  Context,
  ContextChange,
  DeviceFacts,
  PreparedSource,
  SourcePlan,
} from "../context.js";
import { Emitter, type Disposable } from "../disposable.js";

export class RecordingsContext implements Context {
  private readonly changed = new Emitter<ContextChange>();
  private readonly open = new Map<string, DeviceInfo>();
  info: ContextInfo;

  constructor(folder: string) {
    this.info = describe(folder);
  }

  setFolder(folder: string): void {
    if (folder === this.info.detail) return;
    this.info = describe(folder);
    this.changed.fire({ kind: "context" });
  }

  /** Free space where recordings go; told when it changed by a thousandth, which is seen. */
  setFreeBytes(freeBytes: number): void {
    const before = this.info.freeBytes;
    if (before !== undefined && Math.abs(freeBytes - before) < before / 1000) return;
    this.info = { ...this.info, freeBytes };
    this.changed.fire({ kind: "context" });
  }

  add(device: DeviceInfo): void {
    this.open.set(device.id, device);
    this.changed.fire({ kind: "device", device });
  }

  remove(id: string): void {
    if (this.open.delete(id)) this.changed.fire({ kind: "removed", id });
  }

  devices(): DeviceInfo[] {
    return [...this.open.values()];
  }

  onChange(listener: (change: ContextChange) => void): Disposable {
    return this.changed.on(listener);
  }

  async readAttribute(address: Parameters<Context["readAttribute"]>[0]): Promise<AttributeValue> {
    const found = this.open
      .get(address.device)
      ?.attributes.find((one) => one.name === address.name && sameScope(one.scope, address.scope));
    if (!found) throw fail("NOT_FOUND", `The recording holds no attribute ${address.name}.`);
    return found.value;
  }

  async readAttributes(id: string): Promise<AttributeInfo[]> {
    return this.open.get(id)?.attributes ?? [];
  }

  async writeAttribute(): Promise<AttributeValue> {
    throw fail("EACCES", "A recording is as it was recorded; nothing can be set in it.", {
      errno: 13,
      field: "value",
    });
  }

  async facts(): Promise<DeviceFacts> {
    return { hardware: "", driver: "", kernel: "", uri: "rec:", timestampClock: "" };
  }

  async plan(): Promise<SourcePlan> {
    throw notRun();
  }

  async prepare(): Promise<PreparedSource> {
    throw notRun();
  }

  async close(): Promise<void> {
    this.open.clear();
    this.changed.dispose();
  }
}

function describe(folder: string): ContextInfo {
  return {
    id: "rec",
    kind: "recordings",
    label: "Recordings",
    detail: folder,
    state: { kind: "ready" },
  };
}

function notRun(): Error {
  return fail("BAD_REQUEST", "This is a recording: it can be looked at, not run.");
}
