/** CRC32C (Castagnoli, reflected 0x82F63B78), eight bytes a step. */

/** CRC of `data`; `seed` is the CRC of what came before it. */
export type Crc32c = (data: Uint8Array, seed?: number) => number;

/** Needs nothing from outside itself: its text also runs in a worker that is made from text. */
export function makeCrc32c(): Crc32c {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
  ];
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    t0[byte] = crc >>> 0;
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[slice - 1]![byte]!;
      tables[slice]![byte] = ((before >>> 8) ^ t0[before & 255]!) >>> 0;
    }
  }
  return (data, seed = 0) => {
    let crc = ~seed;
    let at = 0;
    for (; at + 8 <= data.length; at += 8) {
      const low =
        crc ^ (data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24));
      crc =
        t7[low & 255]! ^
        t6[(low >>> 8) & 255]! ^
        t5[(low >>> 16) & 255]! ^
        t4[low >>> 24]! ^
        t3[data[at + 4]!]! ^
        t2[data[at + 5]!]! ^
        t1[data[at + 6]!]! ^
        t0[data[at + 7]!]!;
    }
    for (; at < data.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ data[at]!) & 255]!;
    return ~crc >>> 0;
  };
}

/** CRC of a followed by b, from the CRC of each and the length of b in bytes. Also for the worker made from text. */
export function makeCrc32cJoin(): (a: number, b: number, bytesOfB: number) => number {
  // Polynomials modulo that of the CRC, bit 31 being x⁰: so many zeros behind it multiply a CRC by a power of x.
  const times = (a: number, b: number): number => {
    let product = 0;
    let shifted = b;
    for (let bit = 31; bit >= 0; bit--) {
      if ((a >>> bit) & 1) product ^= shifted;
      shifted = (shifted >>> 1) ^ (shifted & 1 ? 0x82f63b78 : 0);
    }
    return product;
  };
  const squares = [0x00800000];
  for (let k = 1; k < 53; k++) squares.push(times(squares[k - 1]!, squares[k - 1]!));
  return (a, b, bytesOfB) => {
    let power = 0x80000000;
    for (let k = 0, left = bytesOfB; left > 0; k++, left = Math.floor(left / 2)) {
      if (left % 2 === 1) power = times(squares[k]!, power);
    }
    return (times(power, a) ^ b) >>> 0;
  };
}

export const crc32c = makeCrc32c();
export const crc32cJoin = makeCrc32cJoin();
