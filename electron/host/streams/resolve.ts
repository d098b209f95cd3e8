/** From what the context offers and the user set to one way of filling blocks, and its geometry. Pure. */
import type { AttributeAddress, DeviceInfo } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import { formatCount, formatDuration } from "../../../shared/figures.js";
import type { BlockGeometry, StreamSettings, TransportInfo } from "../../../shared/stream.js";
import type { SourceCandidate, SourcePlan } from "../context.js";
import { blockGeometry, prefersRead } from "./geometry.js";
import { smallestBlockSeconds } from "./block-size.js";
import { bufferOf } from "./settings.js";

/** File descriptors of the program besides those of blocks. */
const OTHER_FILES = 128;
/** Each block costs one, and one more in flight. */
const FILES_PER_BLOCK = 2;

export interface Machine {
  availableBytes: number;
  /** Hard limit of open files. */
  fileLimit: number;
}

export interface RateElsewhere {
  rate: AttributeAddress;
  rateHz: number | null;
}

export interface Resolved {
  plan: SourcePlan;
  candidate: SourceCandidate;
  geometry: BlockGeometry;
  /** As set; where the source waits for blocks the spacing of its samples, not their pace. null: not known. */
  rateHz: number | null;
  /** Where a rate is set, and where `rateHz` comes from (see SourcePlan). */
  rate: AttributeAddress | null;
  rateSource: AttributeAddress | null;
}

export function resolvePlan(
  plan: SourcePlan,
  settings: StreamSettings,
  machine: Machine,
  more: { elsewhere?: RateElsewhere | null; historyScans?: number } = {},
): Resolved {
  const { rateHz, rate, rateSource } = rateOf(plan, more.elsewhere ?? null);
  const candidate = chooseCandidate(plan, settings, rateHz);
  const geometry = blockGeometry({
    scanBytes: plan.layout.scanBytes,
    rateHz,
    lengthAlignBytes: plan.lengthAlignBytes,
    largestBlockBytes: candidate.transport === "dmabuf" ? plan.largestBlockBytes : null,
    transport: candidate.transport,
    settings: { ...settings, rateMax: plan.waitsForBlocks ?? false },
    availableBytes: machine.availableBytes,
    ...(more.historyScans === undefined ? {} : { historyScans: more.historyScans }),
    ...(needsFiles(candidate) ? { blocksByFiles: blocksWithin(machine.fileLimit) } : {}),
  });
  checkFiles(candidate, geometry, machine);
  return { plan, candidate, geometry, rateHz, rate, rateSource };
}

/** The rate of a buffer that is set at a device which the user linked: its context does not know of it. */
export function rateElsewhere(device: DeviceInfo, buffer: number): RateElsewhere | null {
  const { rate = null, rateHz = null } = bufferOf(device, buffer) ?? {};
  return rate && rate.device !== device.id ? { rate, rateHz } : null;
}

function rateOf(
  plan: SourcePlan,
  elsewhere: RateElsewhere | null,
): Pick<Resolved, "rateHz" | "rate" | "rateSource"> {
  const rate = plan.rate ?? elsewhere?.rate ?? null;
  if (plan.rateHz !== null || !elsewhere) {
    return { rateHz: plan.rateHz, rate, rateSource: plan.rateSource };
  }
  return { rateHz: elsewhere.rateHz, rate, rateSource: elsewhere.rate };
}

function chooseCandidate(
  plan: SourcePlan,
  settings: StreamSettings,
  rateHz: number | null,
): SourceCandidate {
  const [best] = plan.candidates;
  if (!best) {
    throw fail("NO_TRANSPORT", "No way to fill blocks works on this buffer. The doctor says why.");
  }
  const { scanBytes } = plan.layout;
  if (settings.transport !== "auto" || best.transport !== "dmabuf") return best;
  const read = plan.candidates.find((one) => one.transport === "read");
  if (!read || scanBytes <= 0 || !prefersRead(scanBytes, rateHz)) return best;
  const seconds = formatDuration(smallestBlockSeconds(scanBytes, rateHz));
  return {
    ...read,
    why: `The smallest DMABUF block (4 KiB) would last ${seconds} at this rate, so short reads show each sample sooner.`,
  };
}

const needsFiles = ({ arena }: SourceCandidate) => arena.kind !== "pages";

const blocksWithin = (fileLimit: number) => Math.floor((fileLimit - OTHER_FILES) / FILES_PER_BLOCK);

function checkFiles(
  candidate: SourceCandidate,
  { blockCount }: BlockGeometry,
  { fileLimit }: Machine,
): void {
  const needed = blockCount * FILES_PER_BLOCK + OTHER_FILES;
  if (!needsFiles(candidate) || needed <= fileLimit) return;
  throw fail(
    "EMFILE",
    `${formatCount(blockCount)} blocks need ${formatCount(needed)} open files, and this system allows ${formatCount(fileLimit)}. Take fewer and larger blocks, or raise the limit (ulimit -Hn).`,
    { field: "blockCount" },
  );
}

export function transportInfo(candidate: SourceCandidate): TransportInfo {
  const { transport, heap, directWrites, why, fix } = candidate;
  return { kind: transport, heap, directWrites, why, ...(fix === undefined ? {} : { fix }) };
}
