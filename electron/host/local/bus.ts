/**
 * All IIO devices and triggers of this computer: found, followed, and asked once each what they can do.
 */
import type { Addon } from "../../../native/addon.js";
import type { ContextInfo, DeviceId, DeviceInfo } from "../../../shared/device.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { parseRate } from "../rate-attribute.js";
import { LocalDevice } from "./device.js";
import { kernelShort } from "./facts.js";
import { Hotplug } from "./hotplug.js";
import type { HotplugChange } from "./hotplug.js";
import type { LocalPaths } from "./paths.js";
import { heapsFor, probeBuffer, probeHeaps } from "./probe.js";
import type { LocalHeap } from "./probe.js";
import type { UdmabufProofs } from "./proofs.js";
import { describeTogether } from "./together.js";
import { Sysfs } from "./sysfs.js";
import { listTriggers } from "./triggers.js";
import type { LocalTrigger } from "./triggers.js";

export interface BusListener {
  changed(id: DeviceId): void;
  removed(id: DeviceId): void;
  state(state: ContextInfo["state"], followed: boolean): void;
}

/** udev sets permissions a moment after the kernel tells of a device: denied answers are asked again so often. */
const ASK_AGAIN_MS = [300, 1_000, 3_000];
/** Devices that went and are still listed. */
const MOST_GONE = 8;

