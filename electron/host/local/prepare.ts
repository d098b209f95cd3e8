/**
 * Makes a buffer ready: device trigger and its rate, `_en`, then reads back what the driver made of it; later `length`
 * and `watermark`. `enable` is written by the native stream, last of all.
 */
import type { Addon, NativeCounters, SourceOptions } from "../../../native/addon.js";
import { fail, toStudioError } from "../../../shared/errors.js";
import { computeLayout } from "../../../shared/layout.js";
import type { LayoutInput } from "../../../shared/layout.js";
import { formatScanFormat, parseScanFormat } from "../../../shared/parse-format.js";
import type { BlockGeometry, StreamSettings } from "../../../shared/stream.js";
import type { PreparedSource, SourceCandidate, SourcePlan } from "../context.js";
import { parseRate } from "../rate-attribute.js";
import type { LocalDevice } from "./device.js";
import { permissionFix } from "./fixes.js";
import { leftEnabledNote, lookLeftEnabled } from "./left-enabled.js";
import { makePlan, planRate, requireInput, wantedElements, wantedTrigger } from "./plan.js";
import type { PlanInput } from "./plan.js";
import { busySentence } from "./sentences.js";
import type { BufferSnapshot } from "./snapshot.js";
import { findTrigger, triggerFault } from "./triggers.js";

export interface PrepareInput extends PlanInput {
  addon: Addon;
  /** After what the device holds was changed, and when the stream ended. */
  changed: () => void;
  released: (vanished: boolean) => Promise<void>;
  /** What a run over memory of udmabuf showed. */
  overwritten: (count: NativeCounters["overwritten"]) => void;
}

export async function prepareSource(
  input: PrepareInput,
  buffer: number,
  settings: StreamSettings,
): Promise<PreparedSource> {
  const { device, info } = input;
  device.requirePresent();
  const bufferInfo = requireInput(info, buffer);
  const files = device.buffer(buffer);
  if (device.inUse.has(buffer)) {
    throw fail("EBUSY", "This buffer runs already. Stop it first.", { errno: 16 });
  }
  const notes: string[] = [];
  const wanted = wantedElements(info, buffer, settings.channels).map((element) => element.channel);
  await mendLeftEnabled(input, files, notes);
  if (settings.deviceTrigger) await setTrigger(input, settings.deviceTrigger);
  if (bufferInfo.needsTrigger) await checkTrigger(input, settings);
  await writeEnabled(input, buffer, wanted);
  const elements = await readElements(device, buffer, wanted, notes);
  const plan: SourcePlan = {
    ...makePlan(input, buffer, settings),
    layout: computeLayout(elements),
    ...ratePrepared(input, buffer, settings, elements, bufferInfo.needsTrigger),
    missing: [],
  };
  device.inUse.add(buffer);
  input.changed();
  return new LocalSource(input, files, elements, plan, notes);
}

function ratePrepared(
  input: PrepareInput,
  buffer: number,
  settings: StreamSettings,
  elements: readonly LayoutInput[],
  needsTrigger: boolean,
): ReturnType<typeof planRate> {
  const trigger = needsTrigger ? wantedTrigger(input, settings) : null;
  const channels = elements.map((element) => element.channel);
  const rate = planRate(input, buffer, channels, trigger);
  if (rate.rateHz === 0) {
    throw fail("BAD_REQUEST", "The sampling rate is 0. Set sampling_frequency first.", {
      field: "rate",
    });
  }
  return rate;
}

async function mendLeftEnabled(
  { device, addon }: PrepareInput,
  buffer: BufferSnapshot,
  notes: string[],
): Promise<void> {
  notes.push(...device.mended.splice(0));
  const found = await lookLeftEnabled(addon, device, buffer);
  if (found.state === "off") return;
  if (found.state === "held") {
    const { holder } = found;
    throw fail("EBUSY", busySentence({ by: "program", holder }), { errno: 16 });
  }
  await write(device, found.path, "0", "enable");
  notes.push(leftEnabledNote(device, buffer));
}

