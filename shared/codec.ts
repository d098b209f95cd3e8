/**
 * Messages as bytes, for doors without structured clone (the loopback server). Little-endian:
 *
 *     u32 magic, u32 jsonBytes, u32 attachmentBytes, u32 zero,
 *     json (UTF-8, padded to 8), attachments (each padded to 8)
 *
 * A typed array in the message stands in the JSON as `{"$array": kind, "at": byte offset, "length": elements}`.
 * Decoded arrays own their buffers. Only the host's messages are decoded with attachments; what enters the host is JSON
 * without any.
 */

const MAGIC = 0x314f4949; // "IIO1"
const HEADER_BYTES = 16;
/** A message larger than this is a fault of the other side. */
export const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

const KINDS = {
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;
type Kind = keyof typeof KINDS;
type AnyArray = InstanceType<(typeof KINDS)[Kind]>;

interface ArrayMark {
  $array: Kind;
  at: number;
  length: number;
}

const padded = (bytes: number) => (bytes + 7) & ~7;

function isTypedArray(value: unknown): value is AnyArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

/** Whether a message holds typed arrays, so that a door can send the others as plain text. */
export function hasArrays(value: unknown): boolean {
  if (isTypedArray(value)) return true;
  if (Array.isArray(value)) return value.some(hasArrays);
  if (value !== null && typeof value === "object") return Object.values(value).some(hasArrays);
  return false;
}

/** One message as one Uint8Array. */
export function encodeMessage(message: unknown): Uint8Array<ArrayBuffer> {
  const arrays: AnyArray[] = [];
  let attachmentBytes = 0;
  const json = new TextEncoder().encode(
    JSON.stringify(message, (_key, value: unknown) => {
      if (!isTypedArray(value)) return value;
      const mark: ArrayMark = {
        $array: value.constructor.name.replace(/^Buffer$/, "Uint8Array") as Kind,
        at: attachmentBytes,
        length: value.length,
      };
      arrays.push(value);
      attachmentBytes += padded(value.byteLength);
      return mark;
    }),
  );
  const jsonEnd = HEADER_BYTES + padded(json.byteLength);
  const out = new Uint8Array(jsonEnd + attachmentBytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, json.byteLength, true);
  view.setUint32(8, attachmentBytes, true);
  out.set(json, HEADER_BYTES);
  let at = jsonEnd;
  for (const array of arrays) {
    out.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += padded(array.byteLength);
  }
  return out;
}

function revive(value: unknown, bytes: Uint8Array<ArrayBuffer>, base: number): unknown {
  if (Array.isArray(value)) return value.map((item) => revive(item, bytes, base));
  if (value === null || typeof value !== "object") return value;
  const mark = value as Partial<ArrayMark>;
  if (typeof mark.$array === "string") {
    const Type = KINDS[mark.$array];
    const start = base + mark.at!;
    const end = start + mark.length! * Type.BYTES_PER_ELEMENT;
    if (!(end <= bytes.byteLength)) throw new RangeError("A message names bytes beyond its end.");
    return new Type(bytes.buffer.slice(start, end));
  }
  for (const [key, item] of Object.entries(value)) {
    (value as Record<string, unknown>)[key] = revive(item, bytes, base);
  }
  return value;
}

/** Decodes one whole message that starts at the beginning of `bytes` (whose buffer it must own from offset 0). */
export function decodeMessage(bytes: Uint8Array<ArrayBuffer>): unknown {
  const view = new DataView(bytes.buffer);
  const jsonBytes = view.getUint32(4, true);
  const json = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + jsonBytes));
  return revive(JSON.parse(json), bytes, HEADER_BYTES + padded(jsonBytes));
}

/** Cuts a byte stream into messages. */
export class MessageSplitter {
  private chunks: Uint8Array[] = [];
  private held = 0;

  /** Takes a chunk of any size and answers the messages that are whole now. Throws RangeError on garbage. */
  push(chunk: Uint8Array): unknown[] {
    this.chunks.push(chunk);
    this.held += chunk.byteLength;
    const out: unknown[] = [];
    for (;;) {
      if (this.held < HEADER_BYTES) return out;
      const head = this.peek(HEADER_BYTES);
      const view = new DataView(head.buffer, head.byteOffset, HEADER_BYTES);
      if (view.getUint32(0, true) !== MAGIC) throw new RangeError("Not a message of the studio.");
      const total = HEADER_BYTES + padded(view.getUint32(4, true)) + view.getUint32(8, true);
      if (total > MAX_MESSAGE_BYTES) throw new RangeError("A message is larger than 256 MiB.");
      if (this.held < total) return out;
      out.push(decodeMessage(this.take(total)));
    }
  }

  private peek(bytes: number): Uint8Array {
    const first = this.chunks[0]!;
    if (first.byteLength >= bytes) return first;
    const joined = this.take(bytes);
    this.chunks.unshift(joined);
    this.held += bytes;
    return joined;
  }

  private take(bytes: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(bytes);
    let at = 0;
    while (at < bytes) {
      const chunk = this.chunks[0]!;
      const n = Math.min(chunk.byteLength, bytes - at);
      out.set(chunk.subarray(0, n), at);
      at += n;
      if (n === chunk.byteLength) this.chunks.shift();
      else this.chunks[0] = chunk.subarray(n);
    }
    this.held -= bytes;
    return out;
  }
}
