/**
 * What can be used here: which memory, and which way each buffer gives its samples. Each question is asked once and its
 * answer kept, with the sentence that the user reads. Nothing is ever enabled.
 */
import type { Addon } from "../../../native/addon.js";
import type { HeapInfo, ProbeAnswer } from "../../../shared/device.js";
import { errnoName } from "./errno.js";
import { HEAP_FIX, permissionFix } from "./fixes.js";
import type { LocalPaths } from "./paths.js";
import type { Sysfs } from "./sysfs.js";

export interface LocalHeap {
  info: HeapInfo;
  kind: "heap" | "udmabuf";
  devicePath: string;
  /** Of udmabuf, for one device: a run has shown that the device fills it. */
  proven?: boolean;
}

/** The heaps as one device has them: memory of udmabuf comes first once it is proven, for the disk takes it without a copy. */
export function heapsFor(heaps: readonly LocalHeap[], proven: boolean): LocalHeap[] {
  if (!proven) return [...heaps];
  const udmabuf = heaps.filter(({ kind }) => kind === "udmabuf");
  const others = heaps.filter(({ kind }) => kind !== "udmabuf");
  return [...udmabuf.map((heap) => ({ ...heap, proven })), ...others];
}

/** Scattered pages suit every engine that has scatter-gather or an IOMMU; contiguous heaps are few and small. */
function heapRank(name: string): number {
  if (name === "udmabuf") return 3;
  if (name === "system") return 0;
  return /uncached/.test(name) ? 2 : 1;
}

/** Every heap of /dev/dma_heap, and udmabuf; the one to prefer first. */
export async function probeHeaps(
  addon: Addon,
  sysfs: Sysfs,
  paths: LocalPaths,
): Promise<LocalHeap[]> {
  const names = await sysfs.list(paths.heaps).then(
    (entries) => entries.map((entry) => entry.name),
    () => [],
  );
  const candidates: Omit<LocalHeap, "info">[] = names.map((name) => ({
    kind: "heap",
    devicePath: `${paths.heaps}/${name}`,
  }));
  if (await sysfs.exists(paths.udmabuf))
    candidates.push({ kind: "udmabuf", devicePath: paths.udmabuf });
  const heaps: LocalHeap[] = [];
  for (const { kind, devicePath } of candidates) {
    const name = kind === "udmabuf" ? "udmabuf" : devicePath.slice(paths.heaps.length + 1);
    const errno = await addon.probeHeap(kind, devicePath);
    heaps.push({
      kind,
      devicePath,
      info: { name, usable: heapAnswer(errno, devicePath), directWrites: kind === "udmabuf" },
    });
  }
  return heaps.sort((a, b) => heapRank(a.info.name) - heapRank(b.info.name));
}

function heapAnswer(errno: number, path: string): ProbeAnswer {
  if (errno === 0) return { state: "yes" };
  const code = errnoName(errno);
  const error = { code, errno, path, syscall: "open" };
  if (code === "EACCES" || code === "EPERM") {
    const message = `${path} may not be opened by this user. Install the udev rule and join its group.`;
    return { state: "no", error: { ...error, message, fix: permissionFix() } };
  }
  if (code === "ENOENT" || code === "ENXIO" || code === "ENODEV") {
    return {
      state: "no",
      error: { ...error, message: `${path} is not there in this kernel.`, fix: HEAP_FIX },
    };
  }
  const message = `${path} gave no memory (${code}). Free some memory, or choose another heap.`;
  return { state: "no", error: { ...error, message } };
}

export interface BufferAnswers {
  dmabuf: ProbeAnswer;
  read: ProbeAnswer;
  /** Held by somebody: worth asking again later. */
  busy: boolean;
  /** Refused for want of permission: udev may not be done yet. */
  denied: boolean;
}

