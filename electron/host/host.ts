/**
 * The host: the application without a shell. One object behind one message interface; doors hand it ports.
 * `await createHost(…)` gives it when settings are read and devices were looked for.
 */
import { homedir, freemem } from "node:os";
import { join } from "node:path";
import type { Addon } from "../../native/addon.js";
import { loadAddon } from "../../native/load.js";
import { toStudioError } from "../../shared/errors.js";
import type { EventName, Events } from "../../shared/messages.js";
import type { Port } from "../../shared/port.js";
import type { Unfinished } from "../../shared/unfinished.js";
import type { Context, LocalOptions } from "./context.js";
import { DisposableStore } from "./disposable.js";
import { makeHandlers } from "./handlers.js";
import { Inventory, type InventoryChange } from "./inventory.js";
import type { JsonFileFault } from "./json-file.js";
import { createLocalContext, runDoctor } from "./local/index.js";
import { FreeSpace } from "./recordings/free-space.js";
import { GroupRecordings } from "./recordings/group.js";
import { OpenFiles } from "./recordings/open-files.js";
import { Recordings } from "./recordings/service.js";
import { NOTICE_LIMIT } from "./event-outbox.js";
import { Session, type Handlers } from "./session.js";
import { SettingsStore } from "./settings-store.js";
import { createSimulatorContext } from "./simulator/context.js";
import type { ClockOffset } from "./streams/progress.js";
import { StreamRegistry } from "./streams/registry.js";
import { SingleAcquisitions } from "./streams/single.js";
import { Tunings } from "./streams/tune.js";

export interface HostOptions {
  version: string;
  shell: "electron" | "loopback" | "cli";
  /** Default: `$XDG_CONFIG_HOME/iio-studio`. */
  configDir?: string;
  /** Default: `/sys` and `/dev`. */
  roots?: LocalOptions["roots"];
  /** How long a slow device is waited for at the start; a command that looks once waits longer than a window. */
  firstLookMs?: number;
  /** Recordings go here instead of into the folder set. */
  recordingsFolder?: string;
  /** Complete recordings that were cut off. Default: true; a command that does not record leaves them alone. */
  recover?: boolean;
  /** Shows a file in the desktop's file manager; where there is none to ask, left out. */
  showFile?: (path: string) => void;
  /** Default: the one that was built. */
  addon?: Addon;
  /** Instead of the Local context (tests). null: without. */
  local?: ((options: LocalOptions) => Promise<Context>) | null;
}

export interface Host {
  /**
   * A session for this port. It ends with the port, or with the host. `endsStudio`: whether the studio ends when this window
   * is closed, so that it asks before that.
   */
  connect(port: Port, endsStudio?: () => boolean): Session;
  /** What an end now would cut short, or keep from beginning. */
  unfinished(): Unfinished;
  /** Ends recordings and streams cleanly, then everything else. Idempotent. */
  close(): Promise<void>;
}

export async function createHost(options: HostOptions): Promise<Host> {
  const host = new StudioHost(options, options.addon ?? loadAddon());
  try {
    await host.open();
  } catch (error) {
    await host.close();
    throw error;
  }
  return host;
}

