/**
 * A host for development and component tests: the same messages, checked by the same schemas, answered from made-up
 * devices. Values cross as structured clones, as they do through every real door.
 */
import * as v from "valibot";
import {
  sameScope,
  type AttributeAddress,
  type AttributeInfo,
  type DeviceInfo,
  type Inventory,
} from "../../shared/device.js";
import { fail, toStudioError, type StudioError } from "../../shared/errors.js";
import {
  PROTOCOL,
  requests,
  type Envelope,
  type EventName,
  type Events,
  type RequestName,
} from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";
import { DEFAULT_SETTINGS, type StudioSettings } from "../../shared/settings.js";
import { makeHandlers, type Handlers } from "./fake-handlers.js";
import { FREE_BYTES, type FakeRecording } from "./fake-recorder.js";
import { FakeStream } from "./fake-stream.js";
import type { RecordingEntry } from "../../shared/recording.js";

export interface FakeHostOptions {
  devices: DeviceInfo[];
  recordings?: RecordingEntry[];
  settings?: Partial<StudioSettings>;
  /** Tests turn the clockwork off and call `tick` themselves. */
  ticking?: boolean;
}

const TICK_MS = 33;

export class FakeHost {
  readonly devices = new Map<string, DeviceInfo>();
  readonly streams = new Map<string, FakeStream>();
  readonly recordings = new Map<string, FakeRecording>();
  /** Those that ended last, by stream. */
  readonly ended = new Map<string, FakeRecording>();
  list: RecordingEntry[];
  settings: StudioSettings;
  /** Everything that was asked, oldest first. */
  readonly asked: { name: RequestName; params: unknown }[] = [];
  private readonly handlers: Handlers;
  private readonly refused = new Map<RequestName, StudioError>();
  private deliver: (message: Envelope) => void = () => undefined;
  private readonly closeListeners = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: FakeHostOptions) {
    for (const device of options.devices) this.devices.set(device.id, device);
    for (const device of options.devices) {
      if (device.buffers.length === 0) continue;
      const stream = new FakeStream(
        () => this.devices.get(device.id)!,
        () => this.devices.get(device.id)!.buffers[0]!.rateHz!,
      );
      this.streams.set(stream.id, stream);
    }
    this.list = options.recordings ?? [];
    this.settings = { ...structuredClone(DEFAULT_SETTINGS), ...options.settings };
    this.handlers = makeHandlers(this);
    if (options.ticking !== false) this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  inventory(): Inventory {
    const local = [...this.devices.values()].some(({ context }) => context === "local");
    const folder = this.settings.recordings.folder;
    return {
      contexts: [
        {
          id: "local",
          kind: "local",
          label: "This computer",
          detail: local ? "Linux 6.12" : "",
          state: { kind: "ready" },
        },
        ...(this.settings.simulator
          ? [
              {
                id: "sim",
                kind: "simulator",
                label: "Simulator",
                detail: "",
                state: { kind: "ready" },
              } as const,
            ]
          : []),
        {
          id: "rec",
          kind: "recordings",
          label: "Recordings",
          detail: folder,
          freeBytes: FREE_BYTES,
          state: { kind: "ready" },
        },
      ],
      devices: [...this.devices.values()],
    };
  }

  /** The window's end of the port. */
  port(): Port {
    let listener: (message: unknown) => void = () => undefined;
    this.deliver = (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => listener(copy));
    };
    return {
      post: (message) => void this.receive(structuredClone(message) as Envelope),
      onMessage: (given) => (listener = given),
      onClose: (given) => void this.closeListeners.add(given),
      close: () => this.close(),
    };
  }

  close(): void {
    clearInterval(this.timer);
    for (const listener of this.closeListeners) listener();
  }

  emit<N extends EventName>(name: N, data: Events[N]): void {
    this.deliver({ kind: "event", name, data });
  }

  /** Whatever is asked by this name is refused so. */
  refuse(name: RequestName, message: string, code = "REFUSED"): void {
    this.refused.set(name, { code, message });
  }

  private async receive(message: Envelope): Promise<void> {
    if (message.kind !== "request") return;
    const name = message.name as RequestName;
    try {
      const checked = v.safeParse(requests[name].params, message.params);
      if (!checked.success) {
        const where = v.getDotPath(checked.issues[0]!) ?? name;
        throw fail("BAD_REQUEST", `${name}: ${where} is not what the message map says.`);
      }
      this.asked.push({ name, params: checked.output });
      const refusal = this.refused.get(name);
      if (refusal) throw fail(refusal.code, refusal.message);
      const handler = this.handlers[name] as (params: unknown) => unknown;
      const result = await handler(checked.output);
      this.deliver({ kind: "reply", id: message.id, result });
    } catch (thrown) {
      this.deliver({ kind: "error", id: message.id, error: toStudioError(thrown) });
    }
  }

  hello() {
    return {
      protocol: PROTOCOL,
      version: "0.1.0",
      inventory: this.inventory(),
      streams: [...this.streams.values()].map((stream) => stream.info()),
      recordings: {
        running: [...this.recordings.values()].map((recording) => recording.status()),
        list: this.entries(),
      },
      settings: this.settings,
      shell: "loopback" as const,
    };
  }

  /** Of a stream: that goes on or ended last, or that is opened. */
  recordingOf(stream: string): FakeRecording | undefined {
    const name = /^rec:(.*)\/buffer0$/.exec(stream)?.[1];
    const opened = [...this.ended.values()].find((one) => one.name === name);
    return opened ?? this.recordings.get(stream) ?? this.ended.get(stream);
  }

  entries(): RecordingEntry[] {
    return [...[...this.recordings.values()].map((recording) => recording.asEntry()), ...this.list];
  }

  device(id: string): DeviceInfo {
    const device = this.devices.get(id);
    if (!device) throw fail("NOT_FOUND", `There is no device ${id}. It may have been unplugged.`);
    return device;
  }

  stream(id: string): FakeStream {
    const stream = this.streams.get(id);
    if (!stream) throw fail("NOT_FOUND", `There is no stream ${id}. Its device may have gone.`);
    return stream;
  }

  attribute(address: AttributeAddress): AttributeInfo {
    const found = this.device(address.device).attributes.find(
      ({ scope, name }) => name === address.name && sameScope(scope, address.scope),
    );
    if (!found) throw fail("NOT_FOUND", `${address.device} has no attribute ${address.name}.`);
    return found;
  }

  attributeRaw(address: AttributeAddress): string {
    const { value } = this.attribute(address);
    return "raw" in value ? (value.raw ?? "") : "";
  }

  changed(device: string): void {
    this.emit("device", { device: this.device(device) });
  }

  /** The device is pulled: its stream fails, its recording ends, what was recorded is safe. */
  unplug(id: string): void {
    const device = this.device(id);
    const error: StudioError = {
      code: "ENODEV",
      message: "Plug the device in again: it returns here by itself and can be started.",
    };
    this.devices.set(id, { ...goneDevice(device), presence: "gone", goneAtMs: Date.now() });
    this.changed(id);
    const stream = [...this.streams.values()].find((known) => known.id.startsWith(`${id}/`));
    if (!stream || stream.state.kind !== "running") return;
    const title = `${device.label || device.name} was unplugged`;
    stream.fail({ ...error, message: `${title}.` });
    this.emit("notice", { level: "error", title, error, stream: stream.id });
    this.emit("stream.progress", {
      stream: stream.id,
      counters: stream.counters(),
      headers: stream.headers(),
    });
    this.endRecording(stream, error);
    this.emit("stream", { stream: stream.info() });
  }

  plug(id: string): void {
    const device: DeviceInfo = { ...this.device(id), presence: "present" };
    for (const attribute of device.attributes) {
      const { value } = attribute;
      const raw = "raw" in value ? (value.raw ?? "") : "";
      const plug = attribute.name === "fault_vanish";
      attribute.value = { state: "ok", raw: plug ? "0" : raw, readAtMs: Date.now() };
    }
    delete device.goneAtMs;
    this.devices.set(id, device);
    this.changed(id);
  }

  endRecording(stream: FakeStream, error: StudioError | null) {
    const recording = this.recordings.get(stream.id);
    if (!recording) return null;
    recording.end(error);
    this.recordings.delete(stream.id);
    this.ended.set(stream.id, recording);
    stream.recording = null;
    this.list = [recording.asEntry(), ...this.list];
    const result = recording.result(error);
    this.emit("recording.ended", { status: recording.status(), result });
    this.emit("recording.list", { list: this.entries() });
    return result;
  }

  /** A recording becomes a device of its own context, replayed from the simulator's signals. */
  openRecording(name: string) {
    const known = this.entries().find((recording) => recording.name === name);
    if (!known) throw fail("NOT_FOUND", `There is no recording ${name}.`);
    const source = [...this.devices.values()].find(
      (device) => device.buffers.length > 0 && (device.label || device.name).includes(known.label),
    );
    const model = source ?? this.device("sim:adc");
    const device: DeviceInfo = {
      ...structuredClone(model),
      id: known.device,
      context: "rec",
      label: name,
      links: [],
      triggers: [],
      attributes: structuredClone(model.attributes).map((one) => ({ ...one, access: "read" })),
    };
    device.buffers[0]!.transport = "replay";
    device.buffers[0]!.why = "Read from the recording's file.";
    delete device.buffers[0]!.fix;
    this.devices.set(device.id, device);
    const stream = new FakeStream(
      () => this.devices.get(device.id)!,
      () => device.buffers[0]!.rateHz!,
    );
    this.streams.set(stream.id, stream);
    stream.start(3);
    stream.stop();
    this.changed(device.id);
    this.emit("stream", { stream: stream.info() });
    return stream.info();
  }

  closeRecording(name: string): void {
    const id = `rec:${name}`;
    this.devices.delete(id);
    this.streams.delete(`${id}/buffer0`);
    this.emit("device.removed", { device: id });
  }

  /** One turn of the clockwork: progress of every running stream and recording. */
  tick(): void {
    for (const stream of this.streams.values()) {
      if (stream.state.kind !== "running") continue;
      this.emit("stream.progress", {
        stream: stream.id,
        counters: stream.counters(),
        headers: stream.headers(),
      });
    }
    for (const recording of this.recordings.values()) {
      this.emit("recording", { status: recording.status() });
    }
  }
}

/** Attributes of a device that is gone fail one by one, with what they held; the plug itself still answers. */
function goneDevice(device: DeviceInfo): DeviceInfo {
  const error: StudioError = { code: "ENODEV", message: `${device.name} has gone.` };
  const attributes = device.attributes.map((attribute) => {
    const raw = "raw" in attribute.value ? (attribute.value.raw ?? "") : "";
    const outlives = attribute.name === "fault_vanish";
    return outlives ? attribute : { ...attribute, value: { state: "failed" as const, error, raw } };
  });
  return { ...device, attributes };
}
