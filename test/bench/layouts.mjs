// Scan layouts for the benches, as the addon takes them.
export function interleaved(
  channels,
  { bits = 16, storageBits = 16, shift = 0, kind = "s", bigEndian = false } = {},
) {
  const bytes = storageBits / 8;
  return {
    scanBytes: channels * bytes,
    timestamp: -1,
    elements: Array.from({ length: channels }, (_, index) => ({
      offsetBytes: index * bytes,
      storageBits,
      bits,
      shift,
      repeat: 1,
      kind,
      bigEndian,
    })),
  };
}

/** Sixteen-bit samples of a slow sine with noise, so that neither branch nor compression helps. */
export function samples(bytes, channels) {
  const data = new Int16Array(bytes / 2);
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    const scan = Math.floor(i / channels);
    data[i] = Math.round(12000 * Math.sin((2 * Math.PI * scan) / 50_000)) + (seed >> 22);
  }
  return new Uint8Array(data.buffer);
}
