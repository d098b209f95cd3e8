/** One IIO device: its control thread, what its directory said, and the values read since. */
import type { Addon } from "../../../native/addon.js";
import { attributeUnit, chooseControl } from "../../../shared/attributes.js";
import { formatAttributeName, sameScope } from "../../../shared/device.js";
import type {
  AttributeAddress,
  AttributeInfo,
  AttributeValue,
  BufferInfo,
  DeviceId,
  DeviceInfo,
} from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import { transportOf } from "./candidates.js";
import { describeDevice, deviceDetail } from "./describe.js";
import type { DeviceDescription, LocalAttribute, LocalElement } from "./describe.js";
import type { LocalPaths } from "./paths.js";
import { NOT_ASKED } from "./probe.js";
import type { BufferAnswers, LocalHeap } from "./probe.js";
import { ReadingLanes } from "./lanes.js";
import { readRefused } from "./sentences.js";
import type { BusyCause } from "./sentences.js";
import { takeSnapshot } from "./snapshot.js";
import type { BufferSnapshot, DeviceSnapshot } from "./snapshot.js";
import { Sysfs } from "./sysfs.js";
import type { LocalTrigger } from "./triggers.js";

/** A driver may take its time; what takes longer is reported, and its thread left behind. */
const CONTROL_DEADLINE_MS = 5_000;
const CONTROL_QUEUE = 1_024;

export class LocalDevice {
  readonly id: DeviceId;
  readonly dir: string;
  readonly node: string;
  readonly sysfs: Sysfs;
  private readonly lanes: ReadingLanes;
  /** Answers of the probe, by buffer. */
  readonly answers = new Map<number, BufferAnswers>();
  /** Buffers that a stream of this program prepared or runs. */
  readonly inUse = new Set<number>();
  /** What was put right for a write and is yet to be told. */
  readonly mended: string[] = [];
  goneAtMs: number | null = null;
  /** Name of its hardware parent; "" if it has none. */
  private place: string | null = null;
  private snapshot: DeviceSnapshot;
  private description: DeviceDescription;
  private triggerAttributes: LocalAttribute[] = [];
  /** How long an attribute took last time. */
  private readonly tookMs = new Map<string, number>();

  constructor(
    addon: Addon,
    private readonly paths: LocalPaths,
    readonly sysName: string,
  ) {
    this.id = `local:${sysName}`;
    this.dir = paths.entry(sysName);
    this.node = paths.node(sysName);
    const open = (name: string) =>
      new Sysfs(addon.openControl(name, CONTROL_DEADLINE_MS, CONTROL_QUEUE));
    this.sysfs = open(sysName);
    this.lanes = new ReadingLanes((lane) => open(`${sysName.replace("iio:", "")} read${lane}`));
    this.snapshot = {
      sysName,
      dir: this.dir,
      files: [],
      buffers: [],
      triggered: false,
      texts: new Map(),
    };
    this.description = describeDevice(this.snapshot, 0);
  }

  /** Looks at the whole directory. Values read before are read again when somebody looks. */
  async scan(): Promise<void> {
    this.place ??= await this.paths.place(this.sysfs, this.sysName).catch(() => "");
    this.snapshot = await takeSnapshot(this.sysfs, this.sysName, this.dir);
    this.description = describeDevice(this.snapshot, Date.now());
  }

  get name(): string {
    return this.description.name;
  }

  get triggered(): boolean {
    return this.snapshot.triggered;
  }

  get currentTrigger(): string | null {
    return this.snapshot.texts.get(this.currentTriggerPath)?.trim() || null;
  }

  get currentTriggerPath(): string {
    return `${this.dir}/trigger/current_trigger`;
  }

  get buffers(): readonly BufferSnapshot[] {
    return this.snapshot.buffers;
  }

  /** Remembers what a file was seen to hold. */
  noteText(path: string, text: string): void {
    this.snapshot.texts.set(path, text);
  }

  setTriggers(triggers: readonly LocalTrigger[]): void {
    this.triggerAttributes = !this.triggered ? [] : triggers.flatMap(triggerAttribute);
  }