export class LocalBus {
  heaps: readonly LocalHeap[] = [];
  triggers: readonly LocalTrigger[] = [];
  udmabufLimitBytes: number | null = null;
  private readonly known = new Map<DeviceId, LocalDevice>();
  /** Identity of a device's hardware parent: the first device that has the same one. */
  private parents = new Map<DeviceId, DeviceId>();
  /** What each device was last told to be to the others. */
  private readonly related = new Map<DeviceId, string>();
  private readonly sysfs: Sysfs;
  private readonly hotplug: Hotplug;
  private readonly timers = new Set<NodeJS.Timeout>();
  private work: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly addon: Addon,
    private readonly paths: LocalPaths,
    private readonly proofs: UdmabufProofs,
    private readonly listener: BusListener,
  ) {
    this.sysfs = new Sysfs(addon.openControl("iio-bus", 5_000, 1_024));
    this.hotplug = new Hotplug((change) => this.enqueue(() => this.follow(change)));
  }

  async start(): Promise<void> {
    // Follow first, look then: what comes between is seen twice rather than never.
    const fault = this.hotplug.start(this.addon);
    this.enqueue(async () => {
      await this.refreshHeaps();
      await this.lookAtAll();
    });
    await this.work;
    if (fault) this.listener.state({ kind: "ready" }, false);
  }

  /** One thing after the other: two looks at the same device would mix. */
  private enqueue(task: () => Promise<void>): void {
    this.work = this.work.then(async () => {
      if (this.closed) return;
      try {
        await task();
      } catch (error) {
        this.listener.state({ kind: "unavailable", error: toStudioError(error) }, true);
      }
    });
  }

  private async follow(change: HotplugChange): Promise<void> {
    if (change.heaps || change.all) await this.refreshHeaps();
    if (change.all) await this.lookAtAll();
    else {
      for (const [sysName, { went }] of change.devices) await this.lookAt(sysName, went);
      if (change.triggers || change.devices.size > 0) await this.refreshShared();
    }
    if (change.heaps) {
      for (const device of this.present()) {
        device.answers.clear();
        await this.probe(device);
        this.tell(device);
      }
    }
  }

  private async lookAtAll(): Promise<void> {
    const names = await this.deviceNames();
    for (const device of this.present()) if (!names.includes(device.sysName)) this.markGone(device);
    // Each has its own thread: a slow driver holds up none of the others.
    await Promise.all(names.map((name) => this.lookAt(name, false)));
    await this.refreshShared();
  }

  private async deviceNames(): Promise<string[]> {
    const entries = await this.sysfs.list(this.paths.bus);
    return entries.map((entry) => entry.name).filter((name) => /^iio:device\d+$/.test(name));
  }

  /** Looks at one device. `went`: the one known by this name is gone, whatever is there now. */
  private async lookAt(sysName: string, went: boolean): Promise<void> {
    const known = this.known.get(`local:${sysName}`);
    if (known && known.goneAtMs === null && went) this.markGone(known);
    if (!(await this.sysfs.exists(this.paths.entry(sysName)))) {
      if (known && known.goneAtMs === null) this.markGone(known);
      return;
    }
    const device =
      known && known.goneAtMs === null ? known : new LocalDevice(this.addon, this.paths, sysName);
    if (device.inUse.size > 0) return;
    try {
      await device.scan();
    } catch (error) {
      // It went while we looked; or its driver does not answer: it is shown by its number alone.
      if (["ENOENT", "ENODEV"].includes(toStudioError(error).code)) {
        if (device !== known) device.close();
        return;
      }
    }
    this.add(device, known);
    await this.probe(device);
    this.tell(device);
  }

  private add(device: LocalDevice, known: LocalDevice | undefined): void {
    if (device === known) return;
    known?.close();
    this.known.set(device.id, device);
    this.forgetOldest();
  }

  /** Rows of devices that went stay, with what they delivered; a plug that is worn out must not fill the list. */
  private forgetOldest(): void {
    const gone = [...this.known.values()]
      .filter((device) => device.goneAtMs !== null && device.inUse.size === 0)
      .sort((a, b) => b.goneAtMs! - a.goneAtMs!);
    for (const device of gone.slice(MOST_GONE)) {
      this.known.delete(device.id);
      this.related.delete(device.id);
      device.close();
      this.listener.removed(device.id);
    }
  }

  private markGone(device: LocalDevice): void {
    device.goneAtMs = Date.now();
    device.answers.clear();
    this.tell(device);
  }

  /** What concerns all: triggers, and who has the same parent as whom. */
  private async refreshShared(): Promise<void> {
    const entries = await this.sysfs.list(this.paths.bus);
    const names = entries.map((entry) => entry.name).filter((name) => /^trigger\d+$/.test(name));
    const devices = this.present();
    const sysNames = devices.map((device) => device.sysName);
    this.triggers = await listTriggers(this.sysfs, this.paths, names, sysNames);
    for (const device of this.known.values()) device.setTriggers(this.triggers);
    this.parents = await this.findParents(devices);
    this.tellRelated();
  }

  /** Tells of those for which links, triggers or rates are not what they were: the others are left alone. */
  private tellRelated(): void {
    for (const info of this.infos()) {
      const rates = info.buffers.map((buffer) => [buffer.rate, buffer.rateHz]);
      const related = JSON.stringify([info.links, info.triggers, info.currentTrigger, rates]);
      const before = this.related.get(info.id);
      this.related.set(info.id, related);
      if (before !== undefined && before !== related) this.listener.changed(info.id);
    }
  }

  private tell(device: LocalDevice): void {
    if (!this.closed) this.listener.changed(device.id);
  }

  private async findParents(devices: readonly LocalDevice[]): Promise<Map<DeviceId, DeviceId>> {
    const parents = new Map<DeviceId, DeviceId>();
    const firsts: LocalDevice[] = [];
    for (const device of devices) {
      if (!(await this.paths.hasParent(this.sysfs, device.sysName))) continue;
      let first: LocalDevice | null = null;
      for (const other of firsts) {
        const sibling = this.paths.sibling(other.sysName, device.sysName);
        if (!first && (await this.sysfs.exists(sibling))) first = other;
      }
      if (!first) firsts.push(device);
      parents.set(device.id, (first ?? device).id);
    }
    return parents;
  }

  private async refreshHeaps(): Promise<void> {
    this.heaps = await probeHeaps(this.addon, this.sysfs, this.paths);
    const limit = Number((await this.sysfs.tryRead(this.paths.udmabufLimit)) ?? NaN);
    this.udmabufLimitBytes = Number.isInteger(limit) && limit > 0 ? limit * 2 ** 20 : null;
  }

  /** Asks each buffer that did not give a lasting answer yet. */
  private async probe(device: LocalDevice, attempt = 0): Promise<void> {
    for (const { index } of device.buffers) {
      const answers = device.answers.get(index);
      if (device.inUse.has(index) || (answers && !answers.busy && !answers.denied)) continue;
      device.answers.set(
        index,
        await probeBuffer(this.addon, device.node, index, this.heaps, kernelShort()),
      );
    }
    const denied = [...device.answers.values()].some((answer) => answer.denied);
    if (denied) this.askLater(device, attempt);
  }

  private askLater(device: LocalDevice, attempt: number): void {
    const wait = ASK_AGAIN_MS[attempt];
    if (wait === undefined || this.closed) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.enqueue(async () => {
        if (device.goneAtMs !== null || this.known.get(device.id) !== device) return;
        await this.refreshHeaps();
        await this.probe(device, attempt + 1);
        this.tell(device);
      });
    }, wait);
    timer.unref();
    this.timers.add(timer);
  }

  /** Before a start: what was busy or refused then may be free now. A good answer is kept. */
  async askAgain(device: LocalDevice, index: number): Promise<void> {
    const answers = device.answers.get(index);
    if (answers?.dmabuf.state === "yes" || device.goneAtMs !== null) return;
    if (answers?.dmabuf.state === "no" && answers.read.state === "yes" && !answers.denied) return;
    if (!device.buffers.some((buffer) => buffer.index === index)) return;
    if (answers?.denied) await this.refreshHeaps();
    const fresh = await probeBuffer(this.addon, device.node, index, this.heaps, kernelShort());
    device.answers.set(index, fresh);
    if (fresh.busy && fresh.read.state === "unknown") {
      throw fail("EBUSY", `${fresh.read.reason} Stop that program first.`, { errno: 16 });
    }
  }

  /** After a stream: what it had set is read again; a device that vanished is marked. */
  async released(device: LocalDevice, vanished: boolean): Promise<void> {
    const there = !this.closed && (await this.sysfs.exists(device.dir));
    if (vanished && !there && device.goneAtMs === null) this.markGone(device);
    if (there && device.goneAtMs === null) {
      this.enqueue(async () => {
        await this.lookAt(device.sysName, false);
        await this.refreshShared();
      });
      await this.work;
    }
  }

  device(id: DeviceId): LocalDevice {
    const device = this.known.get(id);
    if (device) return device;
    throw fail(
      "NOT_FOUND",
      `There is no device ${id} on this computer. Look at the list of devices.`,
    );
  }

  private present(): LocalDevice[] {
    return [...this.known.values()].filter((device) => device.goneAtMs === null);
  }

  heapsOf(device: LocalDevice): LocalHeap[] {
    return heapsFor(this.heaps, this.proofs.has(device.name));
  }

  /** Every device as the explorer shows it: with pairs, links and rates. */
  infos(): DeviceInfo[] {
    const bare = [...this.known.values()].map((device) =>
      device.info(this.heapsOf(device), this.triggers),
    );
    return describeTogether(bare, this.parents);
  }

  /** Devices that are linked to this one, whose rate may be its rate. */
  leaningOn(id: DeviceId): DeviceId[] {
    return this.infos()
      .filter((info) => info.id !== id && info.links.some((link) => link.device === id))
      .map((info) => info.id);
  }

  /** A trigger's rate was written as an attribute. */
  noteTriggerRate(path: string, raw: string): void {
    for (const trigger of this.triggers)
      if (trigger.ratePath === path) trigger.info.rateHz = parseRate(raw);
  }

  close(): void {
    this.closed = true;
    this.hotplug.stop();
    for (const timer of this.timers) clearTimeout(timer);
    for (const device of this.known.values()) device.close();
    this.sysfs.close();
  }
}
