/**
 * The simulator: devices that behave as IIO's do, filled by the addon's simulator transport. Attributes of a running
 * device take effect with its next block; the rate and the clock at a start.
 */
import type { NativeStream, SourceOptions } from "../../../native/addon.js";
import {
  formatAttributeName,
  type AttributeAddress,
  type AttributeInfo,
  type AttributeValue,
  type ContextInfo,
  type DeviceInfo,
} from "../../../shared/device.js";
import { fail, toStudioError, type StudioFailure } from "../../../shared/errors.js";
import { computeLayout } from "../../../shared/layout.js";
import type { ScanLayout } from "../../../shared/scan-format.js";
import type { StreamSettings } from "../../../shared/stream.js";
import type {
  Context,
  ContextChange,
  DeviceFacts,
  PreparedSource,
  SourceFault,
  SourcePlan,
} from "../context.js";
import { Emitter, type Disposable } from "../disposable.js";
import { createAdc } from "./adc.js";
import { attributeInfo, type SimAttribute } from "./attribute.js";
import {
  deviceInfo,
  SILENT,
  WHY_CLOCK,
  WHY_WAITS,
  type SimBuffer,
  type SimDevice,
  type SimState,
} from "./device.js";
import { createFaults, type SimFaults } from "./faults.js";
import { createInertial } from "./inertial.js";
import { createTransceiver } from "./transceiver.js";

/** The same noise at every start, so that what is seen can be seen again. */
const SEED = 1;

interface Entry {
  device: SimDevice;
  state: SimState;
  faults: SimFaults | null;
  /** Its buffer belongs to a stream, which may not run yet: until then attributes can be read as at rest. */
  taken: boolean;
  running: { native: NativeStream; layout: ScanLayout } | null;
}

export function createSimulatorContext(): Context {
  return new SimulatorContext();
}

class SimulatorContext implements Context {
  readonly info: ContextInfo = {
    id: "sim",
    kind: "simulator",
    label: "Simulator",
    detail: "",
    state: { kind: "ready" },
  };
  private readonly changed = new Emitter<ContextChange>();
  private readonly entries: Entry[];

  constructor() {
    const [receiver, phy] = createTransceiver() as [SimDevice, SimDevice];
    this.entries = [createAdc(), receiver, phy, createInertial()].map((device) => {
      const entry: Entry = {
        device,
        state: { goneAtMs: null, trigger: null, running: false },
        faults: null,
        taken: false,
        running: null,
      };
      if (device.buffer) {
        entry.faults = createFaults((fault) => this.applyFault(entry, fault));
        device.attributes.push(...entry.faults.attributes);
      }
      return entry;
    });
  }

  devices(): DeviceInfo[] {
    return this.entries.map((entry) => this.infoOf(entry));
  }

  onChange(listener: (change: ContextChange) => void): Disposable {
    return this.changed.on(listener);
  }

  async readAttribute(address: AttributeAddress): Promise<AttributeValue> {
    const { entry, attribute } = this.find(address);
    return this.valueOf(entry, attribute);
  }

  async readAttributes(id: string): Promise<AttributeInfo[]> {
    return this.attributesOf(this.entry(id));
  }

  async writeAttribute(address: AttributeAddress, text: string): Promise<AttributeValue> {
    const { entry, attribute } = this.find(address);
    if (entry.state.goneAtMs !== null && !attribute.outlives) throw gone(entry.device);
    if (entry.taken && (attribute.needsRestart || isRate(entry, address))) {
      throw fail("EBUSY", "The device refuses this while its buffer runs. Stop the stream first.", {
        errno: 16,
        field: "value",
        kept: attribute.read(),
      });
    }
    attribute.write(text);
    const value = this.valueOf(entry, attribute);
    this.changed.fire({ kind: "attribute", address, value });
    if (attribute.name.startsWith("fault_")) this.tellFaults(entry, attribute);
    if (attribute.reshapes) this.changed.fire({ kind: "device", device: this.infoOf(entry) });
    this.refreshWaveforms();
    return value;
  }

  needsRestart(address: AttributeAddress): boolean {
    return this.find(address).attribute.needsRestart ?? false;
  }

  async facts(id: string): Promise<DeviceFacts> {
    return {
      hardware: "simulator",
      driver: this.entry(id).device.driver,
      kernel: "",
      uri: "sim:",
      timestampClock: "realtime",
    };
  }