export const NOT_ASKED: BufferAnswers = {
  dmabuf: { state: "unknown", reason: "The buffer was not asked yet." },
  read: { state: "unknown", reason: "The buffer was not asked yet." },
  busy: true,
  denied: false,
};

export async function probeBuffer(
  addon: Addon,
  node: string,
  index: number,
  heaps: readonly LocalHeap[],
  kernel: string,
): Promise<BufferAnswers> {
  const heap = heaps.find((candidate) => candidate.info.usable.state === "yes") ?? null;
  const result = await addon.probeBuffer(
    node,
    index,
    heap && { kind: heap.kind, devicePath: heap.devicePath },
  );
  if (result.getFd !== 0) return notOpened(result.getFd, result.holder, node, kernel);
  return {
    read: { state: "yes" },
    dmabuf: heap ? attachAnswer(result.attach, kernel) : noHeap(heaps),
    busy: false,
    denied: !heap && heaps.some((candidate) => isDenied(candidate.info.usable)),
  };
}

function isDenied(answer: ProbeAnswer): boolean {
  return answer.state === "no" && /^(EACCES|EPERM)$/.test(answer.error.code);
}

function notOpened(errno: number, holder: string, node: string, kernel: string): BufferAnswers {
  const code = errnoName(errno);
  if (code === "EBUSY") {
    const reason = `The buffer is in use by ${holder || "another program"}.`;
    const unknown: ProbeAnswer = { state: "unknown", reason };
    return { dmabuf: unknown, read: unknown, busy: true, denied: false };
  }
  const error = { code, errno, path: node, syscall: "open" };
  const no = (message: string, fix?: string): ProbeAnswer => ({
    state: "no",
    error: fix ? { ...error, message, fix } : { ...error, message },
  });
  const denied = code === "EACCES" || code === "EPERM";
  const answer = denied
    ? no(
        `${node} may not be opened by this user. Install the udev rule and join its group.`,
        permissionFix(),
      )
    : code === "ENOENT" || code === "ENXIO"
      ? no(`${node} is not there. Start udev, or look for the device in the container's settings.`)
      : no(
          `${node} does not give out this buffer (${code}; ${kernel}). ` +
            "Linux 5.11 or later is needed, and a buffer of that number.",
        );
  return { dmabuf: answer, read: answer, busy: false, denied };
}

function attachAnswer(errno: number, kernel: string): ProbeAnswer {
  if (errno === 0) return { state: "yes" };
  const code = errnoName(errno);
  const error = { code, errno, syscall: "ioctl(IIO_BUFFER_DMABUF_ATTACH)" };
  switch (code) {
    case "EPERM":
      return {
        state: "no",
        error: {
          ...error,
          message:
            "The driver of this device has a buffer without DMABUF. read() is its only way; nothing is missing.",
        },
      };
    case "ENODEV":
    case "ENOTTY":
    case "EINVAL":
    case "ENOSYS":
      return {
        state: "no",
        error: {
          ...error,
          message: `${kernel} has no DMABUF interface for this buffer. Linux 6.11 or later brings it.`,
        },
      };
    case "EBUSY":
      return { state: "unknown", reason: "The buffer is enabled by another program." };
    default:
      return {
        state: "no",
        error: {
          ...error,
          message: `The device can't use the memory offered (${code}). Choose another heap.`,
        },
      };
  }
}

/** A missing heap never costs the read() path: it is told as what it is. */
function noHeap(heaps: readonly LocalHeap[]): ProbeAnswer {
  const refused = heaps.find((heap) => isDenied(heap.info.usable)) ?? heaps[0];
  if (refused && refused.info.usable.state === "no") {
    return { state: "no", error: refused.info.usable.error };
  }
  return {
    state: "no",
    error: {
      code: "ENOENT",
      message:
        "This kernel has neither a dma-heap (/dev/dma_heap) nor /dev/udmabuf. Load udmabuf, or enable one of them in the kernel.",
      fix: HEAP_FIX,
    },
  };
}
