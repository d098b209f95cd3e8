/** Recordings opened into views: devices of the Recordings context, each with one stream. */
import type { Addon } from "../../../native/addon.js";
import { fail } from "../../../shared/errors.js";
import { streamId } from "../../../shared/stream.js";
import type { Inventory } from "../inventory.js";
import type { ClockOffset } from "../streams/progress.js";
import { Serial } from "../streams/serial.js";
import type { StreamRegistry } from "../streams/registry.js";
import { RecordingsContext } from "./context.js";
import { FileStream } from "./file-stream.js";
import { openedDevice, openRecording } from "./opened.js";

export class OpenFiles {
  readonly context: RecordingsContext;
  private readonly open = new Map<string, FileStream>();
  private readonly serial = new Serial();

  constructor(
    private readonly deps: {
      addon: Addon;
      inventory: Inventory;
      streams(): StreamRegistry;
      folder(): string;
      clock(): ClockOffset;
    },
    folderShown: string,
  ) {
    this.context = new RecordingsContext(folderShown);
  }

  /** A recording that is open already stays as it is. */
  openFile(name: string): Promise<FileStream> {
    return this.serial.run(async () => {
      const known = this.open.get(name);
      if (known) return known;
      const { addon, inventory, clock } = this.deps;
      const set = await openRecording(addon, this.deps.folder(), name);
      const device = openedDevice(set);
      const stream = new FileStream(set, device, () => inventory.find(device.id), clock);
      this.open.set(name, stream);
      this.context.add(device);
      this.deps.streams().add(stream);
      return stream;
    });
  }

  async closeIfOpen(name: string): Promise<void> {
    if (this.open.has(name)) await this.closeFile(name);
  }

  closeFile(name: string): Promise<void> {
    return this.serial.run(async () => {
      const stream = this.open.get(name);
      if (!stream) throw fail("NOT_FOUND", `“${name}” is not open.`, { field: "name" });
      this.open.delete(name);
      await this.deps.streams().remove(streamId(stream.device, 0));
      this.context.remove(stream.device);
    });
  }
}
