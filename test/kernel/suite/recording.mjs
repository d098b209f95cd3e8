// Reads recordings as any SigMF program would, by their metadata, and compares each sample with what
// the driver must have put there.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

const arrays = {
  i8: Int8Array,
  u8: Uint8Array,
  i16_le: Int16Array,
  u16_le: Uint16Array,
  i32_le: Int32Array,
  u32_le: Uint32Array,
  f32_le: Float32Array,
  f64_le: Float64Array,
};

/** Every file of a recording: {collection, parts: [{name, meta, values, stride}], samples}. */
export function readRecording(out) {
  const folder = path.dirname(out);
  const base = path.basename(out);
  const collectionFile = `${out}.sigmf-collection`;
  const collection = fs.existsSync(collectionFile)
    ? JSON.parse(fs.readFileSync(collectionFile, "utf8")).collection
    : null;
  const names = collection ? collection["core:streams"].map((stream) => stream.name) : [base];
  const parts = names.map((name) => readPart(folder, name));
  const { global } = parts[0].meta;
  const samples = Math.min(...parts.map((part) => part.samples));
  // Of a killed program each file keeps what it got: the recording goes as far as all of them.
  for (const part of parts)
    assert.ok(
      part.samples === samples || global["iio:state"] === "recovered",
      `${part.name} is as long as others (${part.samples}, ${samples})`,
    );
  return { collection, parts, samples, global };
}

function readPart(folder, name) {
  const meta = JSON.parse(fs.readFileSync(path.join(folder, `${name}.sigmf-meta`), "utf8"));
  const [, kind, type] = /^([rc])(.*)$/.exec(meta.global["core:datatype"]);
  const data = fs.readFileSync(path.join(folder, `${name}.sigmf-data`));
  const Type = arrays[type];
  assert.ok(Type, `${name} has the type ${type}`);
  const aligned = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const stride = meta.global["core:num_channels"] * (kind === "c" ? 2 : 1);
  assert.equal(data.length % (stride * Type.BYTES_PER_ELEMENT), 0, `${name} ends within a scan`);
  const values = new Type(aligned);
  return { name, meta, kind, values, stride, samples: values.length / stride };
}

/**
 * One channel: a function from sample to value (a BigInt for the halves of 64 bits, else a number).
 * Throws if the recording does not hold it.
 */
export function column(recording, id, { repeat = 0 } = {}) {
  for (const part of recording.parts) {
    const found = part.meta.global["iio:channels"].filter(
      (channel) => channel.id === id && (channel.repeat ?? 0) === repeat,
    );
    if (found.length > 0) return reader(part, found);
  }
  throw new Error(`no channel ${id} in ${recording.parts.map((part) => part.name)}`);
}

function reader({ kind, values, stride }, found) {
  const place = (component) => {
    const channel = found.find((each) => each.component === component);
    return channel && channel.channel * (kind === "c" ? 2 : 1) + (component === "q" ? 1 : 0);
  };
  const low = place("low");
  if (low !== undefined) {
    const high = place("high");
    return (sample) =>
      BigInt.asIntN(
        64,
        (BigInt(values[sample * stride + high]) << 32n) | BigInt(values[sample * stride + low]),
      );
  }
  const at = place("real") ?? place("i") ?? place("q");
  return (sample) => values[sample * stride + at];
}

/** The driver's count of each scan, from the two halves that it puts into two channels; it goes on over their 32 bits. */
export function countsOf(recording, low = "voltage0", high = "voltage1") {
  const [lowOf, highOf] = [column(recording, low), column(recording, high)];
  const counts = new Float64Array(recording.samples);
  let turns = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = (lowOf(i) & 0xffff) + (highOf(i) & 0xffff) * 65536;
    if (i > 0 && turns + count < counts[i - 1] - 2 ** 31) turns += 2 ** 32;
    counts[i] = turns + count;
  }
  return counts;
}

/** Where the count jumps: [{sampleStart, lost}]. It never goes back. */
export function gapsOf(counts) {
  const gaps = [];
  for (let i = 1; i < counts.length; i++) {
    const lost = counts[i] - counts[i - 1] - 1;
    if (lost !== 0) gaps.push({ sampleStart: i, lost });
    if (lost < 0) throw new Error(`sample ${i} has the count ${counts[i]} after ${counts[i - 1]}`);
  }
  return gaps;
}

const valueOf = {
  voltage0: (count) => count % 65536,
  voltage1: (count) => Math.floor(count / 65536) % 65536,
  voltage2: (count) => ((~count & 0xffff) << 16) >> 16,
  voltage3: (count) => {
    const phase = count % 4096;
    return (phase < 0x800 ? phase : 0xfff - phase) * 16 - 16384;
  },
};

/** Compares every sample of the counter devices' channels; returns counts and true gaps. */
export function checkCounter(out, { channels = 4, first = null } = {}) {
  const recording = readRecording(out);
  const counts = countsOf(recording);
  for (const id of Object.keys(valueOf).slice(0, channels)) {
    const [value, expected] = [column(recording, id), valueOf[id]];
    for (let i = 0; i < counts.length; i++) {
      if (value(i) !== expected(counts[i])) {
        throw new Error(`sample ${i} of ${id} is ${value(i)} at the count ${counts[i]}`);
      }
    }
  }
  if (first !== null && counts.length > 0)
    assert.equal(counts[0], first, "count of the first sample");
  return { recording, counts, gaps: gapsOf(counts) };
}

/** The parts of a recording that are there, in order. */
export function partsOf(out) {
  const folder = path.dirname(out);
  return fs
    .readdirSync(folder)
    .filter((name) => new RegExp(`^${path.basename(out)}-part\\d+\\.sigmf-meta$`).test(name))
    .sort()
    .map((name) => path.join(folder, name.replace(/\.sigmf-meta$/, "")));
}

/** The counts of all parts of two channels, one behind the other; every sample is checked. */
export function countsOfParts(parts) {
  const counts = parts.map((part) => Array.from(checkCounter(part, { channels: 2 }).counts));
  return counts.flat();
}

/** Nothing is missing in a file but what the driver itself lost, for a queue that ran dry under load. */
export function checkOnlyLost(gaps, driverLost) {
  const missing = gaps.reduce((sum, gap) => sum + gap.lost, 0);
  assert.ok(missing <= driverLost, `${missing} scans are missing, the driver lost ${driverLost}`);
}

/** Timestamps of a recording, in nanoseconds. */
export const timestampsOf = (recording) => column(recording, "timestamp");

/** Gaps of a result as the truth is written: exact ones. */
export const gapsIn = (result) =>
  result.gaps.map(({ sampleStart, lost }) => ({ sampleStart, lost }));

/** The result's own sums are those of its gaps, and the metadata say the same. */
export function checkSums(result, recording) {
  const sum = (field) => result.gaps.reduce((total, gap) => total + (gap[field] ?? 0), 0);
  assert.equal(result.samples, recording.samples);
  if (result.continuity === "exact") assert.equal(result.lostSamples, sum("lost"));
  if (result.continuity !== "unknown") assert.equal(result.lostMin, sum("lostMin"));
  for (const part of recording.parts) {
    const gaps = part.meta.captures.filter((capture) => "iio:gap_grade" in capture);
    assert.deepEqual(
      gaps.map((capture) => capture["core:sample_start"]),
      result.gaps.map((gap) => gap.sampleStart),
    );
    assert.equal(part.meta.global["iio:samples"], result.samples);
  }
}
