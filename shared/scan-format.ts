/** One element of a scan as the kernel describes it: `[be|le]:[s|u|f]bits/storagebits[Xrepeat][>>shift]`. */
export interface ScanFormat {
  endianness: "le" | "be";
  kind: "s" | "u" | "f";
  /** Meaningful bits, 1 … 64. */
  bits: number;
  /** 8, 16, 32 or 64 (24 where a driver packs so). */
  storageBits: number;
  repeat: number;
  shift: number;
}

/** One enabled element with its place in the scan, in numbers the core executes. */
export interface LayoutElement extends ScanFormat {
  channel: string;
  index: number;
  /** Bytes from the start of the scan. */
  offsetBytes: number;
}

/** All enabled elements of a buffer, in scan order. */
export interface ScanLayout {
  scanBytes: number;
  elements: LayoutElement[];
  /** Position in `elements` of the timestamp channel, or -1. */
  timestamp: number;
}
