// The test driver as the suite sees it: devices by name, their counters and faults, and what each
// sample must be. The suite alone may look here; the studio never does.

import fs from "node:fs";
import path from "node:path";

const devicesFolder = "/sys/bus/iio/devices";
const controlFolder = process.env.KERNEL_TEST_CONTROL ?? "/sys/kernel/debug/iio-studio";

/** Folder in sysfs of the device with this name, or null while it is unplugged. */
export function deviceFolder(name) {
  for (const entry of fs.readdirSync(devicesFolder)) {
    const folder = path.join(devicesFolder, entry);
    try {
      if (fs.readFileSync(path.join(folder, "name"), "utf8").trim() === name) return folder;
    } catch {
      // It has no name, or it went away just now.
    }
  }
  return null;
}

/** Reads one attribute of a device, without its line end. */
export function readAttribute(name, attribute) {
  return fs.readFileSync(path.join(deviceFolder(name), attribute), "utf8").replace(/\n$/, "");
}

export function writeAttribute(name, attribute, value) {
  fs.writeFileSync(path.join(deviceFolder(name), attribute), String(value));
}

export function setPresent(name, present) {
  fs.writeFileSync(path.join(controlFolder, name, "present"), present ? "1" : "0");
}

/** A counter or a request of one buffer, as in the README: getControl("studio-counter", "lost"). */
export function getControl(name, control, buffer = 0) {
  const file = path.join(controlFolder, name, `buffer${buffer}`, control);
  return Number(fs.readFileSync(file, "utf8"));
}

export function setControl(name, control, value, buffer = 0) {
  fs.writeFileSync(path.join(controlFolder, name, `buffer${buffer}`, control), String(value));
}

/** Bytes held by dma-bufs of the whole system: the same before and after when nothing leaked. */
export function dmabufBytes() {
  const text = fs.readFileSync("/sys/kernel/debug/dma_buf/bufinfo", "utf8");
  return Number(/Total \d+ objects, (\d+) bytes/.exec(text)[1]);
}

let forgiven = 0;

/** Bytes that the kernel itself lost, and no test is to count again. */
export function forgiveMemory(bytes) {
  forgiven += bytes;
}

export function forgivenMemory() {
  return forgiven;
}

const low16 = 0xffffn;

/** Values of the counter devices, by channel: count is a BigInt, the result too. */
export const counterValue = {
  in_voltage0: (count) => count & low16,
  in_voltage1: (count) => (count >> 16n) & low16,
  in_voltage2: (count) => BigInt.asIntN(16, ~count),
  in_voltage3: (count) => {
    const phase = Number(count & 0xfffn);
    return BigInt((phase < 0x800 ? phase : 0xfff - phase) * 16 - 16384);
  },
};

/** Value of a channel of studio-formats before it is cut to its bits and sign-extended. */
export function linearValue(count, scanIndex, repeat = 0) {
  return count * BigInt(2 * scanIndex + 1) + BigInt(1000 * scanIndex + repeat);
}

/**
 * Checks a file of scans of the counter device with all four channels (8 bytes a scan, stride for
 * what follows them), and returns the gaps: [{sampleStart, lost}], sampleStart counting scans in
 * the file. Throws at the first sample that is wrong.
 */
export function checkCounterFile(file, { strideBytes = 8, firstCount = null } = {}) {
  const data = fs.readFileSync(file);
  if (data.length % strideBytes !== 0) throw new Error(`${file} ends within a scan`);
  const gaps = [];
  let expected = firstCount;
  for (let at = 0; at < data.length; at += strideBytes) {
    const count = data.readUInt32LE(at);
    const inverted = data.readUInt16LE(at + 4);
    const phase = count & 0xfff;
    const triangle = (phase < 0x800 ? phase : 0xfff - phase) * 16 - 16384;
    if (inverted !== (~count & 0xffff) || data.readInt16LE(at + 6) !== triangle) {
      throw new Error(`scan ${at / strideBytes} of ${file} is not a scan of count ${count}`);
    }
    if (expected !== null && count !== expected) {
      const lost = (count - expected) >>> 0;
      gaps.push({ sampleStart: at / strideBytes, lost });
    }
    expected = (count + 1) >>> 0;
  }
  return gaps;
}

/** Path of one of the driver's device triggers, or of one made through configfs. */
export function triggerFolder(name) {
  for (const entry of fs.readdirSync(devicesFolder)) {
    const folder = path.join(devicesFolder, entry);
    if (!entry.startsWith("trigger")) continue;
    if (fs.readFileSync(path.join(folder, "name"), "utf8").trim() === name) return folder;
  }
  throw new Error(`there is no trigger ${name}`);
}

/** Whether nobody has a buffer of the device enabled, and none of its blocks is in flight. */
export function isQuiet(name, buffer = 0) {
  return (
    readAttribute(name, `buffer${buffer}/enable`) === "0" &&
    getControl(name, "outstanding", buffer) === 0
  );
}

/**
 * Whether the buffer is enabled and has delivered so many blocks since. (Counters of the run before stay until then.)
 */
export function flows(name, blocks = 1, buffer = 0) {
  return (
    readAttribute(name, `buffer${buffer}/enable`) === "1" &&
    getControl(name, "blocks", buffer) >= blocks
  );
}

/** All channels of a counter device, as suites leave it and find it. */
export function enableAllChannels(name, buffer = 0) {
  for (const n of [0, 1, 2, 3]) writeAttribute(name, `buffer${buffer}/in_voltage${n}_en`, 1);
}
