/**
 * The Local context: IIO devices of this computer, found in sysfs and followed through the kernel's events. Looking
 * writes nothing; every file goes through a control thread, one per device, so that a stuck driver holds up only itself.
 */
import type { Addon } from "../../../native/addon.js";
import { attributeText } from "../../../shared/attributes.js";
import type {
  AttributeAddress,
  AttributeInfo,
  AttributeValue,
  ContextInfo,
  DeviceId,
  DeviceInfo,
} from "../../../shared/device.js";
import { StudioFailure } from "../../../shared/errors.js";
import type { StreamSettings } from "../../../shared/stream.js";
import type {
  Context,
  ContextChange,
  DeviceFacts,
  PreparedSource,
  SourcePlan,
} from "../context.js";
import { Emitter } from "../disposable.js";
import type { Disposable } from "../disposable.js";
import { LocalBus } from "./bus.js";
import type { LocalAttribute } from "./describe.js";
import type { LocalDevice } from "./device.js";
import { errnoName } from "./errno.js";
import { kernelShort, readFacts } from "./facts.js";
import { LocalPaths } from "./paths.js";
import type { Roots } from "./paths.js";
import { mendAfterRefusal } from "./left-enabled.js";
import { makePlan } from "./plan.js";
import type { PlanInput } from "./plan.js";
import { prepareSource } from "./prepare.js";
import { UdmabufProofs } from "./proofs.js";
import { writeRefused } from "./sentences.js";
import type { BusyCause } from "./sentences.js";

/** What was not found by then comes as changes: a window is not held up by a slow device. */
const FIRST_LOOK_MS = 3_000;

export class LocalContext implements Context {
  readonly info: ContextInfo = {
    id: "local",
    kind: "local",
    label: "This computer",
    detail: kernelShort(),
    state: { kind: "ready" },
  };
  private readonly changed = new Emitter<ContextChange>();
  private readonly bus: LocalBus;
  private readonly paths: LocalPaths;

  constructor(
    private readonly addon: Addon,
    roots: Roots,
    private readonly firstLookMs = FIRST_LOOK_MS,
    private readonly proofs = new UdmabufProofs(undefined),
  ) {
    this.paths = new LocalPaths(roots);
    this.bus = new LocalBus(addon, this.paths, proofs, {
      changed: (id) => this.tellDevice(id),
      removed: (id) => this.changed.fire({ kind: "removed", id }),
      state: (state, followed) => {
        this.info.state = state;
        this.info.detail = followed ? kernelShort() : `${kernelShort()}, plugging in is not seen`;
        this.changed.fire({ kind: "context" });
      },
    });
  }

