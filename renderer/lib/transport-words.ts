/** What is used and why, in the fewest words. */
import type { BufferInfo } from "../../shared/device.js";
import type { StreamInfo, TransportInfo } from "../../shared/stream.js";
import { byteRate } from "./status.js";

export interface TransportWords {
  name: string;
  /** Beside the name: the memory, and what a recording costs. */
  beside: string;
  why: string;
  fix: string | undefined;
}

export const TRANSPORT_NAMES = {
  dmabuf: "DMABUF",
  read: "read()",
  simulator: "simulator",
  replay: "recording",
};

/** The running transport if there is one, else what `auto` would take. */
export function transportWords(
  buffer: BufferInfo,
  stream: StreamInfo,
  bytesPerSecond: number | null,
): TransportWords {
  const used: Pick<TransportInfo, "kind" | "why"> & Partial<TransportInfo> = stream.transport ?? {
    kind: buffer.transport,
    why: buffer.why,
    ...(buffer.fix ? { fix: buffer.fix } : {}),
  };
  return {
    name: TRANSPORT_NAMES[used.kind],
    beside: beside(used, bytesPerSecond),
    why: used.why,
    fix: used.fix,
  };
}

function beside(used: Partial<TransportInfo>, bytesPerSecond: number | null): string {
  switch (used.kind) {
    case "dmabuf": {
      if (!used.heap) return "";
      const heap = used.heap === "udmabuf" ? "udmabuf" : `heap “${used.heap}”`;
      return `${heap}, ${used.directWrites ? "no copy to disk" : "one copy to disk"}`;
    }
    case "read":
      return bytesPerSecond ? byteRate(bytesPerSecond) : "one copy to disk";
    case "simulator":
      return "plain pages";
    default:
      return "from its file";
  }
}