  async plan(id: string, buffer: number, settings: StreamSettings): Promise<SourcePlan> {
    const entry = this.entry(id);
    const source = bufferOf(entry, buffer);
    if (entry.state.goneAtMs !== null) throw gone(entry.device);
    if (settings.transport !== "auto") {
      throw fail(
        "BAD_REQUEST",
        "The simulator fills its blocks itself. Set the transport to auto.",
        {
          field: "transport",
        },
      );
    }
    if (settings.heap !== "auto" && settings.heap !== "pages") {
      throw fail("BAD_REQUEST", "The simulator's blocks are plain pages. Set the memory to auto.", {
        field: "heap",
      });
    }
    const trigger = settings.deviceTrigger?.name ?? entry.state.trigger;
    const rate = source.rate(trigger);
    const waits = settings.rateMax || source.waits();
    return {
      layout: layoutOf(entry.device, settings.channels),
      rateHz: settings.deviceTrigger?.rateHz ?? rate?.rateHz ?? null,
      rate: rate?.address ?? null,
      rateSource: rate?.address ?? null,
      ...(waits ? { waitsForBlocks: true } : {}),
      lengthAlignBytes: 1,
      largestBlockBytes: null,
      candidates: [
        {
          transport: "simulator",
          heap: "pages",
          arena: { kind: "pages", devicePath: "" },
          directWrites: true,
          why: waits ? WHY_WAITS : WHY_CLOCK,
        },
      ],
      missing: missingTrigger(entry.device, source, trigger),
    };
  }

  async prepare(id: string, buffer: number, settings: StreamSettings): Promise<PreparedSource> {
    const entry = this.entry(id);
    if (settings.deviceTrigger) await this.chooseTrigger(entry, settings.deviceTrigger);
    const plan = await this.plan(id, buffer, settings);
    const [missing] = plan.missing;
    if (missing) throw fail("EINVAL", missing, { field: "deviceTrigger", errno: 22 });
    if (entry.taken) {
      throw fail("EBUSY", "The buffer runs already. Stop it first.", { errno: 16 });
    }
    entry.taken = true;
    return {
      ...plan,
      notes: [],
      arm: async (): Promise<SourceOptions> => {
        entry.state.running = true;
        return {
          kind: "simulator",
          channels: waveforms(entry.device, plan.layout),
          max: plan.waitsForBlocks ?? false,
          seed: SEED,
        };
      },
      attach: (native) => {
        entry.running = { native, layout: plan.layout };
        const fault = entry.faults?.active() ?? "none";
        if (fault !== "none") native.fault(fault);
      },
      release: async ({ vanished }) => {
        entry.running = null;
        entry.taken = false;
        entry.state.running = false;
        if (vanished) this.setPresence(entry, false);
      },
    };
  }

  async fault(id: string, fault: SourceFault): Promise<void> {
    const entry = this.entry(id);
    if (!entry.faults) {
      throw fail("NOT_FOUND", "This device has no buffer to disturb. Choose one that streams.");
    }
    entry.faults.set(fault);
    this.applyFault(entry, fault);
    if (fault === "transfer-error") entry.faults.set("none");
    for (const attribute of entry.faults.attributes) this.tell(entry, attribute);
  }

  async close(): Promise<void> {
    this.changed.dispose();
  }

  private entry(id: string): Entry {
    const entry = this.entries.find((one) => one.device.id === id);
    if (!entry) throw fail("NOT_FOUND", `The simulator has no device ${id}.`, { field: "device" });
    return entry;
  }

  private find(address: AttributeAddress): { entry: Entry; attribute: SimAttribute } {
    const entry = this.entry(address.device);
    const wanted = formatAttributeName(address.scope, address.name);
    const attribute = entry.device.attributes.find(
      (one) => formatAttributeName(one.scope, one.name) === wanted,
    );
    if (!attribute) {
      throw fail("NOT_FOUND", `${entry.device.label} has no attribute ${wanted}.`, {
        field: "name",
      });
    }
    return { entry, attribute };
  }

  private valueOf(entry: Entry, attribute: SimAttribute): AttributeValue {
    const raw = attribute.read();
    if (entry.state.goneAtMs !== null && !attribute.outlives) {
      return { state: "failed", error: gone(entry.device).detail, raw };
    }
    if (attribute.name === "raw" && entry.state.running) {
      const error = fail(
        "EBUSY",
        "The channel is in use by the running buffer. Stop the stream to read it by hand.",
        { errno: 16, syscall: "read" },
      );
      return { state: "failed", error: toStudioError(error) };
    }
    return { state: "ok", raw, readAtMs: Date.now() };
  }

