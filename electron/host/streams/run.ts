/**
 * One run of a buffer: from the prepared source to the closed native stream. After a stop the history stays readable
 * until close.
 */
import type { Addon, NativeCounters, NativeHeaders, NativeStream } from "../../../native/addon.js";
import type { AttributeAddress, AttributeValue, DeviceInfo } from "../../../shared/device.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { toNumericLayout } from "../../../shared/layout.js";
import type { RecordedAttribute } from "../../../shared/sigmf/types.js";
import type { StreamSettings } from "../../../shared/stream.js";
import type { Context, DeviceFacts, PreparedSource } from "../context.js";
import { sameAddress } from "../inventory.js";
import { rateElsewhere, resolvePlan, type Machine, type Resolved } from "./resolve.js";

/** Records that outlive their blocks: 1.6 % of the samples, so about 2 GB of them. */
const PYRAMID_BYTES = 32 * 1024 * 1024;
/** Of each sysfs write, and of each step of a stop. */
const DEADLINE_MS = 5000;
/** What was not read of the attributes by then is marked so. */
const ATTRIBUTES_DEADLINE_MS = 1000;

export interface RunServices {
  addon: Addon;
  machine(): Machine;
  findDevice(id: string): DeviceInfo | undefined;
  context(id: string): Context;
}

export interface RunRequest {
  device: string;
  buffer: number;
  settings: StreamSettings;
  run: number;
  /** It follows a run that was stopped for a change. */
  isRestart: boolean;
  historyScans?: number | undefined;
}

export class Run {
  /** What the system refused or mended although it runs. */
  systemNotes: readonly string[] = [];
  private sourceReleased = false;

  private constructor(
    readonly number: number,
    readonly isRestart: boolean,
    readonly native: NativeStream,
    readonly resolved: Resolved,
    readonly settings: StreamSettings,
    readonly deviceAtStart: DeviceInfo,
    readonly facts: DeviceFacts,
    /** Of the device and those linked to it, as read before the start; kept up to date. */
    readonly attributes: RecordedAttribute[],
    readonly notes: string[],
    private readonly source: PreparedSource,
  ) {}

  /** Makes all ready but does not start. Leaves nothing open if it rejects. */
  static async open(services: RunServices, request: RunRequest): Promise<Run> {
    const context = services.context(request.device);
    const source = await context.prepare(request.device, request.buffer, request.settings);
    try {
      const device = present(services, request.device);
      const [attributes, facts] = await Promise.all([
        readAttributes(services, device),
        context.facts(request.device),
      ]);
      const resolved = resolvePlan(source, request.settings, services.machine(), {
        elsewhere: rateElsewhere(device, request.buffer),
        ...(request.historyScans === undefined ? {} : { historyScans: request.historyScans }),
      });
      const native = services.addon.openStream({
        layout: toNumericLayout(source.layout),
        arena: {
          ...resolved.candidate.arena,
          blockCount: resolved.geometry.blockCount,
          allocatedBytes: resolved.geometry.allocatedBytes,
        },
        source: await source.arm(resolved.candidate, resolved.geometry),
        payloadBytes: resolved.geometry.payloadBytes,
        queueDepth: resolved.geometry.queueDepth,
        rateHz: resolved.rateHz ?? 0,
        counter: request.settings.counter.map((id) =>
          source.layout.elements.findIndex((element) => element.channel === id),
        ),
        timestampGaps: source.layout.timestamp >= 0,
        proveOverwritten: resolved.candidate.arena.kind === "udmabuf",
        pyramidBytes: PYRAMID_BYTES,
        deadlineMs: DEADLINE_MS,
        realtime: request.settings.realtime ?? null,
      });
      source.attach?.(native);
      const { settings, run, isRestart } = request;
      return new Run(
        run,
        isRestart,
        native,
        resolved,
        settings,
        device,
        facts,
        attributes,
        source.notes,
        source,
      );
    } catch (error) {
      await source.release({ vanished: false });
      throw error;
    }
  }

  get layout(): Resolved["plan"]["layout"] {
    return this.resolved.plan.layout;
  }

  async start(): Promise<void> {
    await this.native.start();
    this.systemNotes = this.native.notes?.() ?? [];
  }

  /** Idempotent; gives the buffer back. */
  async stop(): Promise<void> {
    if (this.sourceReleased) return;
    this.sourceReleased = true;
    this.native.onNews(null);
    try {
      await this.native.stop();
    } finally {
      // Of the blocks too that had completed before the stop and were taken back by it.
      const { vanished, overwritten } = this.native.counters();
      await this.source.release({ vanished, overwritten });
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await this.native.close();
  }

  counters(): NativeCounters {
    return this.native.counters();
  }

  headers(): NativeHeaders {
    return this.native.headers();
  }

  /** An attribute changed while the run goes on: a recording begun later starts from this. */
  noteAttribute(address: AttributeAddress, value: AttributeValue): void {
    const same = sameAddress(address);
    const entry = this.attributes.find(same);
    if (!entry || value.state !== "ok") return;
    entry.state = "ok";
    entry.raw = value.raw;
    delete entry.error;
  }
}

function present(services: RunServices, id: string): DeviceInfo {
  const device = services.findDevice(id);
  if (!device) throw fail("ENODEV", `The device ${id} has gone. Plug it in again.`);
  return device;
}

async function readAttributes(
  services: RunServices,
  device: DeviceInfo,
): Promise<RecordedAttribute[]> {
  const ids = [device.id, ...device.links.map((link) => link.device)];
  const read = await Promise.all(ids.map((id) => readDevice(services, id)));
  return read.flat();
}

async function readDevice(services: RunServices, id: string): Promise<RecordedAttribute[]> {
  let name = id;
  try {
    const device = present(services, id);
    name = device.name;
    const read = await services.context(id).readAttributes(id, ATTRIBUTES_DEADLINE_MS);
    return read
      .filter((attribute) => attribute.access !== "write")
      .map(({ scope, name: attribute, unit, value }) => ({
        device: id,
        deviceName: device.name,
        scope,
        name: attribute,
        state: value.state,
        raw: value.state === "unread" ? "" : (value.raw ?? ""),
        unit,
        ...(value.state === "failed" ? { error: value.error.message } : {}),
      }));
  } catch (error) {
    // A linked device that went between two looks costs its attributes, not the recording.
    const { message } = toStudioError(error);
    const scope = { kind: "device" } as const;
    return [
      {
        device: id,
        deviceName: name,
        scope,
        name: "name",
        state: "failed",
        raw: "",
        unit: "",
        error: message,
      },
    ];
  }
}
