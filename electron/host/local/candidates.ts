/** Which ways to fill blocks are to be had for a buffer, best first, each with the reason that the user reads. */
import type { BufferInfo, ProbeAnswer } from "../../../shared/device.js";
import { fail } from "../../../shared/errors.js";
import type { StudioError } from "../../../shared/errors.js";
import type { StreamSettings } from "../../../shared/stream.js";
import type { SourceCandidate } from "../context.js";
import type { BufferAnswers, LocalHeap } from "./probe.js";

type Wanted = Pick<StreamSettings, "transport" | "heap">;

/** Never empty: throws with the reason and the fix where what was asked for can't be had. */
export function chooseCandidates(
  wanted: Wanted,
  answers: BufferAnswers,
  heaps: readonly LocalHeap[],
): SourceCandidate[] {
  checkHeapName(wanted.heap, heaps);
  const dmabuf = wanted.transport === "read" ? [] : dmabufCandidates(wanted, answers, heaps);
  const named = wanted.heap !== "auto" && wanted.heap !== "pages";
  if (
    dmabuf.length === 0 &&
    (wanted.transport === "dmabuf" || (named && wanted.transport === "auto"))
  ) {
    throw cantHave(
      dmabufFault(wanted, answers, heaps),
      wanted.transport === "dmabuf" ? "transport" : "heap",
    );
  }
  const read = wanted.transport === "dmabuf" || named ? [] : readCandidates(wanted, answers, heaps);
  const candidates = [...dmabuf, ...read];
  if (candidates.length > 0) return candidates;
  throw cantHave(
    answers.read.state === "no"
      ? answers.read.error
      : { code: "EBUSY", message: unknownReason(answers.read) },
    "transport",
  );
}

/** What `auto` takes now, for the explorer. */
export function transportOf(
  answers: BufferAnswers,
  heaps: readonly LocalHeap[],
): Pick<BufferInfo, "transport" | "why" | "fix"> {
  try {
    const best = chooseCandidates({ transport: "auto", heap: "auto" }, answers, heaps)[0]!;
    const { transport, why, fix } = best;
    return fix === undefined ? { transport, why } : { transport, why, fix };
  } catch (error) {
    const detail = (error as { detail?: StudioError }).detail;
    const why = detail?.message ?? String(error);
    return detail?.fix === undefined
      ? { transport: "read", why }
      : { transport: "read", why, fix: detail.fix };
  }
}

function checkHeapName(name: string, heaps: readonly LocalHeap[]): void {
  if (name === "auto" || name === "pages") return;
  if (heaps.some((heap) => heap.info.name === name)) return;
  const names = heaps.map((heap) => heap.info.name);
  throw fail(
    "NOT_FOUND",
    names.length > 0
      ? `There is no heap "${name}" on this machine. There are: ${names.join(", ")}.`
      : `There is no heap "${name}" on this machine, nor any other. Set the memory to auto.`,
    { field: "heap" },
  );
}

function dmabufCandidates(
  wanted: Wanted,
  answers: BufferAnswers,
  heaps: readonly LocalHeap[],
): SourceCandidate[] {
  // A buffer that could not be asked is offered DMABUF all the same: it is asked again before the start.
  if (answers.dmabuf.state === "no" || wanted.heap === "pages") return [];
  return usableHeaps(wanted, heaps).map((heap) => ({
    transport: "dmabuf",
    heap: heap.info.name,
    arena: { kind: heap.kind, devicePath: heap.devicePath },
    directWrites: heap.info.directWrites,
    why: heapReason(heap, wanted),
  }));
}

function usableHeaps(wanted: Wanted, heaps: readonly LocalHeap[]): LocalHeap[] {
  const usable = heaps.filter(({ info }) => info.usable.state === "yes");
  if (wanted.heap !== "auto") return usable.filter(({ info }) => info.name === wanted.heap);
  const unasked = usable.filter(mayTake);
  // Who asks for DMABUF gets it; the run itself looks whether the device fills its blocks.
  return unasked.length === 0 && wanted.transport === "dmabuf" ? usable : unasked;
}

/** Memory of udmabuf is taken unasked only for a device that was seen to fill it. */
function mayTake(heap: LocalHeap): boolean {
  return heap.kind !== "udmabuf" || heap.proven === true;
}

function heapReason(heap: LocalHeap, wanted: Wanted): string {
  const memory = heap.kind === "udmabuf" ? "udmabuf" : `the ${heap.info.name} heap`;
  const taken = heap.proven ? ", which a run has proven" : "";
  const chosen = wanted.heap === "auto" ? taken : ", as chosen";
  return `DMABUF with memory of ${memory}${chosen}: the device writes straight into the blocks.`;
}

function readCandidates(
  wanted: Wanted,
  answers: BufferAnswers,
  heaps: readonly LocalHeap[],
): SourceCandidate[] {
  if (answers.read.state === "no") return [];
  const candidate: SourceCandidate = {
    transport: "read",
    heap: "pages",
    arena: { kind: "pages", devicePath: "" },
    directWrites: true,
    why: "read(), as chosen.",
  };
  if (wanted.transport === "read" || wanted.heap === "pages") return [candidate];
  const fault = dmabufFault(wanted, answers, heaps);
  if (usableHeaps(wanted, heaps).length > 0 && answers.dmabuf.state !== "no")
    return [{ ...candidate, why: "read(): blocks of DMABUF would last too long at this rate." }];
  const why = `read(): ${lowerFirst(fault.message)}`;
  return [fault.fix === undefined ? { ...candidate, why } : { ...candidate, why, fix: fault.fix }];
}

/** Why DMABUF can't be had. */
function dmabufFault(
  wanted: Wanted,
  answers: BufferAnswers,
  heaps: readonly LocalHeap[],
): StudioError {
  if (answers.dmabuf.state === "no") return answers.dmabuf.error;
  const heap = heaps.find(
    (candidate) => wanted.heap === "auto" || candidate.info.name === wanted.heap,
  );
  if (heap?.info.usable.state === "no") return heap.info.usable.error;
  if (wanted.heap === "auto" && heaps.length > 0 && heaps.every((each) => !mayTake(each))) {
    return {
      code: "EAGAIN",
      message:
        "Whether this device fills memory of udmabuf is not proven yet, and there is no other for DMABUF. Choose the memory udmabuf once: a run over it shows that.",
      fix: "record DEVICE --heap udmabuf",
    };
  }
  return { code: "EBUSY", message: unknownReason(answers.dmabuf) };
}

function unknownReason(answer: ProbeAnswer): string {
  return answer.state === "unknown"
    ? `${answer.reason} Stop it there, then try again.`
    : "The buffer can't be used now.";
}

function cantHave(error: StudioError, field: string) {
  const { code, message, ...more } = error;
  return fail(code, message, { ...more, field });
}

function lowerFirst(text: string): string {
  // Paths and names keep their case; a sentence's "The" and "This" do not begin one here.
  return /^(The|This|There) /.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