  /** Resolves after the first look, or after its time if some device is slow. */
  async start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.firstLookMs);
    });
    await Promise.race([this.bus.start(), late]);
    clearTimeout(timer);
  }

  devices(): DeviceInfo[] {
    return this.bus.infos();
  }

  onChange(listener: (change: ContextChange) => void): Disposable {
    return this.changed.on(listener);
  }

  async readAttribute(address: AttributeAddress): Promise<AttributeValue> {
    const device = this.bus.device(address.device);
    const attribute = device.find(address);
    if (device.goneAtMs !== null) return attribute.info.value;
    const before = rawOf(attribute.info.value);
    const value = await device.read(attribute, quickCause(device));
    if (rawOf(value) !== before) this.tellAttribute(device, attribute, value);
    return value;
  }

  async readAttributes(id: DeviceId, deadlineMs: number): Promise<AttributeInfo[]> {
    const device = this.bus.device(id);
    device.requirePresent();
    return device.readAll(deadlineMs, quickCause(device));
  }

  async writeAttribute(address: AttributeAddress, typed: string): Promise<AttributeValue> {
    const device = this.bus.device(address.device);
    const attribute = device.find(address);
    device.requirePresent();
    const text = attributeText(attribute.info, typed);
    // Writing nothing does not reach the driver; a newline clears a text.
    const write = (): Promise<void> =>
      device.sysfs.write(attribute.path, text === "" ? "\n" : text);
    try {
      await write().catch(async (error: unknown) => {
        if (!(await mendAfterRefusal(this.addon, device, error))) throw error;
        await write();
      });
    } catch (error) {
      const readable = attribute.info.access !== "write";
      const kept = readable ? await device.sysfs.tryRead(attribute.path) : null;
      const busy = await this.busyCause(device);
      throw new StudioFailure(writeRefused(error, attribute.info, text, kept, busy));
    }
    const value = await device.read(attribute, quickCause(device));
    if (value.state === "ok") this.bus.noteTriggerRate(attribute.path, value.raw);
    this.tellAttribute(device, attribute, value);
    await this.refreshDerived(device);
    return value;
  }

  /** A write may change scale, offset or rate of this device and of those that lean on it. */
  private async refreshDerived(device: LocalDevice): Promise<void> {
    await this.readDerived(device);
    this.tellDevice(device.id);
    for (const other of this.bus.leaningOn(device.id)) this.tellDevice(other);
  }

  /** Answers whether anything was not as it was known. */
  private async readDerived(device: LocalDevice): Promise<boolean> {
    const busy = quickCause(device);
    let changed = false;
    for (const attribute of device.derived()) {
      const before = rawOf(attribute.info.value);
      const value = await device.read(attribute, busy);
      if (rawOf(value) === before) continue;
      changed = true;
      this.tellAttribute(device, attribute, value);
    }
    return changed;
  }

  /** Another program may have written scale, offset or rate since they were read: a stream runs by what holds now. */
  private async readAgain(id: DeviceId): Promise<void> {
    const { links } = this.bus.infos().find((info) => info.id === id)!;
    for (const each of [id, ...links.map((link) => link.device)]) {
      const device = this.bus.device(each);
      // A driver may refuse to be asked while its buffer runs.
      if (device.goneAtMs !== null || device.inUse.size > 0) continue;
      if (await this.readDerived(device)) this.tellDevice(each);
    }
  }

  /** Why it is busy. Asking who holds it opens the device: only after a refusal. */
  private async busyCause(device: LocalDevice): Promise<BusyCause> {
    const buffer = device.buffers[0];
    if (device.inUse.size > 0) return { by: "own stream" };
    if (!buffer) return { by: "driver" };
    try {
      const { getFd, holder } = await this.addon.probeBuffer(device.node, buffer.index, null);
      return errnoName(getFd) === "EBUSY" ? { by: "program", holder } : { by: "driver" };
    } catch {
      return { by: "unknown" };
    }
  }

  async facts(id: DeviceId): Promise<DeviceFacts> {
    return readFacts(this.bus.device(id), this.paths);
  }

  async plan(id: DeviceId, buffer: number, settings: StreamSettings): Promise<SourcePlan> {
    return makePlan(this.planInput(id), buffer, settings);
  }

  async prepare(id: DeviceId, buffer: number, settings: StreamSettings): Promise<PreparedSource> {
    const device = this.bus.device(id);
    await this.bus.askAgain(device, buffer);
    await this.readAgain(id);
    return prepareSource(
      {
        ...this.planInput(id),
        addon: this.addon,
        changed: () => this.tellDevice(id),
        released: (vanished) => this.bus.released(device, vanished),
        overwritten: (count) => {
          if (this.proofs.learn(device.name, count)) this.tellDevice(id);
        },
      },
      buffer,
      settings,
    );
  }

  private planInput(id: DeviceId): PlanInput {
    const device = this.bus.device(id);
    const infos = this.bus.infos();
    const info = infos.find((candidate) => candidate.id === id)!;
    const linked = info.links.flatMap((link) => {
      const other = infos.find((candidate) => candidate.id === link.device);
      return other ? [other] : [];
    });
    return {
      device,
      info,
      linked,
      heaps: this.bus.heapsOf(device),
      triggers: this.bus.triggers,
      udmabufLimitBytes: this.bus.udmabufLimitBytes,
    };
  }

  private tellDevice(id: DeviceId): void {
    const device = this.bus.infos().find((candidate) => candidate.id === id);
    if (device) this.changed.fire({ kind: "device", device });
  }

  /** To all who show the same file, under their own names. */
  private tellAttribute(device: LocalDevice, attribute: LocalAttribute, value: AttributeValue) {
    for (const { info } of device.sharing(attribute.path)) {
      const address = { device: device.id, scope: info.scope, name: info.name };
      this.changed.fire({ kind: "attribute", address, value });
    }
  }

  async close(): Promise<void> {
    this.bus.close();
    this.changed.dispose();
  }
}

function quickCause(device: LocalDevice): BusyCause {
  if (device.inUse.size > 0) return { by: "own stream" };
  return device.buffers.length === 0 ? { by: "driver" } : { by: "unknown" };
}

function rawOf(value: AttributeValue): string | undefined {
  return value.state === "ok" ? value.raw : undefined;
}