  buffer(index: number): BufferSnapshot {
    const buffer = this.snapshot.buffers.find((candidate) => candidate.index === index);
    if (buffer) return buffer;
    throw fail("NOT_FOUND", `${this.name} has no buffer ${index}.`);
  }

  elements(index: number): readonly LocalElement[] {
    return this.description.elements.get(index) ?? [];
  }

  requirePresent(): void {
    if (this.goneAtMs === null) return;
    throw fail("ENODEV", `${this.name} is gone. Plug it in again.`, { errno: 19 });
  }

  private get attributes(): LocalAttribute[] {
    return [...this.description.attributes, ...this.triggerAttributes];
  }

  find(address: Pick<AttributeAddress, "scope" | "name">): LocalAttribute {
    const found = this.attributes.find(
      ({ info }) => info.name === address.name && sameScope(info.scope, address.scope),
    );
    if (found) return found;
    const name = formatAttributeName(address.scope, address.name);
    throw fail("NOT_FOUND", `${this.name} has no attribute ${name}.`, { field: "name" });
  }

  /** All attributes that show the same file. */
  sharing(path: string): LocalAttribute[] {
    return this.attributes.filter((attribute) => attribute.path === path);
  }

  /** Attributes whose values the description of channels and buffers is made of. */
  derived(): LocalAttribute[] {
    return this.attributes.filter(
      ({ info }) =>
        info.access !== "write" && /^(scale|offset|.*sampling_frequency)$/.test(info.name),
    );
  }

  /** Reads one attribute; a refusal is a value too. `by`: the thread to read on, if not the device's own. */
  async read(
    attribute: LocalAttribute,
    busy: BusyCause,
    by: Sysfs = this.sysfs,
  ): Promise<AttributeValue> {
    const { path, info } = attribute;
    if (info.access === "write") return info.value;
    const before = Date.now();
    let value: AttributeValue;
    try {
      value = { state: "ok", raw: await by.read(path), readAtMs: Date.now() };
    } catch (error) {
      value = { state: "failed", error: readRefused(error, info.name, busy) };
      const last = lastRaw(info.value);
      if (last !== undefined) value.raw = last;
    }
    this.tookMs.set(path, Date.now() - before);
    this.setValue(path, value);
    return value;
  }

  /** Gives a value to every attribute of a file; its control follows what was read. */
  setValue(path: string, value: AttributeValue): void {
    if (value.state === "ok") this.snapshot.texts.set(path, value.raw);
    let scaling = false;
    for (const { info } of this.sharing(path)) {
      info.value = value;
      scaling ||= info.name === "scale" || info.name === "offset";
      if (value.state !== "ok") continue;
      info.control = chooseControl(info.name, value.raw, info.available);
      info.unit = attributeUnit(info.name, this.channelOf(info), value.raw);
    }
    if (scaling) this.refreshChannels();
  }

  private channelOf(info: AttributeInfo): { type: string; modifier: string } | null {
    const { scope } = info;
    if (scope.kind !== "channel") return null;
    return this.description.channels.find((channel) => channel.id === scope.channel) ?? null;
  }

  /** Channels again from the texts known: scale, offset, formats and `_en` may have changed. */
  refreshChannels(): void {
    this.description.channels = describeDevice(this.snapshot, Date.now()).channels;
  }

  /**
   * Every attribute within a deadline. What was under way at the deadline comes back as failed (ETIMEDOUT), what had not
   * begun as unread: so does one that last took longer than the deadline.
   */
  async readAll(deadlineMs: number, busy: BusyCause): Promise<AttributeInfo[]> {
    const paths = [...new Set(this.attributes.map((attribute) => attribute.path))].filter(
      (path) => (this.tookMs.get(path) ?? 0) < deadlineMs,
    );
    const states = await this.lanes.run(paths, deadlineMs, async (path, lane) => {
      const attribute = this.sharing(path)[0];
      if (attribute) await this.read(attribute, busy, lane);
    });
    return this.attributes.map((attribute) => {
      const state = states.get(attribute.path) ?? "waiting";
      const { info } = attribute;
      if (state === "done") return { ...info };
      if (state === "waiting") return { ...info, value: { state: "unread" } };
      this.tookMs.set(attribute.path, deadlineMs);
      return { ...info, value: timedOut(attribute, deadlineMs) };
    });
  }