async function setTrigger(
  input: PrepareInput,
  wanted: NonNullable<StreamSettings["deviceTrigger"]>,
): Promise<void> {
  const { device } = input;
  if (!device.triggered) {
    throw fail(
      "BAD_REQUEST",
      `${device.name} takes no device trigger: it has a clock of its own. Set the trigger to none.`,
      { field: "deviceTrigger" },
    );
  }
  const trigger = findTrigger(input.triggers, wanted.name);
  if (wanted.rateHz !== null) {
    if (!trigger.ratePath) {
      throw fail(
        "BAD_REQUEST",
        `The device trigger ${wanted.name} has no rate that can be set. Leave the rate empty.`,
        { field: "deviceTriggerRate" },
      );
    }
    await write(device, trigger.ratePath, rateText(wanted.rateHz), "deviceTriggerRate");
    const kept = await device.sysfs.tryRead(trigger.ratePath);
    trigger.info.rateHz = parseRate(kept);
    if (kept !== null)
      device.setValue(trigger.ratePath, { state: "ok", raw: kept, readAtMs: Date.now() });
  }
  const path = device.currentTriggerPath;
  if ((await device.sysfs.read(path)).trim() !== wanted.name) {
    await write(device, path, wanted.name, "deviceTrigger");
  }
  device.noteText(path, await device.sysfs.read(path));
  if (device.currentTrigger !== wanted.name) {
    throw fail(
      "EINVAL",
      `${device.name} did not take the device trigger ${wanted.name}. Choose another.`,
      { field: "deviceTrigger", ...(device.currentTrigger ? { kept: device.currentTrigger } : {}) },
    );
  }
}

/** hrtimer triggers take milli-hertz. */
function rateText(rateHz: number): string {
  return rateHz.toFixed(3).replace(/\.?0+$/, "");
}

async function checkTrigger(input: PrepareInput, settings: StreamSettings): Promise<void> {
  const { device, info } = input;
  device.noteText(device.currentTriggerPath, await device.sysfs.read(device.currentTriggerPath));
  const trigger = wantedTrigger(input, { deviceTrigger: null });
  const chosen = input.triggers.find((candidate) => candidate.info.name === trigger?.name);
  const rate = chosen?.ratePath ? parseRate(await device.sysfs.tryRead(chosen.ratePath)) : null;
  if (chosen && rate !== null) chosen.info.rateHz = rate;
  const fault = triggerFault(trigger && { ...trigger, rateHz: rate }, info.triggers);
  if (!fault) return;
  const field = trigger && settings.deviceTrigger ? "deviceTriggerRate" : "deviceTrigger";
  throw fail("EINVAL", fault.message, { field, ...(fault.fix ? { fix: fault.fix } : {}) });
}

/** First off, then on: a driver that takes only certain sets would refuse the two together. */
async function writeEnabled(
  input: PrepareInput,
  buffer: number,
  wanted: readonly string[],
): Promise<void> {
  const { device } = input;
  const elements = device.elements(buffer);
  const texts = await device.sysfs.readMany(elements.map(({ files }) => files.en));
  const isOn = (path: string) => texts.get(path)?.trim() === "1";
  for (const { channel, files } of elements) {
    if (!wanted.includes(channel) && isOn(files.en)) await write(device, files.en, "0", "channels");
  }
  for (const { channel, files } of elements) {
    if (wanted.includes(channel) && !isOn(files.en)) await write(device, files.en, "1", "channels");
  }
}

/** What is enabled now, with formats as they are now: the driver may have enabled more, and formats may have changed. */
async function readElements(
  device: LocalDevice,
  buffer: number,
  wanted: readonly string[],
  notes: string[],
): Promise<LayoutInput[]> {
  const elements = device.elements(buffer);
  const texts = await device.sysfs.readMany(
    elements.flatMap(({ files }) => [files.en, files.type, files.index]),
  );
  for (const [path, text] of texts) device.noteText(path, text);
  device.refreshChannels();
  const enabled: LayoutInput[] = [];
  for (const { channel, files } of elements) {
    if (texts.get(files.en)?.trim() !== "1") {
      if (!wanted.includes(channel)) continue;
      throw fail(
        "EINVAL",
        `${device.name} did not enable ${channel} with the others. Choose fewer channels.`,
        { field: "channels" },
      );
    }
    if (!wanted.includes(channel)) notes.push(`The driver enabled ${channel} as well.`);
    enabled.push({
      channel,
      index: Number(texts.get(files.index) ?? 0),
      format: parseScanFormat(texts.get(files.type) ?? ""),
    });
  }
  return enabled;
}

/** A write whose refusal names the field that asked for it. */
async function write(
  device: LocalDevice,
  path: string,
  text: string,
  field: string,
): Promise<void> {
  try {
    await device.sysfs.write(path, text);
  } catch (error) {
    const { code, message, ...more } = toStudioError(error);
    const denied = code === "EACCES" || code === "EPERM";
    const sentence = refusal(code, device, path, text, field) ?? message;
    throw fail(code, sentence, { ...more, field, ...(denied ? { fix: permissionFix() } : {}) });
  }
}