  private async chooseTrigger(
    entry: Entry,
    { name, rateHz }: NonNullable<StreamSettings["deviceTrigger"]>,
  ): Promise<void> {
    if (!entry.device.triggers().some((trigger) => trigger.name === name)) {
      throw fail("NOT_FOUND", `There is no device trigger named ${name}. Choose one of the list.`, {
        field: "deviceTrigger",
      });
    }
    entry.state.trigger = name;
    const rate = entry.device.buffer?.rate(name)?.address;
    if (rateHz !== null && rate) await this.writeAttribute(rate, String(rateHz));
    this.changed.fire({ kind: "device", device: this.infoOf(entry) });
  }

  private applyFault(entry: Entry, fault: SourceFault): void {
    if (entry.running) entry.running.native.fault(fault);
    if (fault === "vanish" && !entry.running) this.setPresence(entry, false);
    if (fault !== "vanish" && entry.state.goneAtMs !== null) this.setPresence(entry, true);
  }

  private setPresence(entry: Entry, present: boolean): void {
    entry.state.goneAtMs = present ? null : (entry.state.goneAtMs ?? Date.now());
    this.changed.fire({ kind: "device", device: this.infoOf(entry) });
  }

  /** Turning one fault on turns the others off. */
  private tellFaults(entry: Entry, written: SimAttribute): void {
    for (const attribute of entry.faults?.attributes ?? []) {
      if (attribute !== written) this.tell(entry, attribute);
    }
  }

  private tell(entry: Entry, { scope, name }: SimAttribute): void {
    const address: AttributeAddress = { device: entry.device.id, scope, name };
    const value = this.valueOf(entry, this.find(address).attribute);
    this.changed.fire({ kind: "attribute", address, value });
  }

  private refreshWaveforms(): void {
    for (const { device, running } of this.entries) {
      if (running) running.native.setSimulator(waveforms(device, running.layout));
    }
  }

  private infoOf(entry: Entry): DeviceInfo {
    return deviceInfo(entry.device, entry.state, this.attributesOf(entry));
  }

  private attributesOf(entry: Entry): AttributeInfo[] {
    return entry.device.attributes.map((attribute) =>
      attributeInfo(attribute, this.valueOf(entry, attribute)),
    );
  }
}

function bufferOf(entry: Entry, buffer: number): SimBuffer {
  if (buffer !== 0 || !entry.device.buffer) {
    throw fail("NOT_FOUND", `${entry.device.label} has no buffer${buffer}.`, { field: "stream" });
  }
  return entry.device.buffer;
}

function layoutOf(device: SimDevice, channels: readonly string[]): ScanLayout {
  return computeLayout(
    channels.map((id) => {
      const scan = device.channels.find((channel) => channel.id === id)?.scan;
      if (!scan) {
        throw fail("NOT_FOUND", `${device.label} has no channel ${id} in its buffer.`, {
          field: "channels",
        });
      }
      return { channel: id, index: scan.index, format: scan.format };
    }),
  );
}

function waveforms(device: SimDevice, layout: ScanLayout): ReturnType<SimBuffer["waveform"]>[] {
  return layout.elements.map((element) =>
    element.channel === "timestamp"
      ? { ...SILENT, waveform: "timestamp" }
      : (device.buffer as SimBuffer).waveform(element.channel),
  );
}

function missingTrigger(device: SimDevice, buffer: SimBuffer, trigger: string | null): string[] {
  if (!buffer.needsTrigger) return [];
  const names = device.triggers().map((one) => one.name);
  if (trigger !== null && names.includes(trigger)) return [];
  return [
    `${device.label} needs a device trigger that clocks its scans. Choose ${names.join(" or ")}.`,
  ];
}

function isRate(entry: Entry, address: AttributeAddress): boolean {
  const rate = entry.device.buffer?.rate(entry.state.trigger)?.address;
  if (!rate) return false;
  return (
    formatAttributeName(rate.scope, rate.name) === formatAttributeName(address.scope, address.name)
  );
}

function gone(device: SimDevice): StudioFailure {
  return fail("ENODEV", `${device.label} has gone. Set fault_vanish to 0 to plug it in again.`, {
    errno: 19,
  });
}