export function defaultConfigDir(): string {
  return join(process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config"), "iio-studio");
}

class StudioHost implements Host {
  private readonly sessions = new Set<Session>();
  private readonly owned = new DisposableStore();
  private readonly settings: SettingsStore;
  private readonly inventory: Inventory;
  private readonly streams: StreamRegistry;
  private readonly recordings: Recordings;
  private readonly groups: GroupRecordings;
  private readonly tunings: Tunings;
  private readonly files: OpenFiles;
  private readonly handlers: Handlers;
  private readonly localOptions: LocalOptions;
  private readonly fileLimit: number;
  /** Told to the first session that comes: what was wrong while none was there. The newest. */
  private readonly early: Events["notice"][] = [];
  private simulator: Context | null = null;
  private space: FreeSpace | null = null;
  private nextSession = 1;
  private closing: Promise<void> | null = null;

  constructor(
    private readonly options: HostOptions,
    private readonly addon: Addon,
  ) {
    const configDir = options.configDir ?? defaultConfigDir();
    const fault = (one: JsonFileFault): void => this.fileFault(one);
    const internal = (error: unknown): void => this.internalFault(error);
    this.localOptions = {
      addon,
      roots: options.roots ?? { sysfs: "/sys", dev: "/dev" },
      ...(options.firstLookMs === undefined ? {} : { firstLookMs: options.firstLookMs }),
      configDir,
      onFault: fault,
    };
    this.fileLimit = addon.raiseFileLimit().hard;
    this.settings = new SettingsStore(configDir, fault);
    this.inventory = new Inventory(configDir, fault, internal);
    const clock = (): ClockOffset => clockOffset(addon);
    const streams = (): StreamRegistry => this.streams;
    this.recordings = new Recordings({
      addon,
      inventory: this.inventory,
      settings: this.settings,
      streams,
      version: options.version,
      folder: options.recordingsFolder,
      tell: (name, key, data) => {
        this.tellOrKeep(name, key, data);
        this.groups.heard(name, data);
      },
    });
    this.groups = new GroupRecordings({
      addon,
      inventory: this.inventory,
      settings: this.settings,
      streams,
      recordings: () => this.recordings,
      tell: (group) => this.tell("group", `group:${group.name}`, { group }),
      warn: (title, thrown) =>
        this.tellOrKeep("notice", "notice", {
          level: "error",
          title,
          error: toStudioError(thrown),
        }),
    });
    const folder = (): string => this.recordings.folder();
    this.files = new OpenFiles(
      { addon, inventory: this.inventory, streams, folder, clock },
      this.recordings.folderShown(),
    );
    this.streams = new StreamRegistry(
      this.inventory,
      {
        addon,
        machine: () => ({
          availableBytes: Math.max(0, availableMemory() - this.streams.pendingBytes()),
          fileLimit: this.fileLimit,
        }),
        findDevice: (id) => this.inventory.find(id),
        context: (id) => this.inventory.contextOf(id),
        clock,
        recordings: this.recordings,
      },
      internal,
    );
    this.tunings = new Tunings({
      recordingOf: (stream) => this.recordings.nameOf(stream),
      tell: (tune) => this.tell("stream.tune", `stream.tune:${tune.stream}`, { tune }),
    });
    this.handlers = makeHandlers({
      version: options.version,
      shell: options.shell,
      inventory: this.inventory,
      settings: this.settings,
      streams: this.streams,
      singles: new SingleAcquisitions((stream) => this.recordings.nameOf(stream)),
      tunings: this.tunings,
      recordings: this.recordings,
      groups: this.groups,
      files: this.files,
      showFile: options.showFile,
      doctor: () => runDoctor({ ...this.localOptions, recordingsFolder: this.recordings.folder() }),
    });
    this.listen();
  }

  async open(): Promise<void> {
    await Promise.all([this.settings.load(), this.inventory.load()]);
    const { local = createLocalContext } = this.options;
    if (local) await this.openLocal(local);
    this.followSimulator();
    this.files.context.setFolder(this.recordings.folderShown());
    this.inventory.add(this.files.context);
    const space = this.owned.add(
      new FreeSpace(
        this.addon,
        () => this.recordings.folder(),
        () => this.sessions.size > 0,
        (freeBytes) => this.files.context.setFreeBytes(freeBytes),
      ),
    );
    let { folder } = this.settings.get().recordings;
    this.owned.add(
      this.settings.changed.on(({ recordings }) => {
        if (recordings.folder !== folder) void space.look();
        folder = recordings.folder;
      }),
    );
    this.space = space;
    const { recover = true, shell } = this.options;
    // A command would wait for hashes at its end; a window has time.
    const resumeHashes = recover && shell !== "cli";
    await Promise.all([space.look(), this.recordings.open({ recover, resumeHashes })]);
    if (recover) await this.groups.recover();
  }

  /** Without this computer's devices there are still the simulator and the recordings. */
  private async openLocal(local: NonNullable<HostOptions["local"]>): Promise<void> {
    try {
      this.inventory.add(await local(this.localOptions));
    } catch (error) {
      this.internalFault(error);
    }
  }

  connect(port: Port, endsStudio?: () => boolean): Session {
    const forget = (ended: Session): void => void this.sessions.delete(ended);
    const session = new Session(this.nextSession++, port, this.handlers, forget, endsStudio);
    this.sessions.add(session);
    // Nobody looked while nobody was there.
    void this.space?.look();
    session.onSubscribed(() => {
      for (const notice of this.early.splice(0)) session.tell("notice", "notice", notice);
    });
    return session;
  }

  unfinished(): Unfinished {
    return {
      recordings: this.recordings.running().map(({ name }) => name),
      startsAtMs: this.recordings.schedules.list().map(({ startAtMs }) => startAtMs),
    };
  }

  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    await this.tunings.close();
    await this.recordings.endAll();
    await this.groups.settled();
    // Before hashes are waited for: the devices are free for the next program.
    await this.streams.close();
    await this.recordings.close(this.options.shell === "cli");
    // Hashes that came at the end stand in their collections too.
    await this.groups.settled();
    for (const session of [...this.sessions]) session.close();
    this.owned.dispose();
    await this.inventory.close();
  }

  private listen(): void {
    const { owned, inventory, settings, streams } = this;
    owned.add(inventory.changed.on((change) => this.tellInventory(change)));
    owned.add(
      settings.changed.on((value) => {
        this.followSimulator();
        this.files.context.setFolder(this.recordings.folderShown());
        this.tell("settings", "settings", { settings: value });
      }),
    );
    owned.add(
      streams.changed.on((stream) => this.tell("stream", `stream:${stream.id}`, { stream })),
    );
    owned.add(streams.noticed.on((notice) => this.tellOrKeep("notice", "notice", notice)));
    owned.add(
      streams.progress.on(({ stream, progress }) => {
        const data = { stream: stream.id, ...progress };
        this.tell("stream.progress", `stream.progress:${stream.id}`, data);
      }),
    );
  }

  private tellInventory(change: InventoryChange): void {
    switch (change.kind) {
      case "device":
        return this.tell("device", `device:${change.device.id}`, { device: change.device });
      case "removed":
        return this.tell("device.removed", `device:${change.id}`, { device: change.id });
      case "context":
        return this.tell("context", `context:${change.context.id}`, { context: change.context });
      case "attribute": {
        const { address, value } = change;
        return this.tell("attribute", `attribute:${JSON.stringify(address)}`, { address, value });
      }
    }
  }

  private tell<N extends EventName>(name: N, key: string, data: Events[N]): void {
    for (const session of this.sessions) session.tell(name, key, data);
  }

  /** Notices from before the first session wait for it. */
  private tellOrKeep<N extends EventName>(name: N, key: string, data: Events[N]): void {
    if (name !== "notice" || this.sessions.size > 0) return this.tell(name, key, data);
    this.early.push(data as Events["notice"]);
    if (this.early.length > NOTICE_LIMIT) this.early.shift();
  }

  private followSimulator(): void {
    const wanted = this.settings.get().simulator;
    if (wanted && !this.simulator) {
      this.simulator = createSimulatorContext();
      this.inventory.add(this.simulator);
    } else if (!wanted && this.simulator) {
      const { simulator } = this;
      this.simulator = null;
      this.inventory.remove(simulator);
      this.streams
        .settled()
        .then(() => simulator.close())
        .catch((error: unknown) => this.internalFault(error));
    }
  }

  private fileFault({ error }: JsonFileFault): void {
    this.tellOrKeep("notice", "notice", {
      level: "warning",
      title: "A settings file could not be used",
      error,
    });
  }

  private internalFault(error: unknown): void {
    this.tellOrKeep("notice", "notice", {
      level: "error",
      title: "Something went wrong inside",
      error: toStudioError(error),
    });
  }
}

function clockOffset(addon: Addon): ClockOffset {
  const { monotonicNs, realtimeNs } = addon.clocks();
  return { realtimeMinusMonotonicNs: realtimeNs - monotonicNs };
}

/** What could be had without swapping, and within a container's limit. */
function availableMemory(): number {
  return process.availableMemory?.() ?? freemem();
}