function refusal(
  code: string,
  device: LocalDevice,
  path: string,
  text: string,
  field: string,
): string | null {
  const file = path.split("/").at(-1)!;
  if (code === "EBUSY")
    return busySentence(device.inUse.size > 0 ? { by: "own stream" } : { by: "unknown" });
  if (code === "EPERM" && field === "deviceTrigger")
    return `The driver of ${device.name} has fixed its trigger. Set the trigger to none.`;
  if (code === "EACCES" || code === "EPERM")
    return `${file} of ${device.name} may not be written by this user. Install the udev rule and join its group.`;
  if (code !== "EINVAL" && code !== "ERANGE") return null;
  if (field === "channels")
    return `${device.name} does not take this set of channels (${file} was refused). Choose others.`;
  if (field === "deviceTriggerRate")
    return `The device trigger does not take a rate of ${text} Hz. Choose another.`;
  if (field === "deviceTrigger")
    return `${device.name} does not take the device trigger ${text}. Choose another.`;
  return null;
}

class LocalSource implements PreparedSource {
  readonly layout: SourcePlan["layout"];
  readonly rateHz: number | null;
  readonly rate: SourcePlan["rate"];
  readonly rateSource: SourcePlan["rateSource"];
  readonly lengthAlignBytes: number;
  readonly largestBlockBytes: number | null;
  readonly candidates: SourceCandidate[];
  readonly missing: string[] = [];
  private memory: SourceCandidate["arena"]["kind"] | null = null;

  constructor(
    private readonly input: PrepareInput,
    private readonly buffer: BufferSnapshot,
    private readonly elements: readonly LayoutInput[],
    plan: SourcePlan,
    readonly notes: string[],
  ) {
    this.layout = plan.layout;
    this.rateHz = plan.rateHz;
    this.rate = plan.rate;
    this.rateSource = plan.rateSource;
    this.lengthAlignBytes = plan.lengthAlignBytes;
    this.largestBlockBytes = plan.largestBlockBytes;
    this.candidates = plan.candidates;
  }

  async arm(candidate: SourceCandidate, geometry: BlockGeometry): Promise<SourceOptions> {
    const { device } = this.input;
    device.requirePresent();
    this.memory = candidate.arena.kind;
    const { scansPerBlock, queueDepth } = geometry;
    // The kernel keeps what is read() in `length` scans of its own; DMABUF blocks lie outside.
    const scans = candidate.transport === "read" ? scansPerBlock * queueDepth : scansPerBlock;
    const length = Math.max(2, scans);
    await write(device, `${this.buffer.dir}/length`, String(length), "blockSize");
    await this.writeWatermark(Math.min(scansPerBlock, length));
    await this.checkFormats();
    return {
      kind: candidate.transport === "dmabuf" ? "dmabuf" : "read",
      devicePath: device.node,
      bufferIndex: this.buffer.index,
      enablePath: `${this.buffer.dir}/enable`,
      devicePresencePath: device.dir,
    };
  }

  /** Never above a block, or the first block would wait for more. DMA buffers have a fixed one: EACCES is normal there. */
  private async writeWatermark(scans: number): Promise<void> {
    const { sysfs } = this.input.device;
    const path = `${this.buffer.dir}/watermark`;
    try {
      await sysfs.write(path, String(Math.max(1, scans)));
    } catch (error) {
      const { code } = toStudioError(error);
      if (!["EACCES", "EPERM", "ENOENT", "EINVAL", "EROFS"].includes(code)) throw error;
      const kept = Number((await sysfs.tryRead(path)) ?? 0);
      if (code === "EINVAL" && kept > scans) {
        this.notes.push(
          `The driver hands samples over ${kept} scans at a time; a block waits for as many.`,
        );
      }
    }
  }

  /** Formats can change at run time; the geometry was worked out with these. */
  private async checkFormats(): Promise<void> {
    const { device } = this.input;
    for (const { channel, files } of device.elements(this.buffer.index)) {
      const used = this.elements.find((element) => element.channel === channel);
      if (!used) continue;
      const now = parseScanFormat(await device.sysfs.read(files.type));
      if (formatScanFormat(now) === formatScanFormat(used.format)) continue;
      throw fail(
        "EAGAIN",
        `The format of ${channel} changed to ${formatScanFormat(now)} while the buffer was made ready. Start again.`,
      );
    }
  }

  async release(end: Parameters<PreparedSource["release"]>[0]): Promise<void> {
    this.input.device.inUse.delete(this.buffer.index);
    try {
      if (this.memory === "udmabuf") this.input.overwritten(end.overwritten);
      await this.input.released(end.vanished);
    } catch {
      // The device may be gone: what could not be looked at now is looked at with the next event.
    }
  }
}
