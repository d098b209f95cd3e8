/** All streams: one per input buffer of every device, and those of opened recordings. */
import type { DeviceInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import type { Events } from "../../../shared/messages.js";
import { streamId, type StreamInfo, type StreamSettings } from "../../../shared/stream.js";
import { DisposableStore, Emitter } from "../disposable.js";
import type { Inventory, InventoryChange } from "../inventory.js";
import { LiveStream, type StreamServices } from "./live-stream.js";
import type { StreamProgress } from "./run-progress.js";
import type { Stream } from "./stream.js";

export class StreamRegistry {
  readonly changed = new Emitter<StreamInfo>();
  readonly progress = new Emitter<{ stream: LiveStream; progress: StreamProgress }>();
  readonly noticed = new Emitter<Events["notice"]>();
  private readonly streams = new Map<string, Stream>();
  /** Settings of devices that may come back under another id: by name and buffer. */
  private readonly kept = new Map<string, StreamSettings>();
  /** Streams that were removed and are still ending. */
  private readonly leaving = new Set<Promise<void>>();
  private readonly owned = new DisposableStore();

  constructor(
    private readonly inventory: Inventory,
    private readonly services: StreamServices,
    private readonly onFault: (error: unknown) => void,
  ) {
    this.owned.add(inventory.changed.on((change) => this.follow(change)));
    for (const device of inventory.list().devices) this.followDevice(device);
  }

  list(): StreamInfo[] {
    return [...this.streams.values()].map((stream) => stream.info());
  }

  lives(): LiveStream[] {
    return [...this.streams.values()].filter((stream) => stream instanceof LiveStream);
  }

  /** Memory that streams which start are about to take. */
  pendingBytes(): number {
    return this.lives().reduce((sum, stream) => sum + stream.pendingBytes(), 0);
  }

  /** Throws NOT_FOUND. */
  get(id: string): Stream {
    const stream = this.streams.get(id);
    if (!stream) {
      throw fail("NOT_FOUND", `There is no stream ${id}. Choose a device with an input buffer.`, {
        field: "stream",
      });
    }
    return stream;
  }

  /** One that runs on a device. Throws for recordings. */
  live(id: string): LiveStream {
    const stream = this.get(id);
    if (stream instanceof LiveStream) return stream;
    throw fail("BAD_REQUEST", "This is a recording: it can be looked at, not run.", {
      field: "stream",
    });
  }

  /** Of an opened recording. */
  add(stream: Stream): void {
    this.streams.set(stream.id, stream);
    this.changed.fire(stream.info());
  }

  async remove(id: string): Promise<void> {
    const stream = this.streams.get(id);
    this.streams.delete(id);
    if (!stream) return;
    const end = stream.close().finally(() => this.leaving.delete(end));
    this.leaving.add(end);
    await end;
  }

  /** Resolves when every stream that was removed has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.leaving);
  }

  async close(): Promise<void> {
    this.owned.dispose();
    const streams = [...this.streams.values()];
    this.streams.clear();
    await Promise.all(streams.map((stream) => stream.close()));
    await this.settled();
    this.changed.dispose();
    this.progress.dispose();
    this.noticed.dispose();
  }

  private follow(change: InventoryChange): void {
    if (change.kind === "device") this.followDevice(change.device);
    else if (change.kind === "removed") {
      for (const stream of this.lives()) {
        if (stream.device === change.id) this.remove(stream.id).catch(this.onFault);
      }
    } else if (change.kind === "attribute" && change.value.state === "ok") {
      for (const stream of this.lives()) {
        stream.currentRun()?.noteAttribute(change.address, change.value);
      }
    }
  }

  private followDevice(device: DeviceInfo): void {
    for (const buffer of device.buffers) {
      if (buffer.direction !== "in" || device.context === "rec") continue;
      const id = streamId(device.id, buffer.index);
      const known = this.streams.get(id);
      if (known instanceof LiveStream) known.refresh().catch(this.onFault);
      else if (device.presence === "present") this.create(device, buffer.index);
    }
  }

  private create(device: DeviceInfo, buffer: number): void {
    const name = `${device.context}|${device.name}|${buffer}`;
    const stream = new LiveStream(device, buffer, this.services, this.kept.get(name) ?? null);
    this.streams.set(stream.id, stream);
    stream.changed.on((info) => {
      this.kept.set(name, stream.currentSettings());
      this.changed.fire(info);
    });
    stream.noticed.on((notice) => this.noticed.fire(notice));
    stream.progress.told.on((progress) => this.progress.fire({ stream, progress }));
    stream.refresh().catch(this.onFault);
  }
}