  /** Without links and rates, which need the other devices. */
  info(heaps: readonly LocalHeap[], triggers: readonly LocalTrigger[]): DeviceInfo {
    const { name, label, channels } = this.description;
    const info: DeviceInfo = {
      id: this.id,
      context: "local",
      name,
      label,
      detail: deviceDetail(channels, this.snapshot.buffers.length),
      presence: this.goneAtMs === null ? "present" : "gone",
      channels,
      pairs: [],
      buffers: this.snapshot.buffers.map((buffer) => this.bufferInfo(buffer, heaps)),
      attributes: this.attributes.map(({ info: attribute }) => ({ ...attribute })),
      links: [],
      triggers: this.triggered ? triggers.map((trigger) => trigger.info) : [],
      currentTrigger: this.currentTrigger,
    };
    if (this.place) info.place = this.place;
    if (this.goneAtMs !== null) info.goneAtMs = this.goneAtMs;
    return info;
  }

  private bufferInfo(buffer: BufferSnapshot, heaps: readonly LocalHeap[]): BufferInfo {
    const answers = this.answers.get(buffer.index) ?? NOT_ASKED;
    const direction = this.snapshot.texts.get(`${buffer.dir}/direction`)?.trim();
    const output = buffer.scan.length > 0 && buffer.scan.every((scan) => scan.direction === "out");
    return {
      index: buffer.index,
      direction: direction === "out" || (direction === undefined && output) ? "out" : "in",
      ...transportOf(answers, heaps),
      dmabuf: answers.dmabuf,
      read: answers.read,
      heaps: heaps.map((heap) => heap.info),
      lengthAlignBytes: this.lengthAlign(buffer),
      needsTrigger: this.needsTrigger(buffer),
      rate: null,
      rateHz: null,
    };
  }

  lengthAlign(buffer: BufferSnapshot): number {
    const text = this.snapshot.texts.get(`${buffer.dir}/length_align_bytes`);
    const bytes = Number(text ?? 1);
    return Number.isInteger(bytes) && bytes > 0 ? bytes : 1;
  }

  /**
   * The IIO core starts a buffer without trigger only in hardware or software mode. A driver that has these beside a
   * triggered mode shows its FIFO (`hwfifo_…`); DMA buffers have no trigger directory at all.
   */
  needsTrigger(buffer: BufferSnapshot): boolean {
    return this.triggered && !buffer.files.some((file) => file.name.startsWith("hwfifo_"));
  }

  close(): void {
    this.sysfs.close();
    this.lanes.close();
  }
}

function triggerAttribute(trigger: LocalTrigger): LocalAttribute[] {
  if (!trigger.ratePath) return [];
  const raw = trigger.info.rateHz === null ? undefined : String(trigger.info.rateHz);
  return [
    {
      path: trigger.ratePath,
      info: {
        scope: { kind: "trigger", trigger: trigger.info.name },
        name: "sampling_frequency",
        access: "read-write",
        control: "number",
        available: { kind: "any" },
        unit: "Hz",
        value: raw === undefined ? { state: "unread" } : { state: "ok", raw, readAtMs: Date.now() },
      },
    },
  ];
}

function lastRaw(value: AttributeValue): string | undefined {
  return value.state === "unread" ? undefined : value.raw;
}

function timedOut(attribute: LocalAttribute, deadlineMs: number): AttributeValue {
  return {
    state: "failed",
    error: {
      code: "ETIMEDOUT",
      message: `${attribute.info.name} did not answer within ${deadlineMs / 1000} s. Read it by itself.`,
      path: attribute.path,
    },
  };
}
